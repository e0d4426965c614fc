// Rate limits in memory: a token bucket per key, kept as one time stamp (GCRA). Exact under
// parallel bursts: each decision is made under the mutex of its shard. Bounded: when a shard is
// full, buckets that have refilled go first (forgetting those changes nothing), then those nearest
// to it. All methods may be called from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "coupond/core/bytes.h"
#include "coupond/core/limits.h"
#include "coupond/core/random.h"
#include "coupond/core/types.h"

namespace coupon::core {

// `limit` requests at once, refilled evenly over `period_ms`. Both positive.
struct RateLimit {
  std::int64_t limit = 0;
  std::int64_t period_ms = 0;
};

struct Verdict {
  bool allowed = false;
  std::int64_t limit = 0;
  std::int64_t remaining = 0;      // requests that would pass right now
  std::int64_t retry_after_s = 0;  // when refused: after so many seconds one passes; else 0
  std::int64_t reset_s = 0;        // until the bucket is full again
};

class RateLimiter {
 public:
  explicit RateLimiter(const Random& random = system_random,
                       std::size_t max_keys = limits::kRateLimitKeysMax);
  ~RateLimiter();
  RateLimiter(const RateLimiter&) = delete;
  RateLimiter& operator=(const RateLimiter&) = delete;

  // Takes one from the key's bucket, or refuses. `key` should start with what is limited
  // ("login:10.0.0.1"): one limiter serves all limits, each key always with the same `rate`.
  Verdict take(std::string_view key, const RateLimit& rate, UnixMs now);
  // What take() would say, without taking.
  Verdict look(std::string_view key, const RateLimit& rate, UnixMs now) const;
  // Returns what one take() took. To limit only failures: take first, give back on success; then a
  // parallel burst cannot slip through between looking and counting.
  void give_back(std::string_view key, const RateLimit& rate, UnixMs now);

  // How many buckets are held: at most `max_keys`, rounded up to at least one per shard.
  std::size_t size() const;

 private:
  struct Shard;
  struct Key;
  Key key_of(std::string_view key) const;
  Shard& shard_of(const Key& key) const;

  Block<16> sip_key_;  // random, so that nobody can choose keys that collide
  std::unique_ptr<Shard[]> shards_;
};

}  // namespace coupon::core
