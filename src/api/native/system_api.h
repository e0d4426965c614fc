// What machines ask of a server besides coupons: whether it lives, whether it is ready, and the
// public key of its tokens. For everybody, without a session.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "coupond/http/endpoint.h"
#include "coupond/service/readiness.h"
#include "src/api/gate/gate.h"

namespace coupon::api {

const http::Dialect& system_dialect();

// What the program around the engine knows of its state. Any thread.
struct SystemSources {
  std::function<std::string()> metrics = {};  // Prometheus' text format; empty: no /metrics
  std::function<std::vector<service::Check>()> checks = {};  // more for /readyz; may be empty
};

// `distrusted`: a forwarded header was ignored; /readyz says so.
void add_system_endpoints(Endpoints& system, const std::atomic<bool>& distrusted,
                          SystemSources sources);

}  // namespace coupon::api
