// Sessions: login, rotation of refresh tokens, what ends a family, and who a token is.
#include "coupond/service/sessions.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>
#include <vector>

#include "coupond/core/bytes.h"
#include "coupond/store/sessions.h"
#include "tests/support/live_engine.h"

using namespace coupon;
using core::Reason;
using core::Result;
using service::Session;
using service::SessionKind;
using test::LiveEngine;

namespace {

constexpr const char* kEmail = "ada@example.com";

Result<Session> log_in(LiveEngine& engine, std::string_view who = kEmail,
                       std::string_view password = LiveEngine::kPassword) {
  return service::log_in(*engine, who, password);
}

Result<Session> refresh(LiveEngine& engine, const std::string& token) {
  return service::refresh_session(*engine, token);
}

bool is_invalid(const Result<Session>& result) {
  return !result.ok() && result.error().reason == Reason::kInvalidToken;
}

}  // namespace

TEST_CASE("a login opens a session by e-mail or username", "[sessions]") {
  LiveEngine engine;
  const auto hash = service::hash_new_password(*engine, LiveEngine::kPassword);
  REQUIRE(engine
              .run<service::UserChange>([&](store::Tx& tx) {
                return service::create_user(
                    tx, *engine, service::Caller::anonymous(),
                    {.email = kEmail, .username = "ada", .password_hash = *hash});
              })
              .ok());
  for (const char* who : {"ada@example.com", " ADA@Example.com", "ada"}) {
    CAPTURE(who);
    const auto session = log_in(engine, who);
    REQUIRE(session.ok());
    CHECK(session->expires_in_s == 3600);
    CHECK(session->user.email == kEmail);
    CHECK(service::authenticate(*engine, session->access_token)->actor == "user:1");
  }
}

TEST_CASE("a wrong password, an unknown and an inactive account get the same answer",
          "[sessions]") {
  LiveEngine engine;
  engine.make_user(kEmail);
  const auto idle = engine.make_user("idle@example.com");
  REQUIRE(engine
              .run<service::UserChange>([&](store::Tx& tx) {
                return service::update_user(tx, *engine, service::Caller::cli(), idle.id,
                                            {.active = false});
              })
              .ok());
  const std::vector<Result<Session>> refused = {log_in(engine, kEmail, "wrong horse 1"),
                                                log_in(engine, "nobody@example.com"),
                                                log_in(engine, "nobody"),
                                                log_in(engine, "idle@example.com"),
                                                log_in(engine, "@@"),
                                                log_in(engine, kEmail, "")};
  for (const auto& result : refused) {
    REQUIRE_FALSE(result.ok());
    CHECK(result.error().reason == Reason::kInvalidCredentials);
    CHECK(result.error().message.empty());
  }
  CHECK(engine.number("SELECT count(*) FROM refresh_tokens") == 0);
}

TEST_CASE("an old hash is made anew at the next login and ends no session", "[sessions]") {
  LiveEngine engine;
  engine.make_user(kEmail);
  const auto before = log_in(engine);
  REQUIRE(before.ok());
  auto dearer = test::cheap_passwords();
  dearer.ops = 2;
  engine.restart(dearer);
  REQUIRE(log_in(engine).ok());
  const auto user = service::read_user(*engine, {1});
  CHECK_FALSE(engine->passwords().needs_rehash(user->password_hash));
  CHECK(service::authenticate(*engine, before->access_token).ok());
  CHECK(refresh(engine, before->refresh_token).ok());
}

