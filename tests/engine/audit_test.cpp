// Goal: whatever is changed in the file behind the program's back, verify() names it, and it finds
// nothing in a file that only the program wrote. Method: a long random history, then one raw SQL
// statement with all triggers and constraints out of the way, for every kind of thing there is.
#include "coupond/store/audit.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <span>

#include "coupond/core/ids.h"
#include "coupond/service/campaigns.h"
#include "coupond/service/coupons.h"
#include "coupond/store/users.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/history.h"

using namespace coupon;
using test::EngineFixture;
using test::relaxed;

TEST_CASE("an empty database verifies", "[audit]") {
  EngineFixture fixture;
  const store::AuditReport report = fixture.verify();
  INFO(report.first_divergence.value_or(""));
  CHECK(report.ok());
  CHECK(report.entries == 0);
}

namespace {

// Histories here are about what is written, not about surviving a power cut.
// `from` must be checkpointed, so that all of it is in the one file.
void copy_database(const std::string& from, const std::string& to) {
  std::filesystem::remove(to + "-wal");
  std::filesystem::remove(to + "-shm");
  std::filesystem::copy_file(from, to, std::filesystem::copy_options::overwrite_existing);
}

// What a person with the sqlite3 shell and bad intentions does first.
void drop_all_triggers(store::Connection& connection) {
  std::vector<std::string> names;
  {
    store::Query query(connection, "SELECT name FROM sqlite_schema WHERE type = 'trigger'");
    while (query.next()) names.push_back(query.text(0));
  }
  for (const std::string& name : names) connection.exec("DROP TRIGGER " + name);
  connection.exec("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON");
}

struct Tampering {
  const char* sql;
  const char* told;  // part of the sentence
};

class Tampered {
 public:
  Tampered() : fixture_(relaxed(7)) {
    test::History history(fixture_, 7);
    history.set_up();
    history.run(2000);
    fixture_.stop();
  }

  std::string verdict(const std::string& sql, std::int64_t window = 4'000'000) {
    const std::string copy = directory_ / "copy.db";
    copy_database(fixture_.path(), copy);
    store::Connection connection(copy, store::Connection::Access::kReadWrite);
    connection.exec("PRAGMA synchronous = OFF");
    drop_all_triggers(connection);
    connection.exec(sql);
    const auto report = store::verify(connection, {.verifier = test::test_verifier(),
                                                   .vault = &fixture_.vault(),
                                                   .check_file = false,
                                                   .window = window});
    return report.first_divergence.value_or("");
  }

  EngineFixture& fixture() { return fixture_; }

