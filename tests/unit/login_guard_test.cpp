#include "coupond/core/login_guard.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

using namespace coupon::core;

namespace {

constexpr UnixMs kNow{1'795'183'200'000};
constexpr std::int64_t kHourMs = 3'600'000;

// How many of `tries` wrong passwords at once are compared.
int compared(LoginGuard& guard, UnixMs now, int tries, const std::string& place = "elsewhere") {
  int count = 0;
  for (int i = 0; i < tries; ++i) count += guard.begin("ada", place, now).retry_at ? 0 : 1;
  return count;
}

void log_in(LoginGuard& guard, const std::string& place, UnixMs now) {
  guard.succeed(guard.begin("ada", place, now), now);
}

}  // namespace

TEST_CASE("five wrong passwords are free, then the wait doubles up to five minutes",
          "[login_guard]") {
  LoginGuard guard;
  CHECK(compared(guard, kNow, 20) == 5);
  UnixMs now = kNow;
  for (const std::int64_t wait_s : {5, 10, 20, 40, 80, 160, 300, 300, 300}) {
    const auto refused = guard.begin("ada", "elsewhere", now);
    REQUIRE(refused.retry_at);
    CHECK(refused.retry_at->value - now.value == wait_s * 1000);
    CHECK(guard.begin("ada", "elsewhere", *refused.retry_at - 1).retry_at);
    now = *refused.retry_at;
    CHECK_FALSE(guard.begin("ada", "elsewhere", now).retry_at);
  }
}

TEST_CASE("nobody tries a hundred passwords for one account in an hour", "[login_guard]") {
  LoginGuard guard;
  int tries = 0;
  for (std::int64_t ms = 0; ms < kHourMs; ms += 250) tries += compared(guard, kNow + ms, 1);
  CHECK(tries > 10);
  CHECK(tries < 40);
}

TEST_CASE("a burst in parallel gets no more tries than a series", "[login_guard]") {
  LoginGuard guard;
  std::atomic<int> tries = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 64; ++i) {
    threads.emplace_back([&] { tries += compared(guard, kNow, 1); });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(tries == 5);
}

TEST_CASE("what was not compared does not count, and a right password clears its place",
          "[login_guard]") {
  LoginGuard guard;
  for (int i = 0; i < 20; ++i) {
    const auto attempt = guard.begin("ada", "home", kNow);
    REQUIRE_FALSE(attempt.retry_at);
    guard.withdraw(attempt);
  }
  for (int i = 0; i < 20; ++i) {
    CHECK(compared(guard, kNow, 4, "home") == 4);
    log_in(guard, "home", kNow);
  }
}

TEST_CASE("strangers who guess do not make the owner wait at a known place", "[login_guard]") {
  LoginGuard guard;
  log_in(guard, "home", kNow);
  CHECK(compared(guard, kNow, 100) == 5);
  CHECK(compared(guard, kNow, 1, "home") == 1);
  log_in(guard, "home", kNow);
  // Nor do the owner's logins give strangers new tries.
  CHECK(compared(guard, kNow, 100) == 0);
  CHECK(compared(guard, kNow, 100, "another place") == 0);
  // At the known place guessing is slowed down as well.
  CHECK(compared(guard, kNow, 100, "home") == 5);
}

TEST_CASE("accounts and hours do not share a count", "[login_guard]") {
  LoginGuard guard;
  CHECK(compared(guard, kNow, 20) == 5);
  CHECK_FALSE(guard.begin("bob", "elsewhere", kNow).retry_at);
  CHECK(compared(guard, kNow + kHourMs - 1, 20) == 1);
  CHECK(compared(guard, kNow + 2 * kHourMs - 1, 20) == 5);
}

TEST_CASE("a clock that is set back makes nobody wait for longer than once", "[login_guard]") {
  LoginGuard guard;
  CHECK(compared(guard, kNow + kHourMs, 20) == 5);
  const auto refused = guard.begin("ada", "elsewhere", kNow);
  REQUIRE(refused.retry_at);
  CHECK(refused.retry_at->value - kNow.value == 5'000);
}

TEST_CASE("the guard's memory is bounded, and what is newest stays", "[login_guard]") {
  LoginGuard guard(system_random, 100);
  for (int i = 0; i < 1000; ++i) {
    guard.begin("account " + std::to_string(i), "elsewhere", kNow + i);
    CHECK(guard.size() <= 100);
  }
  CHECK(compared(guard, kNow + 1000, 20) == 5);
  for (int i = 0; i < 50; ++i) {
    guard.begin("other " + std::to_string(i), "elsewhere", kNow + 1001);
  }
  CHECK(compared(guard, kNow + 1002, 20) == 0);
}
