#include "src/api/gate/limits.h"

#include <atomic>
#include <barrier>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

using namespace coupon;
using api::Limits;
using core::Reason;
using service::Caller;

namespace {

constexpr std::int64_t kMinute = 60'000;

http::Request from(const std::string& address) {
  http::Request request;
  request.client_address = address;
  return request;
}

Caller user(std::int64_t id) { return Caller::user({id}, domain::Role::kUser); }

class Site {
 public:
  // A request that is let in and finds `found`. Whether its answer is heard.
  bool heard(const Caller& caller, std::optional<Reason> found,
             const std::string& address = "10.0.0.1", const char* rule = "codes") {
    const http::Request request = from(address);
    if (limits.enter(rule, request, caller)) return false;
    return !limits.leave(rule, request, caller, found);
  }
  bool guess(const Caller& caller, const std::string& address = "10.0.0.1") {
    return heard(caller, Reason::kUnknownCode, address);
  }
  int guesses(int tries, const Caller& caller, const std::string& address = "10.0.0.1") {
    int count = 0;
    for (int i = 0; i < tries; ++i) count += guess(caller, address) ? 1 : 0;
    return count;
  }

  const core::Clock clock = [] { return core::UnixMs{1'795'183'200'000}; };
  std::atomic<std::int64_t> now = 1'000'000;
  Limits limits{true, clock, [this] { return now.load(); }};
};

}  // namespace

TEST_CASE("only codes that do not exist count as guesses", "[gate_limits]") {
  Site site;
  for (const Reason right :
       {Reason::kAlreadyRedeemed, Reason::kHeldByOther, Reason::kNoCouponsLeft, Reason::kNotOwner,
        Reason::kInsufficientCredit, Reason::kExpired, Reason::kInvalidRequest,
        Reason::kUnknownUser, Reason::kForbidden, Reason::kBusy}) {
    for (int i = 0; i < 100; ++i) REQUIRE(site.heard(user(1), right));
    for (int i = 0; i < 100; ++i) REQUIRE(site.heard(Caller::anonymous(), right));
  }
  for (int i = 0; i < 100; ++i) REQUIRE(site.heard(user(1), std::nullopt));
  CHECK(site.guesses(20, user(1)) == 10);
  CHECK_FALSE(site.heard(user(1), std::nullopt));
  site.now += kMinute / 10;
  CHECK(site.heard(user(1), std::nullopt));
}

