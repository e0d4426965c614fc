// Tags of codes that were stored before there were any, from their sealed copies. Private to the
// migration.
#pragma once

#include "coupond/core/secrets.h"
#include "coupond/store/connection.h"

namespace coupon::store {

// Inside the migration's transaction. Takes a few microseconds a coupon.
void tag_coupons(Connection& connection, const core::Secrets& secrets);

}  // namespace coupon::store