TEST_CASE("a refresh token is used once and names its successor", "[sessions]") {
  LiveEngine engine;
  engine.make_user(kEmail);
  const auto first = log_in(engine);
  const auto second = refresh(engine, first->refresh_token);
  REQUIRE(second.ok());
  CHECK(second->refresh_token != first->refresh_token);
  CHECK(service::authenticate(*engine, second->access_token).ok());
  const auto third = refresh(engine, second->refresh_token);
  REQUIRE(third.ok());

  SECTION("the second use of an older one ends the whole family") {
    CHECK(is_invalid(refresh(engine, first->refresh_token)));
    CHECK(is_invalid(refresh(engine, third->refresh_token)));
    CHECK(engine.number("SELECT count(*) FROM refresh_tokens") == 0);
  }
  SECTION("another login of the same account is another family") {
    const auto other = log_in(engine);
    CHECK(is_invalid(refresh(engine, first->refresh_token)));
    CHECK(refresh(engine, other->refresh_token).ok());
  }
  SECTION("a logout ends the family, with whichever of its tokens") {
    REQUIRE(service::log_out(*engine, second->refresh_token).ok());
    CHECK(is_invalid(refresh(engine, third->refresh_token)));
    CHECK(service::log_out(*engine, second->refresh_token).ok());
    CHECK(service::log_out(*engine, "nonsense").ok());
  }
}

