// Accounts: who may make and change them, what the ledger says of it, and which sessions it ends.
#include "coupond/service/accounts.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "coupond/service/api_keys.h"
#include "coupond/service/sessions.h"
#include "tests/support/bulk_engine.h"
#include "tests/support/live_engine.h"

using namespace coupon;
using core::Reason;
using core::Result;
using service::Caller;
using service::UserChange;
using test::LiveEngine;

namespace {

Result<UserChange> create(LiveEngine& engine, const Caller& caller,
                          const service::NewUser& wanted) {
  return engine.run<UserChange>(
      [&](store::Tx& tx) { return service::create_user(tx, *engine, caller, wanted); });
}

Result<UserChange> update(LiveEngine& engine, const Caller& caller, core::UserId id,
                          const service::UserPatch& patch) {
  return engine.run<UserChange>(
      [&](store::Tx& tx) { return service::update_user(tx, *engine, caller, id, patch); });
}

Result<UserChange> add(LiveEngine& engine, const Caller& caller, core::UserId id,
                       std::int64_t delta, std::string_view reason = "test") {
  return engine.run<UserChange>([&](store::Tx& tx) {
    return service::change_credit(tx, *engine, caller, id, {delta}, reason);
  });
}

store::LedgerRow entry_at(LiveEngine& engine, core::Seq seq) {
  return engine->readers()
      .read<store::LedgerRow>([&](store::Connection& db) -> Result<store::LedgerRow> {
        return store::ledger_row(db, seq).value();
      })
      .value();
}

std::string access_token(LiveEngine& engine, const std::string& email) {
  return service::log_in(*engine, email, LiveEngine::kPassword).value().access_token;
}

}  // namespace

TEST_CASE("an account is stored in canonical form, found by every name, and in the ledger",
          "[accounts]") {
  LiveEngine engine;
  const auto made = create(engine, Caller::anonymous(),
                           {.email = "  Ada@Example.COM ", .username = "ada", .name = "Ada"});
  REQUIRE(made.ok());
  CHECK(made->user.email == "ada@example.com");
  CHECK(service::read_user(*engine, made->user.id)->uuid == made->user.uuid);

  const auto row = entry_at(engine, made->seq);
  CHECK(row.operation == "user.create");
  CHECK(row.actor == "anonymous");
  CHECK(row.user_id == made->user.id);
}

TEST_CASE("an e-mail and a username belong to one account", "[accounts]") {
  LiveEngine engine;
  REQUIRE(create(engine, Caller::anonymous(), {.email = "a@b.de", .username = "ada"}).ok());
  CHECK(test::reason_of(create(engine, Caller::anonymous(), {.email = "A@B.de "})) ==
        Reason::kEmailTaken);
  CHECK(test::reason_of(create(engine, Caller::anonymous(),
                               {.email = "c@b.de", .username = "ada"})) == Reason::kUsernameTaken);
  CHECK(test::reason_of(create(engine, Caller::anonymous(), {.email = "no address"})) ==
        Reason::kInvalidRequest);
  CHECK(test::reason_of(create(engine, Caller::anonymous(),
                               {.email = "d@b.de", .username = "a@b"})) == Reason::kInvalidRequest);
  CHECK(engine.number("SELECT count(*) FROM users") == 1);
  CHECK(engine.number("SELECT max(seq) FROM ledger WHERE operation = 'user.create'") ==
        engine.number("SELECT min(seq) FROM ledger WHERE operation = 'user.create'"));
}

TEST_CASE("of many who race for one e-mail exactly one gets it", "[accounts][concurrency]") {
  LiveEngine engine;
  std::atomic<int> made = 0;
  std::atomic<int> taken = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      const auto result = create(engine, Caller::anonymous(), {.email = "a@b.de"});
      if (result.ok()) ++made;
      if (!result.ok() && result.error().reason == Reason::kEmailTaken) ++taken;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(made == 1);
  CHECK(taken == 15);
}

