// What `serve --demo` shows: accounts with known passwords, the store service's coupons, and cards
// of which some were used these days.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "coupond/core/clock.h"
#include "coupond/core/result.h"
#include "coupond/service/engine.h"

namespace coupon::service {

// A new demo begins so long ago, so that it has a past.
inline constexpr std::int64_t kDemoDaysMs = 3 * core::kMsPerDay;

// The clock of a demo's engine, which must not outlive it: the real one, except while load_demo()
// tells a past. Any thread, but only one sets it.
class DemoClock {
 public:
  explicit DemoClock(core::Clock real = core::system_clock_now) : real_(std::move(real)) {}
  DemoClock(const DemoClock&) = delete;
  DemoClock& operator=(const DemoClock&) = delete;

  core::Clock as_clock() {
    return [this] { return real_() - behind_ms_.load(); };
  }
  core::UnixMs real() const { return real_(); }
  // Before a new database is made: its first entries are as old as the demo.
  void go_back() { set_behind(kDemoDaysMs); }
  void set_behind(std::int64_t ms) { behind_ms_ = ms; }

 private:
  const core::Clock real_;
  std::atomic<std::int64_t> behind_ms_ = 0;
};

// Makes what is not there yet. The store's coupons end some minutes to days after they were made;
// those that have ended are opened again for as long, so that a demo shows something every time it
// is started. Call it before serving, on a demo's database only: its passwords are public. Takes as
// long as a dozen password hashes the first time.
// With the engine's `clock` the uses of what it makes are spread from the ledger's last entry to
// now, over kDemoDaysMs at the most; the clock is the real one when it returns. Without, all
// happens now.
core::Result<core::Done> load_demo(Engine& engine, DemoClock* clock = nullptr);

}  // namespace coupon::service
