// The server's time: one for what is decided and for what is explained. Order is the ledger's
// number; time is the clock. A clock that steps back a little is smoothed, so that neighbouring
// entries keep their order in time too; one that steps back further was wrong before or is wrong
// now, and holding on to its old time would stop all that runs out until it came round again.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "coupond/core/clock.h"
#include "coupond/core/types.h"

namespace coupon::store {

// As far as time servers set a clock back in ordinary operation.
constexpr std::int64_t kSmoothedStepMs = 60'000;

// now(), behind_ms() and end_of() may be called from any thread.
class ServerTime {
 public:
  explicit ServerTime(core::Clock clock) : clock_(std::move(clock)) {}

  // The clock's time; the ledger's last entry's while that is up to kSmoothedStepMs later.
  core::UnixMs now() const;
  // How far the clock is behind the last entry: 0 unless by more than kSmoothedStepMs.
  std::int64_t behind_ms() const;
  // What is odd about the clock, see odd_clock().
  std::optional<std::string> oddity() const;

  // When the writer last found that a clock which had been fast was put right; 0: it never was.
  core::UnixMs right_since() const { return {right_since_.load()}; }
  // When something ends that was made at `from`, when right_since() was `then`, to hold until
  // `until`. What was made under a clock that was fast holds for as long as it was to, from when
  // the clock was put right.
  core::UnixMs end_of(core::UnixMs from, core::UnixMs until, core::UnixMs then) const;

  // The writer's thread: the time of the last committed entry, and that at which the writer found
  // the clock put right last.
  void set_last_entry(core::UnixMs at) { last_entry_ = at.value; }
  void set_right_since(core::UnixMs at) { right_since_ = at.value; }

 private:
  const core::Clock clock_;
  std::atomic<std::int64_t> last_entry_ = 0;
  std::atomic<std::int64_t> right_since_ = 0;
};

// A sentence for people when the clock is far behind the ledger's last entry, or says a time before
// this program existed; nothing when it may be right.
std::optional<std::string> odd_clock(core::UnixMs clock, core::UnixMs last_entry);

}  // namespace coupon::store
