// Goal: what an operation costs follows what it touches, not what has gathered in the database; and
// lists give what a sorted query would. Method: statements' own counts of steps, never a clock.

#include <catch2/catch.hpp>
#include <filesystem>
#include <limits>

#include "coupond/core/ids.h"
#include "coupond/service/campaigns.h"
#include "coupond/service/sessions.h"
#include "coupond/store/coupons.h"
#include "coupond/store/redemptions.h"
#include "coupond/store/users.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/history.h"
#include "tests/support/live_engine.h"
#include "tests/support/sqlite_steps.h"

using namespace coupon;
using store::Connection;
using store::Query;
using test::EngineFixture;
using test::steps_of;

namespace {

constexpr std::int64_t kNewest = std::numeric_limits<std::int64_t>::max();
constexpr char kCouponsSorted[] = "SELECT id FROM coupons WHERE user_id = ? ORDER BY id DESC";
constexpr char kRedemptionsSorted[] =
    "SELECT id FROM redemptions WHERE user_id = ? ORDER BY id DESC";

std::vector<std::int64_t> ids(Connection& connection, const char* sql, std::int64_t user) {
  std::vector<std::int64_t> found;
  Query query(connection, sql, user);
  while (query.next()) found.push_back(query.integer(0));
  return found;
}

// So many rows of one user's in one campaign, without the trouble of making them properly.
void fill(EngineFixture& fixture, std::int64_t user, std::int64_t campaign, int rows) {
  fixture.shell("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
                std::to_string(rows) +
                ") INSERT INTO coupons (campaign_id, number, code_hash, code_sealed, state, "
                "user_id, last_seq)"
                " SELECT " +
                std::to_string(campaign) + ", 1000 + i, randomblob(24), x'00', 'assigned', " +
                std::to_string(user) + ", 1 FROM n");
}

}  // namespace

TEST_CASE("a user's lists are what sorting all of them would give", "[cost]") {
  EngineFixture fixture({.writer = {.durability = store::Durability::kRelaxed}});
  test::History history(fixture, 5);
  history.set_up();
  history.run(1500);
  auto connection = fixture.open(Connection::Access::kReadOnly);
  std::size_t coupons_seen = 0;
  std::size_t redemptions_seen = 0;
  const std::int64_t users = fixture.number("SELECT max(id) FROM users");
  for (std::int64_t user = 1; user <= users; ++user) {
    std::vector<std::int64_t> coupons;
    core::CouponId before{kNewest};
    for (;;) {  // in pages
      const auto page = store::list_coupons_of_user(connection, {user}, before, 3);
      for (const auto& coupon : page) coupons.push_back(coupon.id.value);
      if (page.size() < 3) break;
      before = page.back().id;
    }
    CHECK(coupons == ids(connection, kCouponsSorted, user));
    std::vector<std::int64_t> redemptions;
    store::RedemptionFilter filter{.user = core::UserId{user}, .limit = 2};
    for (;;) {
      const auto page = store::list_redemptions(connection, filter);
      for (const auto& redemption : page.redemptions) redemptions.push_back(redemption.id.value);
      if (!page.next) break;
      filter.before = *page.next;
    }
    CHECK(redemptions == ids(connection, kRedemptionsSorted, user));
    coupons_seen += coupons.size();
    redemptions_seen += redemptions.size();
  }
  CHECK(coupons_seen > 50);
  CHECK(redemptions_seen > 20);
  CHECK(fixture.number("SELECT count(*) FROM redemptions WHERE rolled_back_at IS NOT NULL") > 0);
}

