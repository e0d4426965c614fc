// Rate limits by name: an endpoint declares which one applies to it, the Gate applies it. Safe on
// any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "coupond/core/error.h"
#include "coupond/core/login_guard.h"
#include "coupond/core/rate_limiter.h"
#include "coupond/core/result.h"
#include "coupond/http/reply.h"
#include "coupond/http/request.h"
#include "coupond/service/caller.h"

namespace coupon::api {

class Rates {
 public:
  // Off: everything passes; for benchmarks and for servers behind a limiting proxy.
  explicit Rates(bool enabled) : enabled_(enabled) {}

  // What a request took, so that it can be given back.
  struct Taken {
    struct One {
      std::string key;
      core::RateLimit rate;
    };
    std::vector<One> buckets = {};
    bool failures_only = false;
    std::optional<core::Error> refusal = {};  // kRateLimited, with retry_at; then nothing was taken
  };

  // Takes from the rule's buckets, all or none: the caller's if somebody is logged in, and the
  // client address's. An empty name takes nothing. Throws std::logic_error on a name without a
  // rule.
  Taken take(std::string_view rule, const http::Request& request, const service::Caller& caller,
             core::UnixMs now);
  // Before a new Idempotency-Key is kept for this caller.
  Taken take_idempotency_key(const std::string& principal, bool trusted, core::UnixMs now);

  void give_back(const Taken& taken, core::UnixMs now);
  // Gives back what a rule that counts failures only took for a request that was none.
  void settle(const Taken& taken, int status, core::UnixMs now);
  // Adds RateLimit-Policy and RateLimit to a reply: the rule's limits and what is left of them.
  void show(std::string_view rule, const http::Request& request, const service::Caller& caller,
            core::UnixMs now, http::Reply& reply) const;

  // A password is about to be tried: counts it as wrong, or refuses it (kRateLimited with
  // retry_at). `identifier`: the account's name as typed, known or not.
  core::Result<core::LoginGuard::Attempt> begin_login(std::string_view identifier,
                                                      const http::Request& request,
                                                      core::UnixMs now);
  enum class LoginOutcome { kWrong, kRight, kUntried };
  void end_login(const core::LoginGuard::Attempt& attempt, LoginOutcome outcome, core::UnixMs now);

 private:
  Taken take_all(std::vector<Taken::One> buckets, core::UnixMs now);

  const bool enabled_;
  core::RateLimiter limiter_;
  core::LoginGuard logins_;
};

// Whom a limit by address counts.
std::string address_key(const http::Request& request);

}  // namespace coupon::api
