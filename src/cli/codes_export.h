// coupond codes export and print.
#pragma once

#include "src/cli/command.h"

namespace coupon::cli {

void add_codes_export(const Command& codes);

}  // namespace coupon::cli
