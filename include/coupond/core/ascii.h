// Digits, and letters in either case, of ASCII: other bytes stay as they are. Pure.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace coupon::core {

// Whether a text is nothing but decimal digits.
inline bool is_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

inline char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

inline std::string to_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = to_lower(c);
  return lower;
}

}  // namespace coupon::core
