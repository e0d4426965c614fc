// What `serve --demo` shows: accounts with known passwords, the store service's coupons, and cards
// of which some were used these days.
#pragma once

#include <functional>

#include "coupond/core/result.h"
#include "coupond/service/engine.h"

namespace coupon::service {

// Makes what is not there yet. The store's coupons end some minutes to days after they were made;
// those that have ended are opened again for as long, so that a demo shows something every time it
// is started. Call it before serving, on a demo's database only: its passwords are public. Takes as
// long as a dozen password hashes the first time.
// `go_back` sets how many milliseconds the engine's clock is behind, 0 at the end; a new demo
// begins kDemoDaysMs ago, so that it has a past. Without it all happens now.
inline constexpr std::int64_t kDemoDaysMs = 3 * core::kMsPerDay;
core::Result<core::Done> load_demo(Engine& engine,
                                   const std::function<void(std::int64_t)>& go_back = {});

}  // namespace coupon::service
