// A table of enumerators and their names, read both ways.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

namespace coupon::domain {

template <class Enum, std::size_t N>
struct Names {
  std::array<std::pair<Enum, std::string_view>, N> rows;

  constexpr std::string_view name(Enum value) const {
    for (const auto& [enumerator, text] : rows) {
      if (enumerator == value) return text;
    }
    return "";
  }
  constexpr std::optional<Enum> parse(std::string_view wanted) const {
    for (const auto& [enumerator, text] : rows) {
      if (text == wanted) return enumerator;
    }
    return std::nullopt;
  }
};

}  // namespace coupon::domain
