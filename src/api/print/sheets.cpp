#include "src/api/print/sheets.h"

#include <algorithm>
#include <array>

namespace coupon::api {
namespace {

constexpr Um kA4Width = 210'000, kA4Height = 297'000;

constexpr std::array kSheets{
    Sheet{"cards", kA4Width, kA4Height, 2, 5, 20'000, 13'500, 85'000, 54'000, 85'000, 54'000, true},
    Sheet{"L7160", kA4Width, kA4Height, 3, 7, 7'210, 15'150, 63'500, 38'100, 66'040, 38'100},
    Sheet{"L7163", kA4Width, kA4Height, 2, 7, 4'670, 15'150, 99'060, 38'100, 101'600, 38'100},
    Sheet{"L4731", kA4Width, kA4Height, 7, 27, 8'600, 13'500, 25'400, 10'000, 27'900, 10'000},
    Sheet{"5160", 215'900, 279'400, 3, 10, 4'760, 12'700, 66'680, 25'400, 69'850, 25'400},
    Sheet{"roll58", 58'000, 70'000, 1, 1, 4'000, 3'000, 50'000, 64'000, 50'000, 64'000, false,
          true},
    Sheet{"roll80", 80'000, 80'000, 1, 1, 5'000, 4'000, 70'000, 72'000, 70'000, 72'000, false,
          true},
};

}  // namespace

Um Sheet::qr_side() const {
  if (tall) return std::min(width * 62 / 100, height / 2);
  return std::min(height - 2 * padding(), width * 42 / 100);
}

Um Sheet::large() const { return std::min<Um>(6'000, height * 12 / 100); }

std::span<const Sheet> sheets() { return kSheets; }

const Sheet* sheet_named(std::string_view name) {
  const auto found = std::ranges::find_if(kSheets, [&](const Sheet& s) { return name == s.name; });
  return found == kSheets.end() ? nullptr : &*found;
}

}  // namespace coupon::api
