// Passwords for commands. Never an argument: those show in the list of processes and in histories.
#pragma once

#include <string>

#include "coupond/core/result.h"

namespace coupon::cli {

// A new password: the first line of the file that COUPOND_ADMIN_PASSWORD_FILE names; else asked for
// twice on a terminal; else the first line of the standard input.
core::Result<std::string> read_new_password();

}  // namespace coupon::cli