TEST_CASE("of wrong guesses in flight together no more are heard than the limit", "[gate_limits]") {
  Site site;
  const bool logged_in = GENERATE(true, false);
  const Caller caller = logged_in ? user(1) : Caller::anonymous();
  std::atomic<int> let_in = 0;
  std::atomic<int> heard = 0;
  std::barrier all_in(64);
  std::vector<std::thread> threads;
  for (int i = 0; i < 64; ++i) {
    threads.emplace_back([&] {
      const http::Request request = from("10.0.0.1");
      const bool in = !site.limits.enter("codes", request, caller);
      let_in += in ? 1 : 0;
      all_in.arrive_and_wait();
      if (in && !site.limits.leave("codes", request, caller, Reason::kUnknownCode)) ++heard;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(let_in == 64);  // for what is in flight nobody is refused
  CHECK(heard == (logged_in ? 10 : 30));
  // What was too much is owed: over the hours it is the limit.
  int tried = 64;
  for (int s = 0; s < 3600; ++s, site.now += 1000) {
    const http::Request request = from("10.0.0.1");
    if (site.limits.enter("codes", request, caller)) continue;
    for (int i = 0; i < 64; ++i) {
      site.limits.leave("codes", request, caller, Reason::kUnknownCode);
    }
    tried += 64;
  }
  CHECK(tried <= (logged_in ? 10 : 30) * 61 + 64);
}

TEST_CASE("nobody is refused a right code for what others at the address guess", "[gate_limits]") {
  Site site;
  CHECK(site.guesses(200, Caller::anonymous()) == 30);
  for (int i = 1; i <= 20; ++i) {
    CHECK(site.heard(user(i), std::nullopt));
    CHECK(site.heard(user(i), Reason::kAlreadyRedeemed));
    // One mistake is nobody's fault; after it, an account is one of those who guess there.
    CHECK(site.guesses(5, user(i)) == 1);
  }
  CHECK(site.heard(user(1), std::nullopt, "10.0.0.2"));
  CHECK(site.guesses(20, user(99), "10.0.0.2") == 10);
  // Strangers cannot be told apart.
  CHECK_FALSE(site.heard(Caller::anonymous(), std::nullopt));
  CHECK(site.heard(Caller::anonymous(), std::nullopt, "10.0.0.2"));
}

TEST_CASE("right passwords in flight are not wrong ones", "[gate_limits]") {
  Site site;
  const http::Request request = from("10.0.0.1");
  std::vector<Limits::Login> together;
  for (int i = 0; i < 64; ++i) {
    auto login = site.limits.begin_login("7", request);
    REQUIRE(login.ok());
    together.push_back(*login);
  }
  for (int i = 0; i < 32; ++i) {
    CHECK_FALSE(site.limits.end_login(together.back(), Limits::LoginOutcome::kRight));
    together.pop_back();
  }
  int heard = 0;
  for (const auto& login : together) {
    heard += site.limits.end_login(login, Limits::LoginOutcome::kWrong) ? 0 : 1;
  }
  CHECK(heard == 5);
  // Where the account was logged in, its owner has a count of their own.
  CHECK(site.limits.begin_login("7", request).ok());
  CHECK_FALSE(site.limits.begin_login("7", from("10.0.0.2")).ok());
}

TEST_CASE("an address from which somebody logged in is known", "[gate_limits]") {
  Site site;
  CHECK_FALSE(site.limits.begin_login("7", from("10.0.0.1"))->known);
  site.limits.end_login(*site.limits.begin_login("7", from("10.0.0.1")),
                        Limits::LoginOutcome::kRight);
  CHECK(site.limits.begin_login("7", from("10.0.0.1"))->known);
  CHECK(site.limits.begin_login("8", from("10.0.0.1"))->known);
  CHECK_FALSE(site.limits.begin_login("7", from("10.0.0.2"))->known);
}

TEST_CASE("an account gets so many sessions a day", "[gate_limits]") {
  Site site;
  const http::Request request = from("10.0.0.1");
  int sessions = 0;
  for (int i = 0; i < 3000; ++i) {
    const auto login = site.limits.begin_login("7", request);
    if (!login.ok()) continue;
    ++sessions;
    site.limits.end_login(*login, Limits::LoginOutcome::kRight);
  }
  CHECK(sessions == 2000);
  CHECK(site.limits.begin_login("8", request).ok());
}

TEST_CASE("logins refused as busy cost their address, not their account", "[gate_limits]") {
  Site site;
  int let_in = 0;
  for (int i = 0; i < 100; ++i) {
    let_in += site.heard(Caller::anonymous(), Reason::kBusy, "10.0.0.1", "login") ? 1 : 0;
  }
  CHECK(let_in == 60);
  CHECK(site.heard(Caller::anonymous(), std::nullopt, "10.0.0.2", "login"));
}

TEST_CASE("keys count when their answer is stored", "[gate_limits]") {
  Site site;
  for (int i = 0; i < 20'000; ++i) REQUIRE_FALSE(site.limits.refuse_key("user:1", false));
  for (int i = 0; i < 10'000; ++i) site.limits.count_key("user:1", false);
  CHECK(site.limits.refuse_key("user:1", false));
  CHECK_FALSE(site.limits.refuse_key("user:2", false));
}

TEST_CASE("a customer who holds and releases all day is slowed down, a till is not",
          "[gate_limits]") {
  Site site;
  int holds = 0;
  for (int i = 0; i < 1000; ++i) holds += site.limits.take_hold(user(1)) ? 0 : 1;
  CHECK(holds == 240);
  const Caller till = Caller::user({2}, domain::Role::kStaff);
  for (int i = 0; i < 1000; ++i) REQUIRE_FALSE(site.limits.take_hold(till));
}

TEST_CASE("without limits nothing is limited, and a rule that is not there is a fault",
          "[gate_limits]") {
  const core::Clock clock = [] { return core::UnixMs{0}; };
  Limits off(false, clock);
  for (int i = 0; i < 100; ++i) {
    CHECK_FALSE(off.enter("codes", from("10.0.0.1"), user(1)));
    CHECK_FALSE(off.leave("codes", from("10.0.0.1"), user(1), Reason::kUnknownCode));
  }
  Limits on(true, clock);
  CHECK_FALSE(on.enter("", from("10.0.0.1"), user(1)));
  CHECK_THROWS_AS(on.enter("nonsense", from("10.0.0.1"), user(1)), std::logic_error);
}
