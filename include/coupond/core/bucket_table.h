// The counts behind all limits: one table in memory, of two kinds of count by key.
// * A bucket (RateLimit): so many at once, refilled evenly over a period (GCRA). Exact under
//   parallel bursts.
// * A backoff, for wrong passwords: the first few cost nothing, each further one doubles the wait
//   before the next may be tried.
// Nobody waits in here. Where only wrong guesses count, a request is let in while something is left
// (has_room(), wait_ms()) and counted once it has turned out to be one (charge(), fail()): right
// ones in flight cost nothing. More wrong ones in flight than are left are counted too, as debt, so
// that in the long run no more are heard than the limit.
// Bounded: what is forgotten first (a bucket that is full again) makes room, which changes nothing.
// Times are of the steady clock, so a clock that is set does not matter. Safe on any thread: each
// decision is made under the mutex of its shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "coupond/core/bytes.h"
#include "coupond/core/limits.h"
#include "coupond/core/random.h"

namespace coupon::core {

// `limit` at once, refilled evenly over `period_ms`. Both positive.
struct RateLimit {
  std::int64_t limit = 0;
  std::int64_t period_ms = 0;
};

struct Verdict {
  bool allowed = false;
  std::int64_t remaining = 0;       // that would pass right now
  std::int64_t retry_after_ms = 0;  // when refused: after so long one passes; else 0
  std::int64_t reset_ms = 0;        // until the bucket is full again
};

class BucketTable {
 public:
  explicit BucketTable(const Random& random = system_random,
                       std::size_t max_keys = limits::kRateLimitKeysMax);
  ~BucketTable();
  BucketTable(const BucketTable&) = delete;
  BucketTable& operator=(const BucketTable&) = delete;

  // A key should start with what is limited ("codes:10.0.0.1"): one table serves all limits, each
  // key always of the same kind and rate. `now_ms`: of the steady clock.

  // Takes one, or refuses.
  Verdict take(std::string_view key, const RateLimit& rate, std::int64_t now_ms);
  // Takes one even where none is left; then it is not allowed, and the bucket refills later.
  Verdict charge(std::string_view key, const RateLimit& rate, std::int64_t now_ms);
  // What take() would say, without taking.
  Verdict look(std::string_view key, const RateLimit& rate, std::int64_t now_ms) const;
  // Returns what one take() took.
  void give_back(std::string_view key, const RateLimit& rate, std::int64_t now_ms);

  // How long until the next password may be tried; 0: now.
  std::int64_t wait_ms(std::string_view key, std::int64_t now_ms) const;
  // A password was wrong. Returns how long it would have had to wait; 0: it was heard in time.
  std::int64_t fail(std::string_view key, std::int64_t now_ms);
  // What is counted under the key is forgotten.
  void clear(std::string_view key);

  // Remembers the key as it is for `kept_ms`; and whether it is remembered.
  void mark(std::string_view key, std::int64_t kept_ms, std::int64_t now_ms);
  bool is_marked(std::string_view key, std::int64_t now_ms) const;

  // How many counts are held: at most `max_keys`, rounded up to at least one per shard.
  std::size_t size() const;

 private:
  struct Shard;
  struct Key;
  enum class Take { kNothing, kIfAllowed, kAnyway };
  Verdict take_one(std::string_view key, const RateLimit& rate, std::int64_t now_ms,
                   Take how) const;
  Key key_of(std::string_view key) const;
  Shard& shard_of(const Key& key) const;

  Block<16> sip_key_;  // random, so that nobody can choose keys that collide
  std::unique_ptr<Shard[]> shards_;
};

}  // namespace coupon::core
