// Rate limits by name: an endpoint declares which one applies to it, the Gate applies it. Safe on
// any thread.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "coupond/core/clock.h"
#include "coupond/core/error.h"
#include "coupond/core/login_guard.h"
#include "coupond/core/rate_limiter.h"
#include "coupond/core/result.h"
#include "coupond/http/reply.h"
#include "coupond/http/request.h"
#include "coupond/service/caller.h"
#include "src/api/gate/waiting_room.h"

namespace coupon::api {

class Rates {
 public:
  // How long a request waits for others that may yet turn out not to have failed. Such take
  // milliseconds; and the end of the server, within two seconds, waits for whoever waits.
  static constexpr std::chrono::milliseconds kPatience{1500};

  // Off: everything passes; for benchmarks and for servers behind a limiting proxy. `clock` must
  // outlive this.
  Rates(bool enabled, const core::Clock& clock, std::chrono::milliseconds patience = kPatience)
      : enabled_(enabled), clock_(clock), failures_(limiter_, clock, patience) {}

  // What a request took, or why it is refused. Settled once: by settle(), or else at its end, as
  // if the fault were ours. Must not outlive the Rates.
  class Taken {
   public:
    Taken() = default;
    Taken(Taken&&) noexcept = default;
    Taken& operator=(Taken&&) = delete;
    ~Taken() { settle(500); }

    // kRateLimited, with retry_at; then nothing was taken.
    const std::optional<core::Error>& refusal() const { return refusal_; }
    // The request is answered: gives back what a rule that counts failures only took for one that
    // was none.
    void settle(int status);

   private:
    friend class Rates;
    explicit Taken(WaitingRoom::Turn turn);

    std::optional<core::Error> refusal_ = {};
    Rates* rates_ = nullptr;
    std::vector<Bucket> unless_failed_ = {};  // what settle() may give back
    WaitingRoom::Turn turn_ = {};             // the same, where others wait for it
  };

  // Takes from the rule's buckets, all or none: the caller's if somebody is logged in, and the
  // client address's. An empty name takes nothing. Throws std::logic_error on a name without a
  // rule. Where codes are guessed, waits for requests in flight whose failure would refuse this.
  Taken take(std::string_view rule, const http::Request& request, const service::Caller& caller);
  // Before a new Idempotency-Key is kept for this caller: kRateLimited, with retry_at.
  std::optional<core::Error> take_idempotency_key(const std::string& principal, bool trusted);

  // Adds RateLimit-Policy and RateLimit to a reply: the rule's limits and what is left of them.
  void show(std::string_view rule, const http::Request& request, const service::Caller& caller,
            http::Reply& reply) const;

  // A password is about to be tried: counts it as wrong, or refuses it (kRateLimited with
  // retry_at). `identifier`: the account's name as typed, known or not.
  core::Result<core::LoginGuard::Attempt> begin_login(std::string_view identifier,
                                                      const http::Request& request);
  enum class LoginOutcome { kWrong, kRight, kUntried };
  void end_login(const core::LoginGuard::Attempt& attempt, LoginOutcome outcome);

 private:
  // kRateLimited, with retry_at, if a bucket is empty; then nothing was taken.
  std::optional<core::Error> take_all(const std::vector<Bucket>& buckets);
  void give_back(std::span<const Bucket> buckets);

  const bool enabled_;
  const core::Clock& clock_;
  core::RateLimiter limiter_;
  WaitingRoom failures_;
  core::LoginGuard logins_;
};

// Whom a limit by address counts.
std::string address_key(const http::Request& request);

}  // namespace coupon::api
