// Limits on what one client, account or address may do, by name: an endpoint declares which one
// applies to it, the Gate applies it. No request ever waits in here. The limits are told
// in docs/operating.md. Safe on any thread.
//
// Two kinds. Some count every request. Those against guessing count only what turned out to be a
// wrong guess: a code that does not exist, a password that is not the one. A request is let in
// while something is left, and counted after its answer; if by then nothing is left, the answer is
// kRateLimited instead. So neither right ones in flight nor anybody's refusals cost anything, and
// of a burst of wrong ones no more are heard than the limit.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coupond/core/bucket_table.h"
#include "coupond/core/clock.h"
#include "coupond/core/error.h"
#include "coupond/core/result.h"
#include "coupond/http/reply.h"
#include "coupond/http/request.h"
#include "coupond/service/caller.h"

namespace coupon::api {

class Limits {
 public:
  // Milliseconds that never go back.
  using SteadyClock = std::function<std::int64_t()>;
  static std::int64_t steady_ms();

  // Off: everything passes; for benchmarks and for servers behind a limiting proxy. `clock`, which
  // says when to come again, must outlive this.
  Limits(bool enabled, const core::Clock& clock, SteadyClock steady = steady_ms)
      : enabled_(enabled), clock_(clock), steady_(std::move(steady)) {}

  // Whether the request may be heard: takes from the rule's buckets, all or none, or only looks at
  // them where wrong guesses count. They are the client address's and, if somebody is logged in,
  // the caller's. Of the two the caller's decides about guesses: for what others at the address
  // did, nobody is refused who has not guessed wrong. kRateLimited with retry_at. An empty name
  // limits nothing; throws std::logic_error on a name without a rule.
  std::optional<core::Error> enter(std::string_view rule, const http::Request& request,
                                   const service::Caller& caller);
  // The answer's reason, if it was refused. Counts a wrong guess; kRateLimited where the answer
  // must not be heard any more.
  std::optional<core::Error> leave(std::string_view rule, const http::Request& request,
                                   const service::Caller& caller,
                                   std::optional<core::Reason> refused);
  // Adds RateLimit-Policy and RateLimit to a reply: the rule's limits and what is left of them.
  void show(std::string_view rule, const http::Request& request, const service::Caller& caller,
            http::Reply& reply) const;

  // A password is about to be tried for `account`, its name in one spelling, known or not.
  struct Login {
    std::string account = {};
    std::string count = {};  // the key it is counted under
    std::string home = {};   // of the account at this address
    std::string place = {};  // of the address
    bool known = false;      // somebody logged in from here before, or this account did
  };
  core::Result<Login> begin_login(const std::string& account, const http::Request& request) const;
  enum class LoginOutcome { kWrong, kRight, kUntried };
  // kRateLimited where so many were wrong at once that this answer must not be heard.
  std::optional<core::Error> end_login(const Login& login, LoginOutcome outcome);

  // Before somebody holds a coupon: kRateLimited for a customer who does little else.
  std::optional<core::Error> take_hold(const service::Caller& caller);

  // Idempotency keys count once their answer is stored.
  std::optional<core::Error> refuse_key(const std::string& principal, bool trusted) const;
  void count_key(const std::string& principal, bool trusted);

 private:
  struct Bucket {
    std::string key;
    core::RateLimit rate;
  };
  static std::vector<Bucket> buckets_of(std::string_view rule, const http::Request& request,
                                        const service::Caller& caller);
  std::optional<core::Error> take_all(const std::vector<Bucket>& buckets);
  core::Error too_many(std::int64_t wait_ms) const;

  const bool enabled_;
  const core::Clock& clock_;
  const SteadyClock steady_;
  core::BucketTable table_;
};

// Whom a limit by address counts.
std::string address_key(const http::Request& request);

}  // namespace coupon::api