 private:
  EngineFixture fixture_;
  test::TempDir directory_;
};

constexpr Tampering kLedger[] = {
    {"UPDATE ledger SET at = at + 1 WHERE seq = 500", "ledger entry 500"},
    {"UPDATE ledger SET operation = 'coupon.hold' WHERE seq = 500", "ledger entry 500"},
    {"UPDATE ledger SET actor = 'user:9' WHERE seq = 500", "ledger entry 500"},
    {"UPDATE ledger SET campaign_id = 77 WHERE seq = 500", "ledger entry 500"},
    {"UPDATE ledger SET coupon_id = 77777 WHERE seq = 500", "ledger entry 500"},
    {"UPDATE ledger SET user_id = 77777 WHERE seq = 500", "ledger entry 500"},
    {"UPDATE ledger SET units = units + 1 WHERE seq = 500", "ledger entry 500"},
    {"UPDATE ledger SET credit = credit + 1 WHERE seq = 500", "ledger entry 500"},
    {"UPDATE ledger SET days = days + 1 WHERE seq = 500", "ledger entry 500"},
    {"UPDATE ledger SET available = available + 1 WHERE seq = 500", "ledger entry 500"},
    {"UPDATE ledger SET coupon_prev = 77777 WHERE seq = 500", "ledger entry 500"},
    {"UPDATE ledger SET digest = x'00' WHERE seq = 500", "ledger entry 500"},
    {"UPDATE ledger SET detail = 'changed' WHERE seq = 500", "ledger entry 500"},
    {"UPDATE ledger SET hash = zeroblob(32) WHERE seq = 500", "ledger entry 500"},
    {"UPDATE ledger SET actor = 'x' WHERE seq = 1", "ledger entry 1 "},
    {"UPDATE ledger SET hash = zeroblob(32) WHERE seq = (SELECT max(seq) FROM ledger)",
     "its hash is not the one in the signed head"},
    {"UPDATE ledger SET actor = 'x' WHERE seq = (SELECT max(seq) FROM ledger)", "ledger entry"},
    {"DELETE FROM ledger WHERE seq = 500", "ledger entry 500 is missing"},
    {"DELETE FROM ledger WHERE seq = 1", "ledger entry 1 is missing"},
    {"DELETE FROM ledger WHERE seq = (SELECT max(seq) FROM ledger)", "the signed head says"},
    {"DELETE FROM ledger WHERE seq > 500", "ledger entry 501 is missing"},
    {"DELETE FROM ledger", "ledger entry 1 is missing"},
    {"DELETE FROM ledger_head", "ledger_head is empty"},
    {"UPDATE ledger_head SET seq = seq - 1", "ledger_head: the signature"},
    {"UPDATE ledger_head SET hash = zeroblob(32)", "ledger_head: the signature"},
    {"UPDATE ledger_head SET signature = zeroblob(64)", "ledger_head: the signature"},
    {"INSERT INTO ledger (seq, at, operation, actor, hash) SELECT max(seq) + 1, max(at), "
     "'user.password', 'cli', zeroblob(32) FROM ledger",
     "beyond the signed head"},
    {"INSERT INTO ledger (seq, at, operation, actor, hash) VALUES (0, 0, 'x', 'cli', zeroblob(32))",
     "ledger entry 0 is before the first"},
};

#define COUPOND_NEW_USER \
  "INSERT INTO users (id, uuid, email, email_key, password_hash, created_at) VALUES "
#define COUPOND_SOME_COUPON "(SELECT max(id) / 2 FROM coupons)"
#define COUPOND_SOME_REDEMPTION "(SELECT id FROM redemptions WHERE rolled_back_at IS NULL LIMIT 1)"
#define COUPOND_SOME_ROLLBACK "(SELECT id FROM redemptions WHERE rolled_back_at > 0 LIMIT 1)"
constexpr Tampering kTables[] = {
    {"UPDATE campaigns SET issued = issued + 1 WHERE id = 2", "campaigns 2: issued"},
    {"UPDATE campaigns SET assigned = assigned - 1 WHERE id = 2", "campaigns 2: assigned"},
    {"UPDATE campaigns SET available = available + 1 WHERE id = 2", "campaigns 2: available"},
    {"UPDATE campaigns SET redeemed = redeemed - 1 WHERE id = 3", "campaigns 3: redeemed"},
    {"UPDATE campaigns SET rolled_back = 99 WHERE id = 3", "campaigns 3: rolled_back"},
    {"UPDATE campaigns SET voided = voided + 1 WHERE id = 2", "campaigns 2: voided"},
    {"UPDATE campaigns SET last_seq = 1 WHERE id = 2", "campaigns 2: last_seq"},
    {"UPDATE campaigns SET max_issued = NULL WHERE id = 2", "campaigns 2: its name or policy"},
    {"UPDATE campaigns SET max_per_user = 5000 WHERE id = 2", "campaigns 2: its name or policy"},
    {"UPDATE campaigns SET max_redemptions_per_coupon = 999 WHERE id = 2",
     "campaigns 2: its name or policy"},
    {"UPDATE campaigns SET price = 1000 WHERE id = 2", "campaigns 2: its name or policy"},
    {"UPDATE campaigns SET reward_value = reward_value + 1 WHERE id = 2",
     "campaigns 2: its name or policy"},
    {"UPDATE campaigns SET active = 0 WHERE id = 2", "campaigns 2: its name or policy"},
    {"UPDATE campaigns SET mode = 'card' WHERE id = 2", "campaigns 2: its name or policy"},
    {"UPDATE campaigns SET archived_at = 5 WHERE id = 2", "campaigns 2: its name or policy"},
    {"DELETE FROM campaigns WHERE id = 2", "campaigns 2 is missing"},
    {"INSERT INTO campaigns (id, uuid, slug, mode, name, created_at, updated_at) VALUES (999, 'u', "
     "'s', 'pool', 'n', 1, 1)",
     "campaigns 999 has no ledger entry"},
    {"UPDATE balances SET credit = credit + 1 WHERE user_id = 3", "balances 3: credit"},
    {"UPDATE balances SET subscription_ends_at = 9999999999999 WHERE user_id = 3",
     "balances 3: subscription_ends_at"},
    {"DELETE FROM balances WHERE user_id = 3", "balances 3 is missing"},
    {"UPDATE balances SET user_id = 99999 WHERE user_id = (SELECT max(id) FROM users)",
     "is missing"},
    {"INSERT INTO balances (user_id, credit) VALUES (99999, 5)", "balances has "},
    {"INSERT INTO balances (user_id, credit) VALUES (-4, 5)", "balances has "},
    {"UPDATE users SET role = 'admin' WHERE id = 3",
     "users 3: uuid, email, username, password_hash, role, active"},
    {"UPDATE users SET active = 1 - active WHERE id = 3",
     "users 3: uuid, email, username, password_hash, role, active"},
    {"DELETE FROM users WHERE id = 3", "users 3 is missing"},
    {"DELETE FROM users WHERE id = (SELECT max(id) FROM users)", "is missing"},
    {COUPOND_NEW_USER "(NULL, 'u', 'e', 'e', 'p', 1)", "has no ledger entry"},
    {COUPOND_NEW_USER "(-4, 'u', 'e', 'e', 'p', 1)", "users -4 has no ledger entry"},
    {COUPOND_NEW_USER "(99999, 'u', 'e', 'e', 'p', 1)", "users 99999 has no ledger entry"},
    {"UPDATE coupons SET uses = uses + 1 WHERE id = " COUPOND_SOME_COUPON, ": uses is"},
    {"UPDATE coupons SET state = 'redeemed' WHERE id = (SELECT id FROM coupons WHERE state = "
     "'assigned' LIMIT 1)",
     ": state is 'redeemed'"},
    {"UPDATE coupons SET state = 'available', uses = 0 WHERE id = (SELECT id FROM coupons WHERE "
     "state = 'redeemed' AND user_id IS NULL LIMIT 1)",
     ": uses is 0"},
    {"UPDATE coupons SET state = 'assigned' WHERE id = "
     "(SELECT id FROM coupons WHERE state = 'void' AND user_id IS NOT NULL LIMIT 1)",
     "the ledger says 'void'"},
    {"UPDATE coupons SET user_id = 1 WHERE id = (SELECT id FROM coupons WHERE user_id = 2 LIMIT 1)",
     ": user_id is 1; the ledger says 2"},
    {"UPDATE coupons SET user_id = 1, state = 'assigned', pool_slot = NULL WHERE id = (SELECT id "
     "FROM coupons WHERE state = 'available' LIMIT 1)",
     ": user_id is 1; the ledger says 0"},
    {"UPDATE coupons SET max_uses = 1000 WHERE id = "
     "(SELECT id FROM coupons WHERE state = 'redeemed' LIMIT 1)",
     ": max_uses is 1000, which its state after"},
    {"UPDATE coupons SET number = 99999 WHERE id = " COUPOND_SOME_COUPON, ": number is 99999"},
    {"UPDATE coupons SET campaign_id = 6, number = 9999 WHERE id = " COUPOND_SOME_COUPON,
     "coupons "},
    {"UPDATE coupons SET last_seq = 1 WHERE id = " COUPOND_SOME_COUPON, ": last_seq is 1"},
    {"UPDATE coupons SET code_hash = randomblob(24) WHERE id = " COUPOND_SOME_COUPON, "code_"},
    {"UPDATE coupons SET code_sealed = randomblob(26) WHERE id = " COUPOND_SOME_COUPON,
     ": code_sealed"},
    {"UPDATE coupons SET pool_slot = NULL WHERE id = (SELECT id FROM coupons WHERE pool_slot = 0 "
     "LIMIT 1)",
     "pool_slot"},
    {"DELETE FROM coupons WHERE id = " COUPOND_SOME_COUPON, "is missing"},
    {"DELETE FROM coupons WHERE id = (SELECT max(id) FROM coupons)", "is missing"},
    {"INSERT INTO coupons (campaign_id, number, code_hash, code_sealed, state, last_seq) "
     "VALUES (2, 999, randomblob(24), x'00', 'available', 1)",
     "has no ledger entry"},
    {"INSERT INTO coupons (id, campaign_id, number, code_hash, code_sealed, state, last_seq) "
     "VALUES (99999, 2, 999, randomblob(24), x'00', 'available', 1)",
     "coupons 99999 has no ledger entry"},
    {"UPDATE holds SET coupon_id = 99999", "holds "},
    {"DELETE FROM holds WHERE coupon_id = (SELECT max(coupon_id) FROM holds)", "is missing"},
    {"UPDATE holds SET user_id = user_id + 1 WHERE coupon_id = (SELECT max(coupon_id) FROM holds)",
     ": user_id is"},
    {"INSERT INTO holds SELECT (SELECT max(seq) FROM ledger), id, campaign_id, 1, zeroblob(32), 9 "
     "FROM coupons WHERE state = 'assigned' AND id NOT IN (SELECT coupon_id FROM holds) LIMIT 1",
     "is not by a coupon.hold entry"},
    {"UPDATE redemptions SET amount = amount + 1 WHERE id = " COUPOND_SOME_REDEMPTION,
     "what amount and reward add to the credit"},
    {"UPDATE redemptions SET user_id = user_id + 1 WHERE id = " COUPOND_SOME_REDEMPTION,
     ": user_id is"},
    {"UPDATE redemptions SET coupon_id = coupon_id + 1 WHERE id = " COUPOND_SOME_REDEMPTION,
     ": coupon_id is"},
    {"UPDATE redemptions SET campaign_id = 99 WHERE id = " COUPOND_SOME_REDEMPTION,
     ": campaign_id is 99"},
    {"UPDATE redemptions SET redeemed_at = 5 WHERE id = " COUPOND_SOME_REDEMPTION,
     ": redeemed_at is 5"},
    {"UPDATE redemptions SET order_id = 'stolen' WHERE id = " COUPOND_SOME_REDEMPTION,
     ": order_id is 'stolen'"},
    {"UPDATE redemptions SET reward_kind = 'subscription', reward_value = 5000 WHERE id "
     "= " COUPOND_SOME_REDEMPTION,
     "redemptions"},
    {"UPDATE redemptions SET rolled_back_at = 5 WHERE id = " COUPOND_SOME_REDEMPTION,
     "is rolled back, but no ledger entry says so"},
    {"UPDATE redemptions SET rolled_back_at = NULL WHERE id = " COUPOND_SOME_ROLLBACK, "stands"},
    {"UPDATE redemptions SET rolled_back_at = rolled_back_at + 1 WHERE id = " COUPOND_SOME_ROLLBACK,
     ": rolled_back_at is"},
    {"DELETE FROM redemptions WHERE id = " COUPOND_SOME_REDEMPTION, "is missing"},
    {"DELETE FROM redemptions WHERE id = (SELECT max(id) FROM redemptions)", "is missing"},
    {"INSERT INTO redemptions SELECT (SELECT max(seq) FROM ledger WHERE operation = "
     "'user.create'), coupon_id, campaign_id, user_id, amount, NULL, reward_kind, reward_value, "
     "NULL, NULL, redeemed_at, NULL, NULL FROM redemptions LIMIT 1",
     "has no coupon.redeem entry"},
    {"INSERT INTO redemptions SELECT 88888, coupon_id, campaign_id, user_id, amount, NULL, "
     "reward_kind, reward_value, NULL, NULL, redeemed_at, NULL, NULL FROM redemptions LIMIT 1",
     "redemptions 88888 has no ledger entry"},
    {"UPDATE api_keys SET scopes = 'admin' WHERE id = 1", "api_keys 1: scopes is 'admin'"},
    {"UPDATE api_keys SET revoked_at = CASE WHEN revoked_at IS NULL THEN 1 END WHERE id = 1",
     "api_keys 1: revoked"},
    {"UPDATE api_keys SET key_hash = randomblob(32) WHERE id = 1", "api_keys 1: key_hash"},
    {"DELETE FROM api_keys WHERE id = 1", "api_keys 1 is missing"},
    {"INSERT INTO api_keys (id, key_hash, hint, name, scopes, created_at) VALUES (500, "
     "randomblob(32), 'h', 'n', 'admin', 1)",
     "api_keys 500 has no ledger entry"},
    {"INSERT OR REPLACE INTO meta VALUES ('restore_epoch', '5')", "meta restore_epoch is 5"},
};

}  // namespace

