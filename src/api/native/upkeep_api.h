// Backup and verification over HTTP.
#pragma once

#include "coupond/service/upkeep.h"
#include "src/api/gate/gate.h"

namespace coupon::api {

// `upkeep` must outlive the router.
void add_upkeep_endpoints(Endpoints& v1, service::Upkeep& upkeep);

}  // namespace coupon::api
