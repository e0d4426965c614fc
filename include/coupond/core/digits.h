// Whether a text is nothing but decimal digits. Pure.
#pragma once

#include <algorithm>
#include <string_view>

namespace coupon::core {

inline bool is_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace coupon::core
