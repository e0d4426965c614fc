// `codes change`, `codes find` and the undo of an import.
#pragma once

#include <string>

#include "src/cli/channel_command.h"

namespace coupon::cli {

void add_codes_change(const Command& codes);

// Takes back what a job has made. Returns the exit code.
int undo_job(const std::string& data_dir, std::int64_t job, bool dry_run);

}  // namespace coupon::cli