TEST_CASE("a client that lost our answer gets the same successor for ten seconds", "[sessions]") {
  LiveEngine engine;
  engine.make_user(kEmail);
  const auto first = log_in(engine);
  const auto second = refresh(engine, first->refresh_token);

  engine.clock().advance(9'999);
  CHECK(refresh(engine, first->refresh_token)->refresh_token == second->refresh_token);

  SECTION("not later") {
    engine.clock().advance(1);
    CHECK(is_invalid(refresh(engine, first->refresh_token)));
    CHECK(is_invalid(refresh(engine, second->refresh_token)));
  }
  SECTION("not once the successor was used") {
    CHECK(refresh(engine, second->refresh_token).ok());
    CHECK(is_invalid(refresh(engine, first->refresh_token)));
  }
  SECTION("also after a restart in between") {
    engine.restart();
    CHECK(refresh(engine, first->refresh_token)->refresh_token == second->refresh_token);
  }
}

TEST_CASE("of 32 parallel refreshes of one token all get the one successor",
          "[sessions][concurrency]") {
  LiveEngine engine;
  engine.make_user(kEmail);
  const auto first = log_in(engine);
  std::mutex mutex;
  std::multiset<std::string> successors;
  std::vector<std::thread> threads;
  for (int i = 0; i < 32; ++i) {
    threads.emplace_back([&] {
      const auto next = refresh(engine, first->refresh_token);
      const std::lock_guard lock(mutex);
      successors.insert(next.ok() ? next->refresh_token : "refused");
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(successors.size() == 32);
  CHECK(std::set<std::string>(successors.begin(), successors.end()).size() == 1);
  CHECK(engine.number("SELECT count(*) FROM refresh_tokens") == 2);
  CHECK(engine.number("SELECT count(*) FROM refresh_tokens WHERE used_at IS NULL") == 1);
  CHECK(refresh(engine, *successors.begin()).ok());
}

TEST_CASE("a refresh token lives 30 days, an access token an hour", "[sessions]") {
  LiveEngine engine;
  engine.make_user(kEmail);
  const auto session = log_in(engine);
  REQUIRE(service::authenticate(*engine, session->access_token).ok());
  engine.clock().advance(3600 * 1000 + 29'000);
  CHECK(service::authenticate(*engine, session->access_token).ok());
  engine.clock().advance(2'000);
  CHECK_FALSE(service::authenticate(*engine, session->access_token).ok());

  engine.clock().advance(30 * core::kMsPerDay - 3600 * 1000 - 31'001);
  const auto next = refresh(engine, session->refresh_token);
  CHECK(next.ok());
  engine.clock().advance(30 * core::kMsPerDay);
  CHECK(is_invalid(refresh(engine, next->refresh_token)));
}

TEST_CASE("nothing but a session or an API key is taken for one", "[sessions]") {
  LiveEngine engine;
  engine.make_user(kEmail);
  const auto session = log_in(engine);
  const std::string coupon =
      engine->tokens().sign_coupon({.campaign_uuid = "c",
                                    .code = "X",
                                    .token_number = 1,
                                    .user_id = session->user.uuid,
                                    .issued_at = engine.clock().now(),
                                    .expires_at = engine.clock().now() + 60'000});
  std::string changed = session->access_token;
  changed[changed.size() / 2] = changed[changed.size() / 2] == 'A' ? 'B' : 'A';
  for (const std::string& token :
       {session->refresh_token, coupon, changed, std::string(), std::string("ck_"),
        std::string("a.b.c"), std::string(100'000, 'a'), session->access_token + "="}) {
    CAPTURE(token.substr(0, 40));
    const auto caller = service::authenticate(*engine, token);
    REQUIRE_FALSE(caller.ok());
    CHECK(caller.error().reason == Reason::kInvalidToken);
  }
  CHECK(is_invalid(refresh(engine, session->access_token)));
}

TEST_CASE("what is stored of a refresh token is not the token", "[sessions]") {
  LiveEngine engine;
  engine.make_user(kEmail);
  const auto session = log_in(engine);
  const auto bytes = core::from_base64url(session->refresh_token).value();
  core::Digest stored{};
  std::copy(bytes.begin(), bytes.end(), stored.begin());
  const auto found = engine->readers().read<bool>([&](store::Connection& db) -> Result<bool> {
    return store::find_refresh_token(db, stored).has_value();
  });
  CHECK_FALSE(*found);
}

TEST_CASE("tokens that have run out are forgotten, others are not", "[sessions]") {
  LiveEngine engine;
  engine.make_user(kEmail);
  for (int i = 0; i < 450; ++i) REQUIRE(log_in(engine).ok());
  engine.clock().advance(15 * core::kMsPerDay);
  const auto young = log_in(engine);
  engine.clock().advance(15 * core::kMsPerDay);
  CHECK(*service::purge_expired(*engine) == 450);
  CHECK(engine.number("SELECT count(*) FROM refresh_tokens") == 1);
  CHECK(refresh(engine, young->refresh_token).ok());
}

TEST_CASE("a session's state is read once and then remembered", "[sessions]") {
  service::UserCache cache;
  int loads = 0;
  const auto load = [&]() -> Result<service::AccountState> {
    ++loads;
    return service::AccountState{.active = true, .epoch = loads};
  };
  CHECK(cache.account({7}, load)->epoch == 1);
  CHECK(cache.account({7}, load)->epoch == 1);
  cache.account_changed({.id = {7}, .token_epoch = 9});
  CHECK(cache.account({7}, load)->epoch == 9);
  CHECK(loads == 1);
}

TEST_CASE("a state read before a change is not remembered after it", "[sessions]") {
  service::UserCache cache;
  const auto slow = [&]() -> Result<service::AccountState> {
    cache.account_changed({.id = {7}, .token_epoch = 2});  // committed while we were reading
    return service::AccountState{.active = true, .epoch = 1};
  };
  CHECK(cache.account({7}, slow)->epoch == 1);
  const auto never = []() -> Result<service::AccountState> { return Reason::kInternal; };
  CHECK(cache.account({7}, never)->epoch == 2);
}

TEST_CASE("the memory of a cache is bounded, and what is in use stays in it", "[sessions]") {
  core::RecentMap<int, int> map(160);
  for (int i = 0; i < 10'000; ++i) {
    map.put(i, i);
    CHECK(*map.find_or_load(0, [] { return Result<int>(0); }) == 0);
  }
  CHECK(map.size() <= 160 + 2 * 16);
  int loads = 0;
  CHECK(*map.find_or_load(0, [&] { return ++loads, Result<int>(0); }) == 0);
  CHECK(loads == 0);
}

namespace {

nlohmann::json payload_of(const std::string& token) {
  const std::size_t first = token.find('.') + 1;
  const auto bytes = core::from_base64url(token.substr(first, token.rfind('.') - first));
  return nlohmann::json::parse(core::as_text(bytes.value()));
}

}  // namespace

TEST_CASE("a session lasts as long as its clients expect and says what they read", "[sessions]") {
  LiveEngine engine;
  const auto user = engine.make_user(kEmail);
  struct Row {
    SessionKind kind;
    std::int64_t access_s;
    nlohmann::json claims;
  };
  const std::int64_t id = user.id.value;
  const std::vector<Row> rows = {
      {SessionKind::kNative, 3600, {{"sub", user.uuid}, {"role", "user"}}},
      {SessionKind::kToken, 86'400, {{"user_id", user.uuid}, {"type", "auth"}, {"role", "USER"}}},
      {SessionKind::kCard, 3600, {{"user_id", id}, {"email", kEmail}}},
      {SessionKind::kBook, 90 * 86'400, {{"sub", user.uuid}}},
      {SessionKind::kStore, 900, {{"sub", id}, {"type", "access"}, {"fresh", false}}},
  };
  std::vector<Session> sessions;
  for (const Row& row : rows) {
    const auto session = service::log_in(*engine, kEmail, LiveEngine::kPassword, false, row.kind);
    REQUIRE(session.ok());
    CHECK(session->expires_in_s == row.access_s);
    const auto payload = payload_of(session->access_token);
    CAPTURE(payload.dump());
    CHECK(payload["exp"].get<std::int64_t>() - payload["iat"].get<std::int64_t>() == row.access_s);
    for (const auto& [name, value] : row.claims.items()) CHECK(payload[name] == value);
    sessions.push_back(*session);
  }
  std::int64_t before = 0;
  for (const std::int64_t s : {0, 929, 931, 3629, 3631, 86'429, 86'431, 90 * 86'400 + 31}) {
    engine.clock().advance((s - std::exchange(before, s)) * core::kMsPerSecond);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      CAPTURE(i, s);
      const auto caller = service::authenticate(*engine, sessions[i].access_token);
      CHECK(caller.ok() == (s < rows[i].access_s + 30));
    }
  }
}

TEST_CASE("the store's refresh token serves its thirty days and no other does", "[sessions]") {
  LiveEngine engine;
  const auto user = engine.make_user(kEmail);
  const auto log_in_as = [&](SessionKind kind) {
    return service::log_in(*engine, kEmail, LiveEngine::kPassword, false, kind).value();
  };
  const Session session = log_in_as(SessionKind::kStore);
  const auto payload = payload_of(session.refresh_token);
  CHECK(payload["type"] == "refresh");
  CHECK(payload["sub"] == user.id.value);
  CHECK(payload["exp"].get<std::int64_t>() - payload["iat"].get<std::int64_t>() == 30 * 86'400);
  CHECK_FALSE(service::authenticate(*engine, session.refresh_token).ok());
  CHECK(is_invalid(refresh(engine, session.refresh_token)));
  CHECK(is_invalid(service::renew_session(*engine, session.access_token)));
  CHECK(is_invalid(service::renew_session(*engine, log_in_as(SessionKind::kNative).refresh_token)));

  for (int day = 0; day < 29; ++day) {
    engine.clock().advance(core::kMsPerDay);
    const auto renewed = service::renew_session(*engine, session.refresh_token);
    REQUIRE(renewed.ok());
    CHECK(renewed->refresh_token == session.refresh_token);
    CHECK(service::authenticate(*engine, renewed->access_token)->actor == "user:1");
  }
  const Session young = log_in_as(SessionKind::kStore);
  engine.clock().advance(core::kMsPerDay);
  CHECK(is_invalid(service::renew_session(*engine, session.refresh_token)));

  REQUIRE(service::renew_session(*engine, young.refresh_token).ok());
  REQUIRE(service::log_out(*engine, young.refresh_token).ok());
  CHECK(is_invalid(service::renew_session(*engine, young.refresh_token)));
  const Session last = log_in_as(SessionKind::kStore);
  REQUIRE(engine
              .run<service::UserChange>([&](store::Tx& tx) {
                return service::update_user(tx, *engine, service::Caller::cli(), user.id,
                                            {.active = false});
              })
              .ok());
  CHECK(is_invalid(service::renew_session(*engine, last.refresh_token)));
  CHECK_FALSE(service::authenticate(*engine, last.access_token).ok());
}
