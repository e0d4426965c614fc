// Public ids. Pure functions: safe on any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "coupond/core/random.h"

namespace coupon::core {

// A random UUID, version 4, in lower case. Unique, but not a secret: do not use it as one.
std::string uuid4(const Random& random);

// Whether the text is a UUID: 8-4-4-4-12 hex digits of either case, any version.
bool is_uuid(std::string_view text);

// The number of a row as its id spells it: 1 to 18 decimal digits, the first not 0. Nothing for any
// other text; 24 hex digits (an id of the book service) never are one, even when all are decimal.
std::optional<std::int64_t> parse_id(std::string_view text);

// Whether a name could be taken for an id: digits with or without a sign, 24 hex digits, a UUID, or
// a text that begins with what marks ids and names on a command line ("id:", "user:", "slug:").
bool could_be_id(std::string_view name);

}  // namespace coupon::core
