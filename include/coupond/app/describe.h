// An error as one line for a person: its sentence, and each bad field. Pure function.
#pragma once

#include <string>

#include "coupond/core/error.h"

namespace coupon::app {

std::string describe(const core::Error& error);

}  // namespace coupon::app