TEST_CASE("only an administrator gives roles and credit", "[accounts]") {
  LiveEngine engine;
  const auto ada = engine.make_user("ada@example.com");
  const auto staff = engine.make_user("staff@example.com", domain::Role::kStaff);
  const auto admin = engine.make_user("admin@example.com", domain::Role::kAdmin);
  const Caller as_ada = Caller::user(ada.id, ada.role);
  const Caller as_staff = Caller::user(staff.id, staff.role);
  const Caller as_admin = Caller::user(admin.id, admin.role);

  for (const Caller& caller : {Caller::anonymous(), as_ada, as_staff}) {
    CAPTURE(caller.actor);
    CHECK(test::reason_of(
              create(engine, caller, {.email = "x@y.de", .role = domain::Role::kAdmin})) ==
          Reason::kForbidden);
    CHECK(test::reason_of(create(engine, caller, {.email = "x@y.de", .credit = {1}})) ==
          Reason::kForbidden);
    CHECK(test::reason_of(update(engine, caller, ada.id, {.role = domain::Role::kAdmin})) ==
          Reason::kForbidden);
    CHECK(test::reason_of(update(engine, caller, ada.id, {.active = false})) == Reason::kForbidden);
    CHECK(test::reason_of(add(engine, caller, ada.id, 5)) == Reason::kForbidden);
  }
  CHECK(test::reason_of(update(engine, as_ada, staff.id, {.name = "Mallory"})) ==
        Reason::kForbidden);
  CHECK(update(engine, as_ada, ada.id, {.name = "Ada"})->user.name == "Ada");
  CHECK(update(engine, as_admin, ada.id, {.role = domain::Role::kStaff})->user.role ==
        domain::Role::kStaff);
}

TEST_CASE("credit goes up and down, never below zero, always with a reason", "[accounts]") {
  LiveEngine engine;
  const auto ada = engine.make_user("ada@example.com");
  const auto first = add(engine, Caller::cli(), ada.id, 100, "welcome");
  REQUIRE(first.ok());
  CHECK(first->user.credit.value == 100);
  const auto row = entry_at(engine, first->seq);
  CHECK(row.operation == "user.credit");
  CHECK(row.credit.value == 100);
  CHECK(row.detail == "welcome");
  CHECK(row.actor == "cli");

  const auto below = add(engine, Caller::cli(), ada.id, -101);
  CHECK(test::reason_of(below) == Reason::kInsufficientCredit);
  CHECK(below.error().number == 100);
  CHECK(add(engine, Caller::cli(), ada.id, -100)->user.credit.value == 0);
  CHECK(test::reason_of(add(engine, Caller::cli(), ada.id, 0)) == Reason::kInvalidRequest);
  CHECK(test::reason_of(add(engine, Caller::cli(), ada.id, 1, "")) == Reason::kInvalidRequest);
  CHECK(test::reason_of(add(engine, Caller::cli(), ada.id, INT64_MAX)) == Reason::kInvalidRequest);
  CHECK(test::reason_of(add(engine, Caller::cli(), ada.id, INT64_MIN)) ==
        Reason::kInsufficientCredit);
  CHECK(test::reason_of(add(engine, Caller::cli(), {99}, 1)) == Reason::kUnknownUser);
  CHECK(engine.number("SELECT credit FROM balances") == 0);
}

TEST_CASE("a balance holds whatever many threads take from it at once", "[accounts][concurrency]") {
  LiveEngine engine;
  const auto ada = engine.make_user("ada@example.com");
  REQUIRE(add(engine, Caller::cli(), ada.id, 50).ok());
  std::atomic<int> taken = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 10; ++k) taken += add(engine, Caller::cli(), ada.id, -1).ok() ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(taken == 50);
  CHECK(engine.number("SELECT credit FROM balances") == 0);
  CHECK(engine.number("SELECT sum(credit) FROM ledger") == 0);
}

TEST_CASE("a change of password, role or active ends the account's sessions at once",
          "[accounts]") {
  LiveEngine engine;
  const auto ada = engine.make_user("ada@example.com");
  const auto bob = engine.make_user("bob@example.com");
  const auto session = service::log_in(*engine, "ada@example.com", LiveEngine::kPassword);
  const std::string bobs = access_token(engine, "bob@example.com");
  REQUIRE(session.ok());
  REQUIRE(service::authenticate(*engine, session->access_token).ok());  // cached from here on
  REQUIRE(service::authenticate(*engine, bobs).ok());

  SECTION("password") {
    const std::string hash = *service::hash_new_password(*engine, "another pass 2");
    REQUIRE(engine
                .run<UserChange>([&](store::Tx& tx) {
                  return service::change_password(tx, *engine, Caller::user(ada.id, ada.role),
                                                  ada.id, hash, ada.password_hash);
                })
                .ok());
    CHECK(service::log_in(*engine, "ada@example.com", "another pass 2").ok());
    CHECK_FALSE(service::log_in(*engine, "ada@example.com", LiveEngine::kPassword).ok());
  }
  SECTION("role") {
    REQUIRE(update(engine, Caller::cli(), ada.id, {.role = domain::Role::kStaff}).ok());
  }
  SECTION("active") {
    REQUIRE(update(engine, Caller::cli(), ada.id, {.active = false}).ok());
    CHECK_FALSE(service::log_in(*engine, "ada@example.com", LiveEngine::kPassword).ok());
  }
  const auto refused = service::authenticate(*engine, session->access_token);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().reason == Reason::kInvalidToken);
  CHECK_FALSE(service::refresh_session(*engine, session->refresh_token).ok());
  CHECK(service::authenticate(*engine, bobs)->is(bob.id));
}

