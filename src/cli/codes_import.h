// `codes import`: a file of any length goes to the API in parts, each a job that is waited for.
#pragma once

#include <string>

#include "coupond/app/control_channel.h"

namespace coupon::cli {

// The whole file; "-" is the standard input.
core::Result<std::string> read_codes(const std::string& file);

// `target`: the path that takes imports. Prints each refused line and the sums. Returns the exit
// code.
int import_codes(app::ControlChannel& channel, const std::string& target, const std::string& text);

}  // namespace coupon::cli
