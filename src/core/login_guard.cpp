#include "coupond/core/login_guard.h"

#include <sodium.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

namespace coupon::core {
namespace {

// Unlearned in an hour without a try.
constexpr std::int64_t kForgottenAfterMs = 3'600 * kMsPerSecond;

// How long after the last of so many wrong passwords the next may be tried.
std::int64_t wait_ms(int failures) {
  if (failures < limits::kLoginFailuresFree) return 0;
  std::int64_t wait = limits::kLoginWaitFirstMs;
  for (int i = limits::kLoginFailuresFree; i < failures && wait < limits::kLoginWaitMostMs; ++i) {
    wait *= 2;
  }
  return std::min(wait, limits::kLoginWaitMostMs);
}

}  // namespace

LoginGuard::LoginGuard(const Random& random, std::size_t max_keys)
    : max_keys_(std::max<std::size_t>(max_keys, 2)) {
  random(sip_key_);
}

LoginGuard::Attempt LoginGuard::begin(std::string_view account, std::string_view place,
                                      UnixMs now) {
  Attempt attempt{.counted_under = key_of(account, {}), .own = key_of(account, place)};
  const std::lock_guard lock(mutex_);
  const auto own = counts_.find(attempt.own);
  if (own != counts_.end() && own->second.known_place) attempt.counted_under = attempt.own;
  Count& count = count_at(attempt.counted_under, now);
  const UnixMs next = count.last + wait_ms(count.failures);
  if (now < next) {
    attempt.retry_at = next;
    return attempt;
  }
  ++count.failures;
  count.last = now;
  return attempt;
}

void LoginGuard::withdraw(const Attempt& attempt) {
  const std::lock_guard lock(mutex_);
  const auto found = counts_.find(attempt.counted_under);
  if (found == counts_.end() || found->second.failures == 0) return;
  --found->second.failures;
}

void LoginGuard::succeed(const Attempt& attempt, UnixMs now) {
  if (attempt.counted_under != attempt.own) withdraw(attempt);
  const std::lock_guard lock(mutex_);
  Count& count = count_at(attempt.own, now);
  count = {.failures = 0, .known_place = true, .last = now};
}

std::size_t LoginGuard::size() const {
  const std::lock_guard lock(mutex_);
  return counts_.size();
}

LoginGuard::Key LoginGuard::key_of(std::string_view account, std::string_view place) const {
  static_assert(sizeof(Key) == crypto_shorthash_siphashx24_BYTES);
  std::string text(account);
  text.push_back('\0');
  text += place;
  Block<sizeof(Key)> hash;
  crypto_shorthash_siphashx24(hash.data(), as_bytes(text).data(), text.size(), sip_key_.data());
  Key key;
  std::memcpy(&key, hash.data(), sizeof key);
  return key;
}

// The key's count, made or brought up to date. Under the mutex.
LoginGuard::Count& LoginGuard::count_at(const Key& key, UnixMs now) {
  auto found = counts_.find(key);
  if (found == counts_.end()) {
    if (counts_.size() >= max_keys_) make_room(now);
    found = counts_.emplace(key, Count{.last = now}).first;
  }
  Count& count = found->second;
  // A clock that was set back must not make anybody wait for longer than once.
  count.last = std::min(count.last, now);
  if (now >= count.last + kForgottenAfterMs) count.failures = 0;
  return count;
}

// Drops what is forgotten, or at least the eighth that was longest without a try.
void LoginGuard::make_room(UnixMs now) {
  std::erase_if(counts_, [&](const auto& entry) {
    return !entry.second.known_place && now >= entry.second.last + kForgottenAfterMs;
  });
  const std::size_t goal = max_keys_ - std::max<std::size_t>(1, max_keys_ / 8);
  if (counts_.size() <= goal) return;
  std::vector<UnixMs> times;
  times.reserve(counts_.size());
  for (const auto& [key, count] : counts_) times.push_back(count.last);
  const auto last = times.begin() + static_cast<std::ptrdiff_t>(counts_.size() - goal - 1);
  std::nth_element(times.begin(), last, times.end());
  const UnixMs oldest_kept = *last;
  std::erase_if(counts_, [&](const auto& entry) { return entry.second.last <= oldest_kept; });
}

}  // namespace coupon::core
