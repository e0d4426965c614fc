// Where the time comes from. Passed in, never global, so that tests can turn it.
#pragma once

#include <functional>

#include "coupond/core/types.h"

namespace coupon::core {

// Returns the current time. Must be callable from any thread.
using Clock = std::function<UnixMs()>;

// The machine's UTC clock.
UnixMs system_clock_now();

}  // namespace coupon::core
