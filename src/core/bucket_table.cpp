#include "coupond/core/bucket_table.h"

#include <sodium.h>

#include <algorithm>
#include <cstring>
#include <unordered_map>
#include <vector>

#include "coupond/core/assert.h"
#include "coupond/core/mutex.h"

namespace coupon::core {
namespace {

constexpr std::size_t kShards = 16;
constexpr std::int64_t kUsPerMs = 1000;

std::int64_t ms_up(std::int64_t us) { return (us + kUsPerMs - 1) / kUsPerMs; }

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

Verdict verdict_of(bool allowed, std::int64_t taken, const Cost& cost) {
  return {.allowed = allowed,
          .remaining = std::max<std::int64_t>(0, (cost.all_us - taken) / cost.one_us),
          .retry_after_ms = allowed ? 0 : ms_up(taken + cost.one_us - cost.all_us),
          .reset_ms = ms_up(taken)};
}

// How long after so many wrong passwords the next may be tried.
std::int64_t backoff_ms(std::int32_t failures) {
  if (failures < limits::kLoginFailuresFree) return 0;
  std::int64_t wait = limits::kLoginWaitFirstMs;
  for (int i = limits::kLoginFailuresFree; i < failures && wait < limits::kLoginWaitMostMs; ++i) {
    wait *= 2;
  }
  return std::min(wait, limits::kLoginWaitMostMs);
}

}  // namespace

struct BucketTable::Key {
  std::uint64_t low;
  std::uint64_t high;
  bool operator==(const Key&) const = default;
};

// `at_us`: of a bucket, when it will be full again; of a backoff, when the next may be tried.
struct Count {
  std::int64_t at_us = 0;
  std::int64_t forget_us = 0;  // from then on it is as if it were not here
  std::int32_t failures = 0;
};

struct BucketTable::Shard {
  struct Low {
    std::size_t operator()(const Key& key) const { return key.low; }
  };
  using Map = std::unordered_map<Key, Count, Low>;

  // Null where nothing is counted.
  Count* find(const Key& key, std::int64_t now_us) COUPOND_REQUIRES(mutex) {
    const auto found = counts.find(key);
    return found == counts.end() || found->second.forget_us <= now_us ? nullptr : &found->second;
  }
  Count& make(const Key& key, std::int64_t now_us) COUPOND_REQUIRES(mutex) {
    if (Count* count = find(key, now_us)) return *count;
    if (counts.size() >= most) evict(now_us);
    return counts.insert_or_assign(key, Count{}).first->second;
  }

  // Makes room for one more: all that is forgotten, and at least an eighth, so that the pass over
  // them is paid for by as many new ones.
  void evict(std::int64_t now_us) COUPOND_REQUIRES(mutex) {
    std::erase_if(counts, [&](const auto& entry) { return entry.second.forget_us <= now_us; });
    const std::size_t goal = most - std::max<std::size_t>(1, most / 8);
    if (counts.size() <= goal) return;
    std::vector<std::int64_t> times;
    times.reserve(counts.size());
    for (const auto& [key, count] : counts) times.push_back(count.forget_us);
    const auto last = times.begin() + static_cast<std::ptrdiff_t>(counts.size() - goal - 1);
    std::nth_element(times.begin(), last, times.end());
    const std::int64_t first_kept = *last;
    std::erase_if(counts, [&](const auto& entry) { return entry.second.forget_us <= first_kept; });
  }

