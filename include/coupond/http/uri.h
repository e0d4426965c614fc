// Percent-decoding of paths, queries and form bodies, strict: what does not decode to valid UTF-8
// without control characters is refused. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "coupond/http/request.h"

namespace coupon::http {

// Splits "/a/b%20c" into {"a", "b c"}; "/" gives {}, "/a/" gives {"a", ""}. False on a bad escape,
// a control character or invalid UTF-8.
bool split_path(std::string_view path, std::vector<std::string>& segments);

// Splits "a=1&b=x+y" in order, duplicates kept; "a" alone has an empty value, "&&" gives nothing.
// False as above. Serves query strings and application/x-www-form-urlencoded bodies.
bool split_query(std::string_view query, std::vector<NameValue>& parameters);

// Everything but letters, digits and "-._~" as %XX.
std::string percent_encode(std::string_view text);

bool valid_utf8(std::string_view text);

}  // namespace coupon::http
