// coupond codes export and print.
#pragma once

#include "src/cli/command.h"

namespace coupon::cli {

void add_codes_export(CommandLine& line, CLI::App& codes);

}  // namespace coupon::cli
