// What a new database begins with.
#pragma once

#include "coupond/core/result.h"
#include "coupond/service/engine.h"

namespace coupon::service {

// Makes the campaigns `tokens` and `subscription-cards` while the ledger is empty, both or none.
core::Result<core::Done> make_default_campaigns(Engine& engine);

}  // namespace coupon::service
