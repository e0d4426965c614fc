// The first answers to requests with an Idempotency-Key, as they are kept: see store/idempotency.h.
// Writing one belongs into the body of the operation it tells of.
#pragma once

#include "coupond/store/idempotency.h"

namespace coupon::service {

using store::find_reply;
using store::insert_reply;
using store::open_reply;
using store::seal_reply;
using store::StoredReply;

}  // namespace coupon::service
