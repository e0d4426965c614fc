// `codes import`: a file of any length goes to the API in parts, each a job that is waited for.
#pragma once

#include <string>

#include "coupond/app/control_channel.h"
#include "coupond/service/jobs.h"

namespace coupon::cli {

// The whole file; "-" is the standard input.
core::Result<std::string> read_codes(const std::string& file);

// `target`: the path that takes imports. Prints how the file is read, each refused line and the
// sums. With `dry_run` nothing is stored. Returns the exit code.
int import_codes(app::ControlChannel& channel, const std::string& target, const std::string& text,
                 const service::ImportOptions& options, bool dry_run);

}  // namespace coupon::cli