TEST_CASE("a change of name or credit ends nothing", "[accounts]") {
  LiveEngine engine;
  const auto ada = engine.make_user("ada@example.com");
  const std::string token = access_token(engine, "ada@example.com");
  REQUIRE(update(engine, Caller::cli(), ada.id, {.name = "Ada"}).ok());
  REQUIRE(update(engine, Caller::cli(), ada.id, {.role = domain::Role::kUser}).ok());
  REQUIRE(add(engine, Caller::cli(), ada.id, 1).ok());
  CHECK(service::authenticate(*engine, token)->is(ada.id));
}

TEST_CASE("a password changes only for whoever proved the one that still holds", "[accounts]") {
  LiveEngine engine;
  const auto ada = engine.make_user("ada@example.com");
  const auto bob = engine.make_user("bob@example.com");
  const auto change = [&](const Caller& caller, const std::optional<std::string>& proven) {
    return engine.run<UserChange>([&](store::Tx& tx) {
      return service::change_password(tx, *engine, caller, ada.id, "$new", proven);
    });
  };
  CHECK(test::reason_of(change(Caller::user(bob.id, bob.role), std::nullopt)) ==
        Reason::kForbidden);
  CHECK(test::reason_of(change(Caller::user(ada.id, ada.role), "$stale")) ==
        Reason::kInvalidCredentials);
  CHECK(change(Caller::user(ada.id, ada.role), ada.password_hash)->user.token_epoch == 2);
  CHECK(change(Caller::cli(), std::nullopt)->user.token_epoch == 3);
}

TEST_CASE("there is a first administrator once, and always a last one", "[accounts]") {
  LiveEngine engine;
  std::atomic<int> made = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      const auto result = engine.run<UserChange>([&](store::Tx& tx) {
        return service::create_first_admin(tx, *engine,
                                           {.email = "admin" + std::to_string(i) + "@example.com"});
      });
      made += result.ok() ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(made == 1);
  CHECK(engine.number("SELECT count(*) FROM users WHERE role = 'admin'") == 1);

  const core::UserId id{engine.number("SELECT id FROM users")};
  CHECK(test::reason_of(update(engine, Caller::cli(), id, {.active = false})) ==
        Reason::kForbidden);
  CHECK(test::reason_of(update(engine, Caller::cli(), id, {.role = domain::Role::kUser})) ==
        Reason::kForbidden);
  engine.make_user("second@example.com", domain::Role::kAdmin);
  CHECK(update(engine, Caller::cli(), id, {.role = domain::Role::kUser}).ok());
}

TEST_CASE("an API key works for what it was made for, until it is revoked", "[accounts]") {
  LiveEngine engine;
  const auto make = [&](const Caller& caller) {
    return engine.run<service::NewApiKey>([&](store::Tx& tx) {
      return service::create_api_key(tx, *engine, caller, "till",
                                     service::Scopes().with(service::Scope::kRedeem));
    });
  };
  CHECK_FALSE(make(Caller::user({1}, domain::Role::kStaff)).ok());
  const auto made = make(Caller::cli());
  REQUIRE(made.ok());
  CHECK(made->secret.substr(0, 3) == "ck_");
  CHECK(made->secret.size() == 46);
  CHECK(made->key.hint == made->secret.substr(42));

  const auto caller = service::authenticate(*engine, made->secret);
  REQUIRE(caller.ok());
  CHECK(caller->actor == "key:1");
  CHECK(caller->may(service::Scope::kRedeem));
  CHECK_FALSE(caller->may(service::Scope::kIssue));
  CHECK_FALSE(caller->user_id.has_value());
  std::string other = made->secret;
  other.back() = other.back() == 'A' ? 'B' : 'A';
  CHECK_FALSE(service::authenticate(*engine, other).ok());

  const auto revoke = [&] {
    return engine.run<service::RevokedApiKey>([&](store::Tx& tx) {
      return service::revoke_api_key(tx, *engine, Caller::cli(), made->key.id);
    });
  };
  REQUIRE(revoke().ok());
  CHECK(service::authenticate(*engine, made->secret).error().reason == Reason::kInvalidToken);
  CHECK(revoke().error().reason == Reason::kUnknownApiKey);
  CHECK(engine.number("SELECT count(*) FROM ledger WHERE operation LIKE 'api_key.%'") == 2);
}

