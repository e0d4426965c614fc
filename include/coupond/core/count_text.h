// A number of things as people write it. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace coupon::core {

// "1 code", "0 codes", "12 codes"; `many` where that is not one with an s.
inline std::string count_text(std::int64_t count, std::string_view one,
                              std::string_view many = {}) {
  if (count != 1 && !many.empty()) return std::to_string(count) + " " + std::string(many);
  return std::to_string(count) + " " + std::string(one) + (count == 1 ? "" : "s");
}

}  // namespace coupon::core
