// The files of this folder, embedded in the executable at build time. Called by api and app, from
// any thread: what they hold is constant and lives as long as the process.
#pragma once

#include <span>
#include <string_view>

namespace coupon::web {

struct Asset {
  std::string_view text;
  std::span<const unsigned char> gzipped;  // the same, compressed
};

// src/web/NAME ("docs.html"); empty when there is no such file.
Asset packed_asset(std::string_view name);
inline std::string_view asset(std::string_view name) { return packed_asset(name).text; }

}  // namespace coupon::web
