// Goal: the list of a user's redemptions, which is a chain through them, and their number, which is
// kept where there is a cap, are right after any history, cost what they give, and are audited.
#include <sqlite3.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "coupond/service/coupons.h"
#include "coupond/store/audit.h"
#include "coupond/store/redemptions.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/history.h"
#include "tests/support/sqlite_steps.h"
#include "tests/support/temp_dir.h"

using namespace coupon;
using store::Connection;
using store::Query;
using test::EngineFixture;
using test::relaxed;
using test::steps_of;

namespace {

// What verify says of a copy of the file after `sql`, with all triggers out of the way.
std::string verdict(const std::string& file, const std::string& sql) {
  const test::TempDir aside;
  std::filesystem::copy_file(file, aside / "copy.db");
  Connection connection(aside / "copy.db", Connection::Access::kReadWrite);
  connection.exec("PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF");
  std::vector<std::string> triggers;
  {
    Query query(connection, "SELECT name FROM sqlite_schema WHERE type = 'trigger'");
    while (query.next()) triggers.push_back(query.text(0));
  }
  for (const std::string& name : triggers) connection.exec("DROP TRIGGER " + name);
  connection.exec(sql);
  if (sqlite3_changes(connection.handle()) == 0) return "nothing was changed";
  const auto report = store::verify(connection, {.verifier = test::test_verifier()});
  return report.first_divergence.value_or("");
}

// By one user of a campaign with a cap, one of them undone.
void redeem_thrice(EngineFixture& fixture) {
  const auto user = fixture.make_user(0);
  const auto campaign = fixture.make_campaign(
      domain::Mode::kCard, {.max_redemptions_per_coupon = 1, .max_redemptions_per_user = 3});
  core::Seq last{};
  for (const auto& code : fixture.make_codes(campaign, 3)) {
    const auto done = fixture.run<service::Redeemed>([&](store::Tx& tx) {
      return service::redeem(tx, service::Caller::cli(), {.code = code.hash, .user_id = user});
    });
    REQUIRE(done.ok());
    last = done->redemption.id;
  }
  auto connection = fixture.open(Connection::Access::kReadOnly);
  CHECK(store::count_redemptions(connection, campaign, user) == 3);
  REQUIRE(fixture
              .run<service::RolledBack>([&](store::Tx& tx) {
                return service::roll_back(tx, service::Caller::cli(), last, {});
              })
              .ok());
  CHECK(store::count_redemptions(connection, campaign, user) == 2);
  CHECK(store::most_redemptions_of_a_user(connection, campaign) == 2);
}

}  // namespace

TEST_CASE("verify names a redemption that is out of its user's line, or miscounted", "[audit]") {
  EngineFixture fixture(relaxed(7));
  test::History history(fixture, 7);
  history.set_up();
  history.run(2000);
  redeem_thrice(fixture);
  fixture.stop();
  CHECK(verdict(fixture.path(), "UPDATE users SET name = 'x' WHERE id = 1").empty());
  const std::pair<const char*, const char*> edits[] = {
      {"UPDATE redemptions SET user_prev = NULL WHERE id = (SELECT max(id) FROM redemptions "
       "WHERE user_prev > 0)",
       ": user_prev is "},
      {"UPDATE redemptions SET user_prev = id WHERE id = (SELECT min(id) FROM redemptions)",
       ": user_prev is "},
      {"UPDATE balances SET last_redemption = NULL "
       "WHERE user_id = (SELECT max(user_id) FROM redemptions)",
       ": last_redemption is "},
      {"DELETE FROM user_redemptions WHERE standing > 0", "user_redemptions miscounts"},
      {"UPDATE user_redemptions SET standing = standing + 1", "user_redemptions miscounts"},
      {"INSERT INTO user_redemptions SELECT id, 1, 7 FROM campaigns WHERE max_redemptions_per_user "
       "IS NULL LIMIT 1",
       "user_redemptions miscounts"}};
  for (const auto& [sql, told] : edits) {
    INFO(sql);
    CHECK_THAT(verdict(fixture.path(), sql), Catch::Contains(told));
  }
}

TEST_CASE("a page of a user's redemptions costs the same wherever it begins", "[cost]") {
  EngineFixture fixture(relaxed(7));
  const auto user = fixture.make_user(0);
  const std::int64_t first = fixture.writer().committed_seq().value + 1;
  // Only what lists look at: rows in line, each with a coupon of its own making.
  fixture.shell(
      "PRAGMA foreign_keys = OFF;"
      "CREATE TEMP TABLE n AS WITH RECURSIVE n (i) AS (SELECT " +
      std::to_string(first) + " UNION ALL SELECT i + 1 FROM n WHERE i < " +
      std::to_string(first + 2999) +
      ") SELECT i FROM n;"
      "INSERT INTO redemptions (id, coupon_id, campaign_id, user_id, amount, reward_kind, "
      "reward_value, redeemed_at, user_prev) SELECT i, 1, 1, " +
      std::to_string(user.value) + ", 0, 'none', 0, i, nullif(i - 1, " + std::to_string(first - 1) +
      ") FROM n");
  auto connection = fixture.open(Connection::Access::kReadOnly);
  const auto page = [&](std::int64_t before) {
    return steps_of(connection, [&] {
      const auto found =
          store::list_redemptions(connection, {.user = user, .before = {before}, .limit = 10});
      REQUIRE(found.redemptions.size() == 10);
      CHECK(found.redemptions.front().id.value == (before == 0 ? first + 2999 : before - 1));
      CHECK(found.next == found.redemptions.back().id);
    });
  };
  const std::int64_t newest = page(0);
  CHECK(page(first + 20) <= newest + 5);
  CHECK(page(first + 1500) <= newest + 5);
  // The oldest page says that it is the last.
  const auto last =
      store::list_redemptions(connection, {.user = user, .before = {first + 5}, .limit = 10});
  CHECK(last.redemptions.size() == 5);
  CHECK_FALSE(last.next);
  // Behind an id that is not this user's own, the newest are looked through and no more.
  const auto strange = store::list_redemptions(
      connection, {.user = user, .before = {1}, .limit = 10, .scan_max = 50});
  CHECK(strange.redemptions.empty());
}
