#include "coupond/service/slice_size.h"

#include <algorithm>

namespace coupon::service {
namespace {

using std::chrono::steady_clock;

constexpr std::int64_t kCodesMin = 16;

}  // namespace

void SliceSize::begin(store::Tx& tx) {
  begun_ = steady_clock::now();
  tx.on_commit([this] { committed_ = steady_clock::now(); });
}

void SliceSize::end(const store::Writer& writer) { others_wait_ = writer.queue_depth() > 0; }

// Towards the size that would have taken just as long as it may, by a factor of two at the most.
std::int64_t SliceSize::adapt(std::int64_t codes) {
  const std::int64_t held_us =
      std::chrono::duration_cast<std::chrono::microseconds>(committed_ - begun_).count();
  const std::int64_t wanted_us = others_wait_ ? limits_.busy_us : limits_.quiet_us;
  const std::int64_t fitting = codes * wanted_us / std::max<std::int64_t>(held_us, 1);
  codes_ = std::clamp(std::clamp(fitting, codes / 2, codes * 2),
                      std::min(kCodesMin, limits_.codes_max), limits_.codes_max);
  return held_us;
}

}  // namespace coupon::service
