// The lines that a server prints when it starts.
#pragma once

#include <optional>
#include <string>

#include "coupond/app/app.h"
#include "src/app/listening.h"

namespace coupon::app {

struct BannerFacts {
  const Settings& settings;
  int port = 0;
  Connections connections = {};
  std::optional<std::string> clock = {};  // what is odd about it
  std::string copy = {};                  // its lines
  std::string cluster = {};               // its line
  bool has_admin = false;
  std::string setup_token = {};  // of the link that makes one; may be empty
};
std::string banner_text(const BannerFacts& facts);

}  // namespace coupon::app