TEST_CASE("a random history of every operation verifies", "[audit]") {
  const auto seed = GENERATE(range(1, 9));
  EngineFixture fixture(relaxed(std::uint64_t(seed)));
  test::History history(fixture, std::uint64_t(seed));
  history.set_up();
  std::map<std::string, int> done;
  std::map<std::string, int> refused;
  for (const auto& outcome : history.run(1500)) {
    ++(outcome.seq ? done : refused)[outcome.operation];
  }
  fixture.stop();
  const store::AuditReport report = fixture.verify();
  INFO("seed " << seed << ": " << report.first_divergence.value_or(""));
  CHECK(report.ok());
  CHECK(report.entries == fixture.number("SELECT max(seq) FROM ledger"));
  CHECK(report.coupons == fixture.number("SELECT count(*) FROM coupons"));
  CHECK(report.users == fixture.number("SELECT count(*) FROM users"));
  CHECK(report.holds == fixture.number("SELECT count(*) FROM holds"));
  CHECK(report.redemptions == fixture.number("SELECT count(*) FROM redemptions"));
  CHECK(report.campaigns == fixture.number("SELECT count(*) FROM campaigns"));
  CHECK(done.size() >= 14);
  CHECK(refused.size() >= 9);
}

TEST_CASE("verify names the first thing changed behind the program's back", "[audit]") {
  Tampered tampered;
  CHECK(tampered.verdict("") == "");
  CHECK(tampered.verdict("", 7) == "");
  for (const auto list :
       {std::span<const Tampering>(kLedger), std::span<const Tampering>(kTables)}) {
    for (const Tampering& tampering : list) {
      INFO(tampering.sql);
      CHECK_THAT(tampered.verdict(tampering.sql), Catch::Contains(tampering.told));
      CHECK_THAT(tampered.verdict(tampering.sql, 7), Catch::Contains(tampering.told));
    }
  }
}

