#include "coupond/store/server_time.h"

#include <algorithm>

#include "coupond/core/time_text.h"

namespace coupon::store {
namespace {

// 2026-01-01, before the first version. Machines whose battery is empty begin in 1970 or 2000.
constexpr core::UnixMs kBeforeUs{1'767'225'600'000};

std::int64_t behind(core::UnixMs clock, core::UnixMs last_entry) {
  const std::int64_t ms = last_entry.value - clock.value;
  return ms > kSmoothedStepMs ? ms : 0;
}

}  // namespace

core::UnixMs ServerTime::now() const {
  const core::UnixMs clock{std::max<std::int64_t>(0, clock_().value)};
  const core::UnixMs last{last_entry_.load()};
  return behind(clock, last) > 0 ? clock : std::max(clock, last);
}

core::UnixMs ServerTime::end_of(core::UnixMs from, core::UnixMs until, core::UnixMs then) const {
  const core::UnixMs right = right_since();
  const bool fast = then < right && from > right + kSmoothedStepMs;
  return fast ? std::min(until, core::UnixMs{right.value + (until.value - from.value)}) : until;
}

std::int64_t ServerTime::behind_ms() const { return behind(clock_(), {last_entry_.load()}); }

std::optional<std::string> ServerTime::oddity() const {
  return odd_clock(clock_(), {last_entry_.load()});
}

std::optional<std::string> odd_clock(core::UnixMs clock, core::UnixMs last_entry) {
  const std::int64_t behind_ms = behind(clock, last_entry);
  if (behind_ms == 0 && clock >= kBeforeUs) return std::nullopt;
  std::string text = "the clock says " + core::to_rfc3339(clock);
  if (clock < kBeforeUs) text += ", before this program was made";
  if (behind_ms > 0) {
    text += ", " + core::duration_text(behind_ms) + " behind the ledger's last entry (" +
            core::to_rfc3339(last_entry) + "): it is slow now, or was fast then";
  }
  return text + ". All that begins and runs out follows it: look whether it is right";
}

}  // namespace coupon::store
