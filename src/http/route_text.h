// Routes as text: "POST /coupons/{id}/claim". Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace coupon::http {

// {"POST", "/coupons/{id}/claim"}; two empty strings where it is not a word, a space and a path.
std::pair<std::string, std::string> split_route(std::string_view route);

// The names in braces, in order: {"id"}.
std::vector<std::string> placeholders(std::string_view path);

// Whether `path` is one that `pattern` serves, segment by segment.
bool path_matches(std::string_view pattern, std::string_view path);

// Orders patterns that match one path as the router does: the smaller one wins.
std::string precedence(std::string_view pattern);

}  // namespace coupon::http