TEST_CASE("what a policy fixed in a coupon cannot be changed in the coupon", "[audit]") {
  const std::map<std::string, std::string> cases{
      {"UPDATE coupons SET max_uses = 1000 WHERE id = 1", "max_uses or expires_at"},
      {"UPDATE coupons SET max_uses = NULL WHERE id = 1", "max_uses or expires_at"},
      {"UPDATE coupons SET expires_at = 5 WHERE id = 1", "max_uses or expires_at"},
      {"UPDATE coupons SET max_uses = 1000 WHERE id = 3", "max_uses or expires_at"},
      {"UPDATE coupons SET expires_at = NULL WHERE id = 3", "max_uses or expires_at"},
      {"UPDATE coupons SET assigned_at = 5 WHERE id = 3", "coupons 3: assigned_at is 5"},
  };
  const bool policy_changed_since = GENERATE(false, true);
  for (const auto& [sql, told] : cases) {
    EngineFixture fixture(relaxed(1));
    const auto card = fixture.make_campaign(domain::Mode::kCard);
    fixture.make_codes(card, 2);
    const auto token = fixture.make_campaign(domain::Mode::kToken, {.token_ttl_s = 60});
    const core::UserId user = fixture.make_user();
    const core::Random random = fixture.random().as_random();
    const auto issued = fixture.run<service::Issued>([&](store::Tx& tx) {
      service::IssueRequest request{.campaign_id = token, .user_id = user};
      request.code = fixture.fresh_code();
      return service::issue(tx, service::Caller::system(),
                            {.vault = fixture.vault(), .random = random}, request);
    });
    REQUIRE(issued.ok());
    for (const core::CampaignId id : {card, token}) {
      if (!policy_changed_since) break;
      const auto changed = fixture.run<service::CampaignWritten>([&](store::Tx& tx) {
        return service::change_campaign(tx, service::Caller::system(), id,
                                        [](domain::Campaign& campaign) {
                                          campaign.policy.max_redemptions_per_coupon = 9;
                                          campaign.policy.token_ttl_s = 77;
                                        });
      });
      REQUIRE(changed.ok());
    }
    fixture.stop();
    REQUIRE(fixture.verify().first_divergence.value_or("") == "");
    fixture.shell(sql);
    INFO(sql);
    CHECK_THAT(fixture.verify().first_divergence.value_or(""), Catch::Contains(told));
  }
}

