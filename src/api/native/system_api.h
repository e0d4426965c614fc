// What machines ask of a server besides coupons: whether it lives, whether it is ready, and the
// public key of its tokens. For everybody, without a session.
#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "coupond/http/endpoint.h"
#include "src/api/gate/gate.h"

namespace coupon::api {

const http::Dialect& system_dialect();
// `distrusted`: a forwarded header was ignored; /readyz says so. `metrics` gives Prometheus' text
// format; empty: there is no /metrics.
void add_system_endpoints(Endpoints& system, const std::atomic<bool>& distrusted,
                          std::function<std::string()> metrics);

}  // namespace coupon::api
