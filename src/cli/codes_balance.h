// `codes show`, `codes top-up` and `codes transfer`: one code, and the money on it. Amounts are
// written as people write them, in the currency of the code's campaign.
#pragma once

#include "src/cli/channel_command.h"

namespace coupon::cli {

void add_codes_balance(const Command& codes);

// An amount as the API takes it.
core::Result<Json> amount_in(const std::string& text, const Json& currency);

}  // namespace coupon::cli
