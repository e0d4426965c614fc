#include "coupond/core/bucket_table.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

using namespace coupon::core;

namespace {

constexpr std::int64_t kNow = 7'000'000;
constexpr std::int64_t kHourMs = 3'600'000;
constexpr RateLimit kTenAMinute{.limit = 10, .period_ms = 60'000};

int allowed_of(BucketTable& table, std::string_view key, const RateLimit& rate, std::int64_t now,
               int tries) {
  int allowed = 0;
  for (int i = 0; i < tries; ++i) allowed += table.take(key, rate, now).allowed ? 1 : 0;
  return allowed;
}

}  // namespace

TEST_CASE("a bucket gives exactly its limit at once and says what is left", "[bucket_table]") {
  BucketTable table;
  for (std::int64_t left = 9; left >= 0; --left) {
    const Verdict verdict = table.take("k", kTenAMinute, kNow);
    CHECK(verdict.allowed);
    CHECK(verdict.remaining == left);
    CHECK(verdict.retry_after_ms == 0);
    CHECK(verdict.reset_ms == (10 - left) * 6'000);
  }
  const Verdict refused = table.take("k", kTenAMinute, kNow);
  CHECK_FALSE(refused.allowed);
  CHECK(refused.remaining == 0);
  CHECK(refused.retry_after_ms == 6'000);
  CHECK(refused.reset_ms == 60'000);
}

TEST_CASE("after Retry-After one request passes and before it none", "[bucket_table]") {
  BucketTable table;
  CHECK(allowed_of(table, "k", kTenAMinute, kNow, 20) == 10);
  CHECK(allowed_of(table, "k", kTenAMinute, kNow + 5'999, 20) == 0);
  CHECK(allowed_of(table, "k", kTenAMinute, kNow + 6'000, 20) == 1);
  CHECK(allowed_of(table, "k", kTenAMinute, kNow + 66'000, 20) == 10);
}

TEST_CASE("the burst is exact for limits that do not divide their period", "[bucket_table]") {
  BucketTable table;
  for (const std::int64_t limit : {1, 3, 7, 11, 77, 999, 70'001}) {
    for (const std::int64_t period_ms : {1, 10, 1'000, 60'000}) {
      const std::string key = std::to_string(limit) + "/" + std::to_string(period_ms);
      CAPTURE(key);
      const RateLimit rate{.limit = limit, .period_ms = period_ms};
      CHECK(allowed_of(table, key, rate, kNow, static_cast<int>(limit) + 50) == limit);
    }
  }
}

TEST_CASE("keys do not share a bucket", "[bucket_table]") {
  BucketTable table;
  CHECK(allowed_of(table, "a", kTenAMinute, kNow, 20) == 10);
  CHECK(allowed_of(table, "b", kTenAMinute, kNow, 20) == 10);
  CHECK(allowed_of(table, "", kTenAMinute, kNow, 20) == 10);
}

TEST_CASE("looking takes nothing", "[bucket_table]") {
  BucketTable table;
  for (int i = 0; i < 100; ++i) CHECK(table.look("k", kTenAMinute, kNow).remaining == 10);
  CHECK(table.size() == 0);
  CHECK(allowed_of(table, "k", kTenAMinute, kNow, 20) == 10);
  const Verdict verdict = table.look("k", kTenAMinute, kNow);
  CHECK_FALSE(verdict.allowed);
  CHECK(verdict.retry_after_ms == 6'000);
}

TEST_CASE("what is given back can be taken again and no more", "[bucket_table]") {
  BucketTable table;
  table.give_back("k", kTenAMinute, kNow);
  CHECK(allowed_of(table, "k", kTenAMinute, kNow, 20) == 10);
  table.give_back("k", kTenAMinute, kNow);
  table.give_back("k", kTenAMinute, kNow);
  CHECK(allowed_of(table, "k", kTenAMinute, kNow, 20) == 2);
  for (int i = 0; i < 30; ++i) table.give_back("k", kTenAMinute, kNow);
  CHECK(table.size() == 0);
  CHECK(allowed_of(table, "k", kTenAMinute, kNow, 20) == 10);
}

TEST_CASE("what is charged beyond the limit is owed", "[bucket_table]") {
  BucketTable table;
  int allowed = 0;
  for (int i = 0; i < 64; ++i) allowed += table.charge("k", kTenAMinute, kNow).allowed ? 1 : 0;
  CHECK(allowed == 10);
  const Verdict verdict = table.look("k", kTenAMinute, kNow);
  CHECK(verdict.remaining == 0);
  CHECK(verdict.retry_after_ms == 55 * 6'000);
  CHECK(allowed_of(table, "k", kTenAMinute, kNow + 55 * 6'000 - 1, 20) == 0);
  CHECK(allowed_of(table, "k", kTenAMinute, kNow + 55 * 6'000, 20) == 1);
}

TEST_CASE("parallel bursts get exactly the limit", "[bucket_table]") {
  BucketTable table;
  constexpr int kThreads = 8;
  constexpr int kKeys = 20;
  std::vector<std::atomic<int>> allowed(kKeys);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 64 * kKeys; ++i) {
        const auto key = static_cast<std::size_t>(i % kKeys);
        if (table.take("k" + std::to_string(key), {.limit = 64, .period_ms = 60'000}, kNow)
                .allowed) {
          ++allowed[key];
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& count : allowed) CHECK(count == 64);
}

TEST_CASE("memory is bounded and full buckets are forgotten first", "[bucket_table]") {
  constexpr std::size_t kMost = 1600;
  BucketTable table(system_random, kMost);
  // Emptied buckets that must survive, then a flood of others which refill soon.
  for (int i = 0; i < 100; ++i) {
    allowed_of(table, "victim" + std::to_string(i), {.limit = 5, .period_ms = 3'600'000}, kNow, 5);
  }
  const RateLimit quick{.limit = 1000, .period_ms = 1000};
  for (int i = 0; i < 20'000; ++i) {
    table.take("flood" + std::to_string(i), quick, kNow + i);
    if (i % 1000 == 0) CHECK(table.size() <= kMost);
  }
  CHECK(table.size() <= kMost);
  int forgotten = 0;
  for (int i = 0; i < 100; ++i) {
    forgotten +=
        table.take("victim" + std::to_string(i), {.limit = 5, .period_ms = 3'600'000}, kNow).allowed
            ? 1
            : 0;
  }
  CHECK(forgotten == 0);
}

TEST_CASE("when no bucket is full those nearest to it make room", "[bucket_table]") {
  constexpr std::size_t kMost = 1600;
  BucketTable table(system_random, kMost);
  const RateLimit hourly{.limit = 5, .period_ms = 3'600'000};
  for (int i = 0; i < 100; ++i) allowed_of(table, "spent" + std::to_string(i), hourly, kNow, 5);
  for (int i = 0; i < 10'000; ++i) table.take("once" + std::to_string(i), hourly, kNow);
  CHECK(table.size() <= kMost);
  CHECK(table.size() > 0);
  int forgotten = 0;
  for (int i = 0; i < 100; ++i) {
    forgotten += table.look("spent" + std::to_string(i), hourly, kNow).allowed ? 1 : 0;
  }
  CHECK(forgotten == 0);
}

namespace {

// How many of `tries` wrong passwords at once are heard, where each looks before it is tried.
int heard(BucketTable& table, std::int64_t now, int tries, const std::string& key = "ada") {
  int count = 0;
  for (int i = 0; i < tries; ++i) {
    if (table.wait_ms(key, now) > 0) continue;
    count += table.fail(key, now) == 0 ? 1 : 0;
  }
  return count;
}

}  // namespace

TEST_CASE("five wrong passwords are free, then the wait doubles up to five minutes",
          "[bucket_table]") {
  BucketTable table;
  CHECK(heard(table, kNow, 20) == 5);
  std::int64_t now = kNow;
  for (const std::int64_t wait_s : {5, 10, 20, 40, 80, 160, 300, 300, 300}) {
    REQUIRE(table.wait_ms("ada", now) == wait_s * 1000);
    now += wait_s * 1000;
    CHECK(heard(table, now - 1, 1) == 0);
    CHECK(heard(table, now, 1) == 1);
  }
}

TEST_CASE("nobody tries a hundred passwords for one account in an hour", "[bucket_table]") {
  BucketTable table;
  int tries = 0;
  for (std::int64_t ms = 0; ms < kHourMs; ms += 250) tries += heard(table, kNow + ms, 1);
  CHECK(tries > 10);
  CHECK(tries < 40);
}

TEST_CASE("wrong passwords in flight together are heard like a series, and waited for together",
          "[bucket_table]") {
  BucketTable table;
  int tries = 0;
  for (std::int64_t ms = 0; ms < kHourMs; ms += 1'000) {
    if (table.wait_ms("ada", kNow + ms) > 0) continue;
    // As many as can be hashed at once have looked before the first was wrong.
    int in_time = 0;
    for (int i = 0; i < 34; ++i) in_time += table.fail("ada", kNow + ms) == 0 ? 1 : 0;
    CHECK(in_time <= 5);
    tries += 34;
  }
  CHECK(tries <= 100);
  CHECK(table.wait_ms("ada", kNow + kHourMs) <= limits::kLoginWaitTogetherMs);
}

TEST_CASE("wrong passwords of others and of an hour ago do not count", "[bucket_table]") {
  BucketTable table;
  CHECK(heard(table, kNow, 20) == 5);
  CHECK(heard(table, kNow, 1, "bob") == 1);
  CHECK(heard(table, kNow + kHourMs - 1, 20) == 1);
  CHECK(heard(table, kNow + 2 * kHourMs - 1, 20) == 5);
  table.clear("ada");
  CHECK(heard(table, kNow + 2 * kHourMs - 1, 20) == 5);
}

TEST_CASE("a mark is remembered for its time", "[bucket_table]") {
  BucketTable table;
  CHECK_FALSE(table.is_marked("home", kNow));
  table.mark("home", 1000, kNow);
  CHECK(table.is_marked("home", kNow + 999));
  CHECK_FALSE(table.is_marked("home", kNow + 1000));
}
