#include "coupond/core/rate_limiter.h"

#include <sodium.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "coupond/core/assert.h"

namespace coupon::core {
namespace {

constexpr std::size_t kShards = 16;
constexpr std::int64_t kUsPerMs = 1000;
constexpr std::int64_t kUsPerSecond = 1'000'000;

std::int64_t seconds_up(std::int64_t us) { return (us + kUsPerSecond - 1) / kUsPerSecond; }

// What one request costs, in microseconds of refilling, and what a full bucket holds.
struct Cost {
  explicit Cost(const RateLimit& rate) {
    COUPOND_ASSERT(rate.limit >= 1 && rate.period_ms >= 1);
    one_us = std::max<std::int64_t>(1, rate.period_ms * kUsPerMs / rate.limit);
    all_us = one_us * rate.limit;  // not the period: dividing it would let one more through
  }
  std::int64_t one_us;
  std::int64_t all_us;
};

Verdict verdict_of(bool allowed, std::int64_t taken, const RateLimit& rate, const Cost& cost) {
  return {.allowed = allowed,
          .limit = rate.limit,
          .remaining = (cost.all_us - taken) / cost.one_us,
          .retry_after_s = allowed ? 0 : seconds_up(taken + cost.one_us - cost.all_us),
          .reset_s = seconds_up(taken)};
}

}  // namespace

struct RateLimiter::Key {
  std::uint64_t low;
  std::uint64_t high;
  bool operator==(const Key&) const = default;
};

struct RateLimiter::Shard {
  struct Low {
    std::size_t operator()(const Key& key) const { return key.low; }
  };
  using Map = std::unordered_map<Key, std::int64_t, Low>;

  // How much of a key's bucket is taken. Never more than all of it: the clock may have been set
  // back, which must not lock anybody out for longer than one period.
  std::int64_t taken_us(const Key& key, std::int64_t now_us, const Cost& cost) {
    const auto found = full_at_us.find(key);
    if (found == full_at_us.end()) return 0;
    found->second = std::min(found->second, now_us + cost.all_us);
    return std::max<std::int64_t>(found->second - now_us, 0);
  }

  // Makes room for one more: all full buckets, and at least an eighth of the buckets, so that the
  // pass over them is paid for by as many new ones.
  void evict(std::int64_t now_us) {
    std::erase_if(full_at_us, [&](const auto& entry) { return entry.second <= now_us; });
    const std::size_t goal = most - std::max<std::size_t>(1, most / 8);
    if (full_at_us.size() <= goal) return;
    std::vector<std::int64_t> times;
    times.reserve(full_at_us.size());
    for (const auto& [key, time] : full_at_us) times.push_back(time);
    const auto last = times.begin() + static_cast<std::ptrdiff_t>(full_at_us.size() - goal - 1);
    std::nth_element(times.begin(), last, times.end());
    const std::int64_t oldest_kept = *last;
    std::erase_if(full_at_us, [&](const auto& entry) { return entry.second <= oldest_kept; });
  }

  std::mutex mutex;  // guards full_at_us
  Map full_at_us;    // when each bucket will be full again; a bucket that is not here is full
  std::size_t most = 0;
};

RateLimiter::RateLimiter(const Random& random, std::size_t max_keys)
    : shards_(std::make_unique<Shard[]>(kShards)) {
  random(sip_key_);
  for (std::size_t i = 0; i < kShards; ++i) {
    shards_[i].most = std::max<std::size_t>(1, max_keys / kShards);
  }
}

RateLimiter::~RateLimiter() = default;

RateLimiter::Key RateLimiter::key_of(std::string_view key) const {
  static_assert(sizeof(Key) == crypto_shorthash_siphashx24_BYTES);
  Block<sizeof(Key)> hash;
  crypto_shorthash_siphashx24(hash.data(), as_bytes(key).data(), key.size(), sip_key_.data());
  Key out;
  std::memcpy(&out, hash.data(), sizeof out);
  return out;
}

RateLimiter::Shard& RateLimiter::shard_of(const Key& key) const {
  return shards_[key.high % kShards];
}

Verdict RateLimiter::take(std::string_view key, const RateLimit& rate, UnixMs now) {
  const Cost cost(rate);
  const std::int64_t now_us = now.value * kUsPerMs;
  const Key hashed = key_of(key);
  Shard& shard = shard_of(hashed);
  const std::lock_guard lock(shard.mutex);
  const std::int64_t taken = shard.taken_us(hashed, now_us, cost);
  if (taken + cost.one_us > cost.all_us) return verdict_of(false, taken, rate, cost);

  const auto found = shard.full_at_us.find(hashed);
  const std::int64_t full_at_us = now_us + taken + cost.one_us;
  if (found != shard.full_at_us.end()) {
    found->second = full_at_us;
  } else {
    if (shard.full_at_us.size() >= shard.most) shard.evict(now_us);
    shard.full_at_us.emplace(hashed, full_at_us);
  }
  return verdict_of(true, taken + cost.one_us, rate, cost);
}

Verdict RateLimiter::look(std::string_view key, const RateLimit& rate, UnixMs now) const {
  const Cost cost(rate);
  const Key hashed = key_of(key);
  Shard& shard = shard_of(hashed);
  const std::lock_guard lock(shard.mutex);
  const std::int64_t taken = shard.taken_us(hashed, now.value * kUsPerMs, cost);
  return verdict_of(taken + cost.one_us <= cost.all_us, taken, rate, cost);
}

std::size_t RateLimiter::size() const {
  std::size_t total = 0;
  for (std::size_t i = 0; i < kShards; ++i) {
    const std::lock_guard lock(shards_[i].mutex);
    total += shards_[i].full_at_us.size();
  }
  return total;
}

void RateLimiter::give_back(std::string_view key, const RateLimit& rate, UnixMs now) {
  const Cost cost(rate);
  const Key hashed = key_of(key);
  Shard& shard = shard_of(hashed);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.full_at_us.find(hashed);
  if (found == shard.full_at_us.end()) return;  // full again, or forgotten
  found->second -= cost.one_us;
  if (found->second <= now.value * kUsPerMs) shard.full_at_us.erase(found);
}

}  // namespace coupon::core
