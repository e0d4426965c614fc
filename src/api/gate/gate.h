// Gate: what stands before every handler. Finds out who calls, refuses who may not, applies limits,
// Idempotency-Key and dry_run, and hands the handler its Call. Owned by HttpApi; must outlive the
// router. Safe on any thread.
//
// A session or API key comes as `Authorization: Bearer T`, `Authorization: T` or `token: T`. API
// keys get through where the endpoint names a scope that they have. Refresh and coupon tokens are
// never sessions.
#pragma once

#include "coupond/http/endpoint.h"
#include "src/api/gate/call.h"
#include "src/api/gate/refusal_counts.h"

namespace coupon::api {

class Gate;
using Endpoints = http::Group<Call, Gate>;

class Gate {
 public:
  struct Options {
    bool rate_limits = true;
    Limits::SteadyClock steady = Limits::steady_ms;
  };

  Gate(service::Engine& engine, Options options);
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  // The endpoints of a dialect behind this gate: where a family's file adds its own.
  Endpoints group(http::Api& api, const http::Dialect& dialect);

  // Answers the request: with a refusal, or with what `next`, the endpoint's handler, makes of it.
  http::Reply admit(const http::Endpoint& endpoint, const http::Request& request,
                    const Endpoints::Next& next);

  // Whether who sends the request may call the endpoint, as far as its head tells.
  bool admits(const http::Endpoint& endpoint, const http::Request& head) const;

  const RefusalCounts& refusals() const { return refusals_; }

 private:
  core::Result<http::Reply> run(const http::Endpoint& endpoint, const http::Request& request,
                                const service::Caller& caller, std::optional<KeyedRequest> keyed,
                                bool dry_run, const Endpoints::Next& next);

  service::Engine& engine_;
  Limits limits_;
  Idempotency idempotency_;
  RefusalCounts refusals_;
};

// The token a request shows, if any, from whichever header; a view into the request.
std::optional<std::string_view> token_of(const http::Request& request);

// Why this caller may not call this endpoint; nothing when they may.
std::optional<core::Error> refusal_for(const http::Endpoint& endpoint,
                                       const service::Caller& caller);

}  // namespace coupon::api
