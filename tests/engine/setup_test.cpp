// The set-up link: one use, thirty minutes, and only while there is no administrator.
#include "coupond/service/setup.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "tests/support/live_engine.h"

using namespace coupon;
using core::Reason;
using core::Result;
using test::LiveEngine;

namespace {

constexpr std::int64_t kMinute = 60'000;

Result<service::UserChange> set_up(LiveEngine& engine, const std::string& token,
                                   const std::string& email = "owner@example.com") {
  return engine.run<service::UserChange>([&](store::Tx& tx) {
    return service::set_up(tx, *engine, token, {.email = email, .password_hash = "hash"});
  });
}

template <class T>
bool is_no_good(const Result<T>& result) {
  return !result.ok() && result.error().reason == Reason::kInvalidToken &&
         result.error().message.find("coupond admin create") != std::string::npos;
}

}  // namespace

TEST_CASE("a set-up token makes one administrator, once", "[setup]") {
  LiveEngine engine;
  const std::string token = service::make_setup_token(*engine).value();
  CHECK(token.size() == 43);
  CHECK(is_no_good(set_up(engine, "A" + token.substr(1))));
  CHECK(is_no_good(set_up(engine, "")));
  CHECK(service::check_setup_token(*engine, token).ok());

  const auto made = set_up(engine, token);
  REQUIRE(made.ok());
  CHECK(made->user.role == domain::Role::kAdmin);
  CHECK(is_no_good(set_up(engine, token, "second@example.com")));
  CHECK(is_no_good(service::check_setup_token(*engine, token)));
  CHECK(engine.number("SELECT count(*) FROM users") == 1);
}

TEST_CASE("a set-up token is good for thirty minutes and until the next one", "[setup]") {
  LiveEngine engine;
  const std::string first = service::make_setup_token(*engine).value();
  const std::string second = service::make_setup_token(*engine).value();
  CHECK(is_no_good(service::check_setup_token(*engine, first)));
  CHECK(is_no_good(set_up(engine, first)));

  engine.clock().advance(30 * kMinute - 1);
  CHECK(service::check_setup_token(*engine, second).ok());
  engine.clock().advance(1);
  CHECK(is_no_good(service::check_setup_token(*engine, second)));
  CHECK(is_no_good(set_up(engine, second)));
  CHECK(engine.number("SELECT count(*) FROM users") == 0);
}

TEST_CASE("a set-up token is worth nothing once there is an administrator", "[setup]") {
  LiveEngine engine;
  const std::string token = service::make_setup_token(*engine).value();
  engine.make_user("somebody@example.com");
  CHECK(service::check_setup_token(*engine, token).ok());
  engine.make_user("admin@example.com", domain::Role::kAdmin);
  CHECK(is_no_good(service::check_setup_token(*engine, token)));
  CHECK(is_no_good(set_up(engine, token)));
}

TEST_CASE("a refused set-up leaves its token good", "[setup]") {
  LiveEngine engine;
  const std::string token = service::make_setup_token(*engine).value();
  const auto refused = set_up(engine, token, "no address");
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().reason == Reason::kInvalidRequest);
  CHECK(engine.number("SELECT count(*) FROM users") == 0);
  CHECK(set_up(engine, token).ok());
}

// Whoever registers the owner's address first gets nothing by it.
TEST_CASE("a set-up takes over an account that somebody else registered before", "[setup]") {
  LiveEngine engine;
  const std::string token = service::make_setup_token(*engine).value();
  const domain::User squatter = engine.make_user("owner@example.com");
  const auto made = set_up(engine, token, "owner@example.com");
  REQUIRE(made.ok());
  CHECK(made->user.id == squatter.id);
  CHECK(made->user.role == domain::Role::kAdmin);
  CHECK(made->user.password_hash == "hash");
  CHECK(made->user.token_epoch > squatter.token_epoch);
  CHECK(engine.number("SELECT count(*) FROM users") == 1);
}

TEST_CASE("of many who race with one set-up token, one becomes administrator", "[setup]") {
  LiveEngine engine;
  const std::string token = service::make_setup_token(*engine).value();
  std::vector<int> good(16);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < good.size(); ++i) {
    threads.emplace_back([&, i] {
      good[i] = set_up(engine, token, std::to_string(i) + "@example.com").ok() ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(std::count(good.begin(), good.end(), 1) == 1);
  CHECK(engine.number("SELECT count(*) FROM users WHERE role = 'admin'") == 1);
  CHECK(engine.number("SELECT count(*) FROM users") == 1);
}

TEST_CASE("a set-up token is kept as a hash only", "[setup]") {
  LiveEngine engine;
  const std::string token = service::make_setup_token(*engine).value();
  CHECK(engine.number("SELECT count(*) FROM setup_tokens WHERE length(token_hash) = 32") == 1);
  const std::string found = "SELECT count(*) FROM setup_tokens WHERE token_hash = '" + token + "'";
  CHECK(engine.number(found.c_str()) == 0);
}