namespace {

void make_numbered_user(EngineFixture& fixture, std::int64_t id) {
  domain::User user{.id = {id}, .uuid = core::uuid4(fixture.random().as_random())};
  user.email = user.uuid + "@example.com";
  user.password_hash = "none";
  const auto made = fixture.run<core::UserId>([&](store::Tx& tx) -> core::Result<core::UserId> {
    const core::UserId given = store::insert_user(tx, user);
    tx.append({.operation = store::operation::kUserCreate,
               .actor = "system",
               .user_id = given,
               .digest = store::user_digest(user)});
    return given;
  });
  REQUIRE(made.ok());
}

std::string verdict_after(EngineFixture& fixture, const std::string& sql, std::int64_t window) {
  const test::TempDir directory;
  const std::string copy = directory / "copy.db";
  copy_database(fixture.path(), copy);
  store::Connection connection(copy, store::Connection::Access::kReadWrite);
  drop_all_triggers(connection);
  connection.exec(sql);
  return store::verify(connection, {.verifier = test::test_verifier(),
                                    .vault = &fixture.vault(),
                                    .check_file = false,
                                    .window = window})
      .first_divergence.value_or("");
}

}  // namespace

TEST_CASE("accounts above the ordinary numbers are audited like all others", "[audit]") {
  EngineFixture fixture(relaxed(3));
  fixture.make_user();
  make_numbered_user(fixture, store::kOrdinaryIds + 1);
  make_numbered_user(fixture, store::kOrdinaryIds + 3);  // 2 was not to be had
  fixture.make_user(5);
  fixture.stop();
  const Tampering cases[] = {
      {"DELETE FROM users WHERE id = 1", "users 1 is missing"},
      {"DELETE FROM users WHERE id = 2", "users 2 is missing"},
      {"DELETE FROM users WHERE id = 1000001", "users 1000001 is missing"},
      {"DELETE FROM users WHERE id = 1000003", "users 1000003 is missing"},
      {"UPDATE users SET id = 3 WHERE id = 1000001", "users 3 has no ledger entry"},
      {"UPDATE users SET id = 1000002 WHERE id = 1000003", "users 1000002 has no ledger entry"},
      {"UPDATE users SET id = 1000004 WHERE id = 1000003", "users 1000004 has no ledger entry"},
      {"UPDATE balances SET credit = 7 WHERE user_id = 1000003", "balances 1000003: credit"}};
  for (const std::int64_t window : {4'000'000, 600'000, 1'000'002}) {
    CHECK(verdict_after(fixture, "", window) == "");
    for (const Tampering& tampering : cases) {
      INFO(tampering.sql << ", window " << window);
      CHECK_THAT(verdict_after(fixture, tampering.sql, window), Catch::Contains(tampering.told));
    }
  }
}

TEST_CASE("no account may be made under a number that was not next", "[audit]") {
  const std::int64_t first = store::kOrdinaryIds + 1;
  for (const auto& [one, other] : {std::pair{first + 1, first}, std::pair{first, first + 1000},
                                   std::pair{std::int64_t{1}, std::int64_t{3}}}) {
    EngineFixture fixture(relaxed(3));
    make_numbered_user(fixture, one);
    make_numbered_user(fixture, other);
    fixture.stop();
    CHECK_THAT(verdict_after(fixture, "", 4'000'000), Catch::Contains("the next user"));
  }
}