TEST_CASE("a page of a user's coupons costs the same behind ten as behind ten thousand", "[cost]") {
  EngineFixture fixture({.writer = {.durability = store::Durability::kRelaxed}});
  const auto user = fixture.make_user(0);
  const auto campaign = fixture.make_campaign(domain::Mode::kClaim, {});
  auto connection = fixture.open(Connection::Access::kReadOnly);
  const auto page = [&] {
    return steps_of(connection, [&] {
      CHECK(store::list_coupons_of_user(connection, user, {kNewest}, 10).size() == 10);
    });
  };
  fill(fixture, user.value, campaign.value, 10);
  const std::int64_t few = page();
  fixture.shell("UPDATE coupons SET number = number + 1000000");
  fill(fixture, user.value, campaign.value, 10'000);
  CHECK(page() <= few + 5);
}

TEST_CASE("a page of claims costs a look-up a row, whatever other coupons there are", "[cost]") {
  EngineFixture fixture({.writer = {.durability = store::Durability::kRelaxed}});
  const auto user = fixture.make_user(0);
  const auto claims = fixture.make_campaign(domain::Mode::kClaim, {});
  const auto pool = fixture.make_campaign(domain::Mode::kPool, {});
  fill(fixture, user.value, claims.value, 30);
  auto connection = fixture.open(Connection::Access::kReadOnly);
  const auto page = [&] {
    return steps_of(connection, [&] {
      CHECK(store::list_claims_of_user(connection, user, {kNewest}, 20).size() == 20);
    });
  };
  const std::int64_t alone = page();
  fill(fixture, user.value, pool.value, 10'000);
  CHECK(page() <= alone + 5);
}

TEST_CASE("issuing without a cap counts nothing", "[cost]") {
  EngineFixture fixture({.writer = {.durability = store::Durability::kRelaxed}});
  const auto user = fixture.make_user(0);
  const auto campaign = fixture.make_campaign(domain::Mode::kClaim, {});
  const auto issue = [&] {
    std::int64_t steps = 0;
    const service::FreshCode code = fixture.fresh_code();
    const auto issued = fixture.run<service::Issued>([&](store::Tx& tx) {
      core::Result<service::Issued> done = core::Reason::kInternal;
      steps = steps_of(tx.db(), [&] {
        const service::Mint mint{fixture.vault(), core::system_random};
        done = service::issue(tx, service::Caller::system(), mint,
                              {.campaign_id = campaign, .user_id = user, .code = code});
      });
      return done;
    });
    REQUIRE(issued.ok());
    return steps;
  };
  issue();
  const std::int64_t few = issue();
  fill(fixture, user.value, campaign.value, 10'000);
  fixture.shell("UPDATE coupons SET number = number - 990 WHERE number > 1000");
  fixture.shell("UPDATE campaigns SET issued = 99999, assigned = 99999");
  fixture.shell("UPDATE campaigns SET issued = 2, assigned = 2");
  CHECK(issue() <= few + 5);
}

TEST_CASE("lowering a cap a user costs the writer what came since it was looked at", "[cost]") {
  EngineFixture fixture({.writer = {.durability = store::Durability::kRelaxed}});
  const auto user = fixture.make_user(0);
  const auto campaign = fixture.make_campaign(domain::Mode::kClaim, {.max_per_user = 9'000});
  const auto issue = [&](core::UserId whom) {
    const service::FreshCode code = fixture.fresh_code();
    REQUIRE(fixture
                .run<service::Issued>([&](store::Tx& tx) {
                  const service::Mint mint{fixture.vault(), core::system_random};
                  return service::issue(tx, service::Caller::system(), mint,
                                        {.campaign_id = campaign, .user_id = whom, .code = code});
                })
                .ok());
  };
  const auto lower_to = [&](std::int64_t cap, const service::MostHad& had, std::int64_t& steps) {
    return fixture.run<service::CampaignWritten>([&](store::Tx& tx) {
      core::Result<service::CampaignWritten> done = core::Reason::kInternal;
      steps = steps_of(tx.db(), [&] {
        done = service::change_campaign(
            tx, service::Caller::system(), campaign,
            [&](domain::Campaign& target) { target.policy.max_per_user = cap; },
            service::Codes::kFollow, had);
      });
      return done;
    });
  };
  auto reader = fixture.open(Connection::Access::kReadOnly);
  issue(user);
  std::int64_t few = 0;
  REQUIRE(lower_to(8'900, service::most_had(reader, campaign), few).ok());
  fixture.make_user(0);
  fill(fixture, fixture.make_user(0).value, campaign.value, 8'000);
  const auto had = service::most_had(reader, campaign);
  CHECK(had.coupons == 8'000);
  std::int64_t many = 0;
  const auto refused = lower_to(7'999, had, many);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().reason == core::Reason::kCapBelowUsed);
  CHECK(refused.error().number == 8'000);
  REQUIRE(lower_to(8'000, had, many).ok());
  CHECK(many <= few + 5);

  // What came after the look counts as well.
  const auto early = service::most_had(reader, campaign);
  auto quiet = early;
  quiet.coupons = 0;  // as if the other had none
  issue(user);
  std::int64_t steps = 0;
  CHECK(lower_to(1, quiet, steps).error().number == 2);
}

TEST_CASE("whether somebody is the last administrator does not depend on how many users there are",
          "[cost]") {
  EngineFixture fixture({.writer = {.durability = store::Durability::kRelaxed}});
  fixture.shell(
      "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT INTO "
      "users (uuid, email, email_key, role, password_hash, created_at) SELECT 'u' || i, 'e' || i, "
      "'e' || i, iif(i = 2500, 'admin', 'user'), 'x', 1 FROM n");
  auto connection = fixture.open(Connection::Access::kReadOnly);
  const auto ask = [&] {
    return store::admin_exists(connection) && !store::has_other_admin(connection, {2500}) &&
           store::has_other_admin(connection, {1});
  };
  CHECK(ask());  // and SQLite has read the schema
  CHECK(steps_of(connection, ask) < 20);
}

TEST_CASE("a thousand campaigns of one name get names of their own", "[cost]") {
  test::LiveEngine engine;
  for (int i = 1; i <= 300; ++i) {
    const auto made = engine.run<service::CampaignWritten>([&](store::Tx& tx) {
      return service::create_campaign(
          tx, service::Caller::cli(),
          {.uuid = core::uuid4(core::system_random), .mode = domain::Mode::kCard, .name = "Sale"});
    });
    REQUIRE(made.ok());
    CHECK(made->campaign.slug == (i == 1 ? "sale" : "sale-" + std::to_string(i)));
  }
}

TEST_CASE("whatever has run out goes in one tidying, however much it is", "[cost]") {
  test::LiveEngine engine;
  constexpr int kRows = 30'000;
  store::Connection connection(engine.directory().path() + "/data/coupond.db",
                               Connection::Access::kReadWrite);
  connection.exec(
      "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
      std::to_string(kRows) +
      ") INSERT INTO idempotency (key_hash, request, reply, created_at) SELECT randomblob(32), "
      "zeroblob(32), x'00', 1 FROM n");
  int slices = 0;
  const auto gone = service::purge_expired(*engine, [&] { return ++slices > 0; });
  REQUIRE(gone.ok());
  CHECK(*gone == kRows);
  CHECK(slices > 100);
  CHECK(engine.number("SELECT count(*) FROM idempotency") == 0);
  // It ends when it is told to.
  connection.exec("INSERT INTO idempotency VALUES (zeroblob(32), zeroblob(32), x'00', 1)");
  CHECK(*service::purge_expired(*engine, [] { return false; }) == 0);
}

TEST_CASE("the sums over all campaigns are those of the table, at a start and after changes",
          "[cost]") {
  test::LiveEngine engine;
  const auto user = engine.make_user("ann@example.com");
  const auto campaign = engine.run<service::CampaignWritten>([&](store::Tx& tx) {
    return service::create_campaign(
        tx, service::Caller::cli(),
        {.uuid = core::uuid4(core::system_random), .mode = domain::Mode::kClaim, .name = "Stock"});
  });
  const auto issue = [&] {
    const service::Mint mint{engine->vault(), engine->random()};
    const auto request = service::prepare_issue(mint, campaign->campaign, user.id);
    return engine.run<service::Issued>(
        [&](store::Tx& tx) { return service::issue(tx, service::Caller::cli(), mint, *request); });
  };
  for (int i = 0; i < 3; ++i) REQUIRE(issue().ok());
  CHECK(engine->counters().totals().issued == 3);
  CHECK(engine->counters().totals().assigned == 3);
  engine.restart();
  CHECK(engine->counters().totals().issued == 3);
  REQUIRE(issue().ok());
  CHECK(engine->counters().totals().issued == 4);
}

TEST_CASE("a batch forgets campaigns beyond a bound, and counts on", "[cost]") {
  EngineFixture fixture({.writer = {.durability = store::Durability::kRelaxed}});
  const auto user = fixture.make_user(0);
  const auto campaign = fixture.make_campaign(domain::Mode::kClaim, {});
  fixture.shell(
      "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000) INSERT "
      "INTO "
      "campaigns (uuid, slug, mode, name, created_at, updated_at) SELECT 'u' || i, 's' || i, "
      "'card', 'n', 1, 1 FROM n");
  const auto touch_all = fixture.run<core::Done>([&](store::Tx& tx) -> core::Result<core::Done> {
    for (std::int64_t id = 2; id <= 12'000; ++id) CHECK(tx.campaign({id}) != nullptr);
    return core::Done{};
  });
  REQUIRE(touch_all.ok());
  const service::FreshCode code = fixture.fresh_code();
  REQUIRE(fixture
              .run<service::Issued>([&](store::Tx& tx) {
                const service::Mint mint{fixture.vault(), core::system_random};
                return service::issue(tx, service::Caller::system(), mint,
                                      {.campaign_id = campaign, .user_id = user, .code = code});
              })
              .ok());
  CHECK(fixture.number("SELECT issued FROM campaigns WHERE id = " +
                       std::to_string(campaign.value)) == 1);
}
