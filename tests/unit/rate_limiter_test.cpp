#include "coupond/core/rate_limiter.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

using namespace coupon::core;

namespace {

constexpr UnixMs kNow{1'795'183'200'000};
constexpr RateLimit kTenAMinute{.limit = 10, .period_ms = 60'000};

int allowed_of(RateLimiter& limiter, std::string_view key, const RateLimit& rate, UnixMs now,
               int tries) {
  int allowed = 0;
  for (int i = 0; i < tries; ++i) allowed += limiter.take(key, rate, now).allowed ? 1 : 0;
  return allowed;
}

}  // namespace

TEST_CASE("a bucket gives exactly its limit at once and says what is left", "[rate_limiter]") {
  RateLimiter limiter;
  for (std::int64_t left = 9; left >= 0; --left) {
    const Verdict verdict = limiter.take("k", kTenAMinute, kNow);
    CHECK(verdict.allowed);
    CHECK(verdict.limit == 10);
    CHECK(verdict.remaining == left);
    CHECK(verdict.retry_after_s == 0);
    CHECK(verdict.reset_s == (10 - left) * 6);
  }
  const Verdict refused = limiter.take("k", kTenAMinute, kNow);
  CHECK_FALSE(refused.allowed);
  CHECK(refused.remaining == 0);
  CHECK(refused.retry_after_s == 6);
  CHECK(refused.reset_s == 60);
}

TEST_CASE("after Retry-After one request passes and before it none", "[rate_limiter]") {
  RateLimiter limiter;
  CHECK(allowed_of(limiter, "k", kTenAMinute, kNow, 20) == 10);
  CHECK(allowed_of(limiter, "k", kTenAMinute, kNow + 5'999, 20) == 0);
  CHECK(allowed_of(limiter, "k", kTenAMinute, kNow + 6'000, 20) == 1);
  CHECK(allowed_of(limiter, "k", kTenAMinute, kNow + 66'000, 20) == 10);
}

TEST_CASE("the burst is exact for limits that do not divide their period", "[rate_limiter]") {
  RateLimiter limiter;
  for (const std::int64_t limit : {1, 3, 7, 11, 77, 999, 70'001}) {
    for (const std::int64_t period_ms : {1, 10, 1'000, 60'000}) {
      const std::string key = std::to_string(limit) + "/" + std::to_string(period_ms);
      CAPTURE(key);
      const RateLimit rate{.limit = limit, .period_ms = period_ms};
      CHECK(allowed_of(limiter, key, rate, kNow, static_cast<int>(limit) + 50) == limit);
    }
  }
}

TEST_CASE("keys do not share a bucket", "[rate_limiter]") {
  RateLimiter limiter;
  CHECK(allowed_of(limiter, "a", kTenAMinute, kNow, 20) == 10);
  CHECK(allowed_of(limiter, "b", kTenAMinute, kNow, 20) == 10);
  CHECK(allowed_of(limiter, "", kTenAMinute, kNow, 20) == 10);
}

TEST_CASE("looking takes nothing", "[rate_limiter]") {
  RateLimiter limiter;
  for (int i = 0; i < 100; ++i) CHECK(limiter.look("k", kTenAMinute, kNow).remaining == 10);
  CHECK(limiter.size() == 0);
  CHECK(allowed_of(limiter, "k", kTenAMinute, kNow, 20) == 10);
  const Verdict verdict = limiter.look("k", kTenAMinute, kNow);
  CHECK_FALSE(verdict.allowed);
  CHECK(verdict.retry_after_s == 6);
}

TEST_CASE("what is given back can be taken again and no more", "[rate_limiter]") {
  RateLimiter limiter;
  limiter.give_back("k", kTenAMinute, kNow);
  CHECK(allowed_of(limiter, "k", kTenAMinute, kNow, 20) == 10);
  limiter.give_back("k", kTenAMinute, kNow);
  limiter.give_back("k", kTenAMinute, kNow);
  CHECK(allowed_of(limiter, "k", kTenAMinute, kNow, 20) == 2);
  for (int i = 0; i < 30; ++i) limiter.give_back("k", kTenAMinute, kNow);
  CHECK(limiter.size() == 0);
  CHECK(allowed_of(limiter, "k", kTenAMinute, kNow, 20) == 10);
}

TEST_CASE("a clock set back locks nobody out for longer than a period", "[rate_limiter]") {
  RateLimiter limiter;
  CHECK(allowed_of(limiter, "k", kTenAMinute, kNow, 20) == 10);
  const UnixMs yesterday = kNow - kMsPerDay;
  CHECK(allowed_of(limiter, "k", kTenAMinute, yesterday, 20) == 0);
  CHECK(allowed_of(limiter, "k", kTenAMinute, yesterday + 60'000, 20) == 10);
}

TEST_CASE("parallel bursts get exactly the limit", "[rate_limiter]") {
  RateLimiter limiter;
  constexpr int kThreads = 8;
  constexpr int kKeys = 20;
  std::vector<std::atomic<int>> allowed(kKeys);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 64 * kKeys; ++i) {
        const auto key = static_cast<std::size_t>(i % kKeys);
        if (limiter.take("k" + std::to_string(key), {.limit = 64, .period_ms = 60'000}, kNow)
                .allowed) {
          ++allowed[key];
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& count : allowed) CHECK(count == 64);
}

TEST_CASE("memory is bounded and full buckets are forgotten first", "[rate_limiter]") {
  constexpr std::size_t kMost = 1600;
  RateLimiter limiter(system_random, kMost);
  // Emptied buckets that must survive, then a flood of others which refill soon.
  for (int i = 0; i < 100; ++i) {
    allowed_of(limiter, "victim" + std::to_string(i), {.limit = 5, .period_ms = 3'600'000}, kNow,
               5);
  }
  const RateLimit quick{.limit = 1000, .period_ms = 1000};
  for (int i = 0; i < 20'000; ++i) {
    limiter.take("flood" + std::to_string(i), quick, kNow + i);
    if (i % 1000 == 0) CHECK(limiter.size() <= kMost);
  }
  CHECK(limiter.size() <= kMost);
  int forgotten = 0;
  for (int i = 0; i < 100; ++i) {
    forgotten +=
        limiter.take("victim" + std::to_string(i), {.limit = 5, .period_ms = 3'600'000}, kNow)
                .allowed
            ? 1
            : 0;
  }
  CHECK(forgotten == 0);
}

TEST_CASE("when no bucket is full those nearest to it make room", "[rate_limiter]") {
  constexpr std::size_t kMost = 1600;
  RateLimiter limiter(system_random, kMost);
  const RateLimit hourly{.limit = 5, .period_ms = 3'600'000};
  for (int i = 0; i < 100; ++i) allowed_of(limiter, "spent" + std::to_string(i), hourly, kNow, 5);
  for (int i = 0; i < 10'000; ++i) limiter.take("once" + std::to_string(i), hourly, kNow);
  CHECK(limiter.size() <= kMost);
  CHECK(limiter.size() > 0);
  int forgotten = 0;
  for (int i = 0; i < 100; ++i) {
    forgotten += limiter.look("spent" + std::to_string(i), hourly, kNow).allowed ? 1 : 0;
  }
  CHECK(forgotten == 0);
}
