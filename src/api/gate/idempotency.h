// Idempotency-Key: the first answer to a keyed request is stored with its effect, in the same
// transaction, and is the answer to every repetition for a day, whether it was granted or refused.
//
// A key belongs to one principal and one endpoint (method and path). Somebody logged in is their
// account, a program its API key. Nobody in particular is their client address: strangers who
// happen to choose the same key must not meet, and a repetition usually comes from where the
// request came from; if it does not, it is a new request, which the effect of the first refuses by
// itself (the e-mail is registered, the token is used). Not stored: what never came to the writer
// (bad input, no session, rate limits) and what says nothing for good (busy, disk full, outcome
// unknown, held by another, not started, inactive). Those may be sent again under the same key.
// What a request says is what its JSON means, not how it is written. Safe on any thread.
#pragma once

#include <optional>
#include <unordered_set>

#include "coupond/core/hash.h"
#include "coupond/core/mutex.h"
#include "coupond/core/result.h"
#include "coupond/http/endpoint.h"
#include "coupond/service/engine.h"
#include "src/api/gate/limits.h"

namespace coupon::api {

// A request under its key.
struct KeyedRequest {
  core::Digest key_hash{};  // of principal, endpoint and key
  core::Digest said{};      // of everything the request asks for
  core::Digest written{};   // of it as it was written: what 0.1.0 kept
  std::string principal;
  service::Scopes scopes;  // what its sender may do

  bool trusted() const { return !scopes.empty(); }  // staff and programs: a larger quota
};

class Idempotency {
 public:
  Idempotency(service::Engine& engine, Limits& limits);
  Idempotency(const Idempotency&) = delete;
  Idempotency& operator=(const Idempotency&) = delete;

  // The request's key; nothing when it has none or the endpoint takes none. kInvalidRequest when it
  // is empty, too long, or not printable ASCII.
  static core::Result<std::optional<KeyedRequest>> identify(const http::Endpoint& endpoint,
                                                            const http::Request& request,
                                                            const service::Caller& caller);

  // What becomes of a keyed request: the stored answer, marked as such, or, under a guard so that
  // no other request with the key runs meanwhile, what `run()` gives. kIdempotencyRunning,
  // kIdempotencyMismatch, kRateLimited; kForbidden where the sender may do less than when the
  // answer was stored.
  template <class Run>
  core::Result<http::Reply> once(const KeyedRequest& keyed, Run&& run) {
    const Running running(*this, keyed.key_hash);
    if (!running.first()) return core::Reason::kIdempotencyRunning;
    auto stored = recall(keyed);
    if (!stored.ok()) return stored.error();
    if (*stored) return **std::move(stored);
    return run();
  }

  // Stores the answer, in the transaction of what it tells of.
  void keep(store::Tx& tx, const KeyedRequest& keyed, const http::Reply& reply) const;

 private:
  class Running {
   public:
    Running(Idempotency& owner, const core::Digest& key);
    ~Running();
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    bool first() const { return first_; }

   private:
    Idempotency& owner_;
    const core::Digest key_;
    bool first_;
  };
  struct FirstBytes {
    std::size_t operator()(const core::Digest& digest) const;
  };

  core::Result<std::optional<http::Reply>> recall(const KeyedRequest& keyed);

  service::Engine& engine_;
  Limits& limits_;
  core::Mutex mutex_;
  std::unordered_set<core::Digest, FirstBytes> running_ COUPOND_GUARDED_BY(mutex_);
};

}  // namespace coupon::api