TEST_CASE("what an administrator's key made ends with it, and people stay in charge",
          "[accounts]") {
  LiveEngine engine;
  const auto owner = engine.make_user("owner@example.com", domain::Role::kAdmin);
  const auto make_key = [&](const Caller& caller) {
    return engine
        .run<service::NewApiKey>([&](store::Tx& tx) {
          return service::create_api_key(tx, *engine, caller, "robot",
                                         service::Scopes().with(service::Scope::kAdmin));
        })
        .value();
  };
  const auto key = make_key(Caller::user(owner.id, owner.role));
  const Caller robot = service::authenticate(*engine, key.secret).value();
  // An account that it makes, a key which that makes, and an account of that one's again.
  const auto hash = service::hash_new_password(*engine, LiveEngine::kPassword).value();
  const auto make_admin = [&](const Caller& caller, const std::string& email) {
    return create(engine, caller,
                  {.email = email, .password_hash = hash, .role = domain::Role::kAdmin})
        .value()
        .user;
  };
  const auto first = make_admin(robot, "first@example.com");
  CHECK(first.made_by_key == key.key.id);
  const auto second_key = make_key(Caller::user(first.id, first.role));
  const Caller second_robot = service::authenticate(*engine, second_key.secret).value();
  const auto second = make_admin(second_robot, "second@example.com");

  // Neither can take the shop from its owner, in any way.
  for (const Caller& caller : {robot, Caller::user(first.id, first.role), second_robot,
                               Caller::user(second.id, second.role)}) {
    CHECK(test::reason_of(update(engine, caller, owner.id, {.active = false})) ==
          Reason::kForbidden);
    CHECK(test::reason_of(update(engine, caller, owner.id, {.role = domain::Role::kUser})) ==
          Reason::kForbidden);
    CHECK(test::reason_of(engine.run<UserChange>([&](store::Tx& tx) {
            return service::change_password(tx, *engine, caller, owner.id, hash, std::nullopt);
          })) == Reason::kForbidden);
  }
  const std::string session = access_token(engine, "first@example.com");
  CHECK(service::authenticate(*engine, session).ok());

  const auto revoked = engine.run<service::RevokedApiKey>([&](store::Tx& tx) {
    return service::revoke_with_made(tx, *engine, Caller::user(owner.id, owner.role), key.key.id);
  });
  REQUIRE(revoked.ok());
  CHECK_FALSE(service::authenticate(*engine, key.secret).ok());
  CHECK_FALSE(service::authenticate(*engine, second_key.secret).ok());
  CHECK_FALSE(service::authenticate(*engine, session).ok());
  CHECK_FALSE(service::log_in(*engine, "first@example.com", LiveEngine::kPassword).ok());
  CHECK_FALSE(service::log_in(*engine, "second@example.com", LiveEngine::kPassword).ok());
  CHECK(service::log_in(*engine, "owner@example.com", LiveEngine::kPassword).ok());
  CHECK(engine.number("SELECT count(*) FROM users WHERE role = 'admin' AND active") == 1);
}

TEST_CASE("the machine's owner gets the account of their address, whoever was quicker",
          "[accounts]") {
  LiveEngine engine;
  const auto squatter =
      create(engine, Caller::anonymous(),
             {.email = "owner@example.com",
              .username = "mallory",
              .password_hash = *service::hash_new_password(*engine, "squatter 1")});
  REQUIRE(squatter.ok());
  const auto hash = service::hash_new_password(*engine, LiveEngine::kPassword);
  const auto first = engine.run<UserChange>([&](store::Tx& tx) {
    return service::create_first_admin(tx, *engine,
                                       {.email = "Owner@example.com", .password_hash = *hash});
  });
  REQUIRE(first.ok());
  CHECK(first->user.id == squatter->user.id);
  CHECK(first->user.role == domain::Role::kAdmin);
  CHECK(first->user.token_epoch > squatter->user.token_epoch);
  CHECK_FALSE(access_token(engine, "owner@example.com").empty());
  CHECK_FALSE(service::log_in(*engine, "owner@example.com", "squatter 1").ok());
  CHECK(engine
            .run<UserChange>([&](store::Tx& tx) {
              return service::create_first_admin(
                  tx, *engine, {.email = "b@example.com", .password_hash = *hash});
            })
            .error()
            .reason == Reason::kForbidden);
}
