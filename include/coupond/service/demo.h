// What `serve --demo` shows: accounts with known passwords, and the store service's coupons.
#pragma once

#include "coupond/core/result.h"
#include "coupond/service/engine.h"

namespace coupon::service {

// Makes what is not there yet. The store's coupons end some minutes to days after they were made;
// those that have ended are opened again for as long, so that a demo shows something every time it
// is started. Call it before serving, on a demo's database only: its passwords are public. Takes as
// long as a dozen password hashes the first time.
core::Result<core::Done> load_demo(Engine& engine);

}  // namespace coupon::service