  Mutex mutex;
  Map counts COUPOND_GUARDED_BY(mutex);
  std::size_t most = 0;
};

BucketTable::BucketTable(const Random& random, std::size_t max_keys)
    : shards_(std::make_unique<Shard[]>(kShards)) {
  random(sip_key_);
  for (std::size_t i = 0; i < kShards; ++i) {
    shards_[i].most = std::max<std::size_t>(1, max_keys / kShards);
  }
}

BucketTable::~BucketTable() = default;

BucketTable::Key BucketTable::key_of(std::string_view key) const {
  static_assert(sizeof(Key) == crypto_shorthash_siphashx24_BYTES);
  Block<sizeof(Key)> hash;
  crypto_shorthash_siphashx24(hash.data(), as_bytes(key).data(), key.size(), sip_key_.data());
  Key out;
  std::memcpy(&out, hash.data(), sizeof out);
  return out;
}

BucketTable::Shard& BucketTable::shard_of(const Key& key) const {
  return shards_[key.high % kShards];
}

Verdict BucketTable::take_one(std::string_view key, const RateLimit& rate, std::int64_t now_ms,
                              Take how) const {
  const Cost cost(rate);
  const std::int64_t now_us = now_ms * kUsPerMs;
  const Key hashed = key_of(key);
  Shard& shard = shard_of(hashed);
  const MutexLock lock(shard.mutex);
  const Count* found = shard.find(hashed, now_us);
  const std::int64_t taken = found ? found->at_us - now_us : 0;
  const bool allowed = taken + cost.one_us <= cost.all_us;
  if (how == Take::kNothing || (!allowed && how == Take::kIfAllowed)) {
    return verdict_of(allowed, taken, cost);
  }
  Count& count = shard.make(hashed, now_us);
  count.at_us = now_us + taken + cost.one_us;
  count.forget_us = count.at_us;
  return verdict_of(allowed, taken + (allowed ? cost.one_us : 0), cost);
}

Verdict BucketTable::take(std::string_view key, const RateLimit& rate, std::int64_t now_ms) {
  return take_one(key, rate, now_ms, Take::kIfAllowed);
}

Verdict BucketTable::charge(std::string_view key, const RateLimit& rate, std::int64_t now_ms) {
  return take_one(key, rate, now_ms, Take::kAnyway);
}

Verdict BucketTable::look(std::string_view key, const RateLimit& rate, std::int64_t now_ms) const {
  return take_one(key, rate, now_ms, Take::kNothing);
}

void BucketTable::give_back(std::string_view key, const RateLimit& rate, std::int64_t now_ms) {
  const std::int64_t now_us = now_ms * kUsPerMs;
  const Key hashed = key_of(key);
  Shard& shard = shard_of(hashed);
  const MutexLock lock(shard.mutex);
  Count* found = shard.find(hashed, now_us);
  if (found == nullptr) return;  // full again, or forgotten
  found->at_us -= Cost(rate).one_us;
  found->forget_us = found->at_us;
  if (found->forget_us <= now_us) shard.counts.erase(hashed);
}

std::int64_t BucketTable::wait_ms(std::string_view key, std::int64_t now_ms) const {
  const std::int64_t now_us = now_ms * kUsPerMs;
  const Key hashed = key_of(key);
  Shard& shard = shard_of(hashed);
  const MutexLock lock(shard.mutex);
  const Count* found = shard.find(hashed, now_us);
  return found ? std::max<std::int64_t>(0, ms_up(found->at_us - now_us)) : 0;
}

std::int64_t BucketTable::fail(std::string_view key, std::int64_t now_ms) {
  const std::int64_t now_us = now_ms * kUsPerMs;
  const Key hashed = key_of(key);
  Shard& shard = shard_of(hashed);
  const MutexLock lock(shard.mutex);
  Count& count = shard.make(hashed, now_us);
  const std::int64_t early_us = std::max<std::int64_t>(0, count.at_us - now_us);
  // Who was not alone in trying waits for all of them, but not for ever.
  const std::int64_t wait_us =
      std::min(early_us + backoff_ms(++count.failures) * kUsPerMs,
               std::max(early_us, limits::kLoginWaitTogetherMs * kUsPerMs));
  count.at_us = now_us + wait_us;
  count.forget_us = now_us + limits::kLoginForgottenMs * kUsPerMs;
  return ms_up(early_us);
}

void BucketTable::clear(std::string_view key) {
  const Key hashed = key_of(key);
  Shard& shard = shard_of(hashed);
  const MutexLock lock(shard.mutex);
  shard.counts.erase(hashed);
}

void BucketTable::mark(std::string_view key, std::int64_t kept_ms, std::int64_t now_ms) {
  const Key hashed = key_of(key);
  Shard& shard = shard_of(hashed);
  const MutexLock lock(shard.mutex);
  shard.make(hashed, now_ms * kUsPerMs).forget_us = (now_ms + kept_ms) * kUsPerMs;
}

bool BucketTable::is_marked(std::string_view key, std::int64_t now_ms) const {
  const Key hashed = key_of(key);
  Shard& shard = shard_of(hashed);
  const MutexLock lock(shard.mutex);
  return shard.find(hashed, now_ms * kUsPerMs) != nullptr;
}

std::size_t BucketTable::size() const {
  std::size_t total = 0;
  for (std::size_t i = 0; i < kShards; ++i) {
    const MutexLock lock(shards_[i].mutex);
    total += shards_[i].counts.size();
  }
  return total;
}

}  // namespace coupon::core
