// What machines ask of a server besides coupons: whether it lives, whether it is ready, and the
// public key of its tokens. For everybody, without a session.
#pragma once

#include "coupond/http/endpoint.h"
#include "src/api/gate.h"

namespace coupon::api {

const http::Dialect& system_dialect();
void add_system_endpoints(Endpoints& system);

}  // namespace coupon::api
