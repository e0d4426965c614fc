#include "coupond/core/clock.h"

#include <chrono>

namespace coupon::core {

UnixMs system_clock_now() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count()};
}

}  // namespace coupon::core
