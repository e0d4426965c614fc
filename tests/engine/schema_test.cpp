// Goal: the tables keep every promise by themselves, also from somebody with the sqlite3 shell, who
// sends what no program of ours would; and every statement of ours fits them and finds its rows by
// an index.
#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <catch2/catch.hpp>
#include <set>

#include "coupond/service/coupons.h"
#include "coupond/store/campaigns.h"
#include "coupond_schema.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/sql_constants.h"

using namespace coupon;
using test::EngineFixture;

namespace {

struct Attempt {
  const char* sql;
  const char* told;  // part of SQLite's message
};

// One campaign of each interesting kind, three users, and coupons in every state:
// campaign 1: a pool capped at 4, one a user: coupons 1 (user 1's), 2, 3, 4 (void)
// campaign 2: cards, single use: coupons 5 (redeemed), 6
// campaign 3: one shared code for two uses: coupon 7, used once
constexpr char kScene[] = R"(
  INSERT INTO users (id, uuid, email, email_key, password_hash, created_at)
    VALUES (1, 'u1', 'a@b', 'a@b', 'x', 1), (2, 'u2', 'c@d', 'c@d', 'x', 1),
           (3, 'u3', 'e@f', 'e@f', 'x', 1), (4, 'u4', 'g@h', 'g@h', 'x', 1);
  INSERT INTO balances (user_id, credit) VALUES (1, 10), (2, 10), (3, 10);
  INSERT INTO campaigns (id, uuid, slug, mode, name, max_issued, max_per_user,
                         max_redemptions_per_coupon, max_redemptions_per_user, issued, assigned,
                         available, voided, created_at, updated_at)
    VALUES (1, 'c1', 'pool', 'pool', 'n', 4, 1, 1, NULL, 4, 1, 2, 1, 1, 1),
           (2, 'c2', 'card', 'card', 'n', NULL, NULL, 1, NULL, 2, 0, 1, 0, 1, 1),
           (3, 'c3', 'shared', 'shared', 'n', 1, NULL, 2, 1, 1, 0, 1, 0, 1, 1);
  INSERT INTO ledger (seq, at, operation, actor, hash) VALUES (1, 1, 'test', 'cli', zeroblob(32));
  INSERT INTO ledger (seq, at, operation, actor, hash) VALUES (2, 1, 'test', 'cli', zeroblob(32));
  INSERT INTO ledger (seq, at, operation, actor, hash) VALUES (3, 1, 'test', 'cli', zeroblob(32));
  INSERT INTO ledger (seq, at, operation, actor, hash) VALUES (4, 1, 'test', 'cli', zeroblob(32));
  INSERT INTO coupons (id, campaign_id, number, code_hash, code_sealed, state, user_id, max_uses,
                       last_seq)
    VALUES (1, 1, 1, randomblob(24), x'00', 'assigned', 1, 1, 1),
           (2, 1, 2, randomblob(24), x'00', 'available', NULL, 1, 1),
           (3, 1, 3, randomblob(24), x'00', 'available', NULL, 1, 1),
           (4, 1, 4, randomblob(24), x'00', 'void', NULL, 1, 1),
           (5, 2, 1, randomblob(24), x'00', 'available', NULL, 1, 1),
           (6, 2, 2, randomblob(24), x'00', 'available', NULL, 1, 1),
           (7, 3, 1, randomblob(24), x'00', 'available', NULL, 2, 1);
  INSERT INTO redemptions (id, coupon_id, campaign_id, user_id, amount, reward_kind, reward_value,
                           redeemed_at, user_prev)
    VALUES (1, 5, 2, 1, 0, 'none', 0, 1, NULL), (2, 7, 3, 1, 0, 'none', 0, 1, 1);
)";

#define COUPOND_NEW_COUPON \
  "INSERT INTO coupons (campaign_id, number, code_hash, code_sealed, state, user_id, last_seq) "
#define COUPOND_NEW_REDEMPTION_OF_ORDER                                                 \
  "INSERT INTO redemptions (id, coupon_id, campaign_id, user_id, amount, reward_kind, " \
  "reward_value, redeemed_at, order_id) VALUES "
#define COUPOND_NEW_REDEMPTION                                                          \
  "INSERT INTO redemptions (id, coupon_id, campaign_id, user_id, amount, reward_kind, " \
  "reward_value, redeemed_at, user_prev) "
constexpr Attempt kAttempts[] = {
    // Overselling.
    {"UPDATE campaigns SET issued = issued + 1 WHERE id = 1", "CHECK constraint failed"},
    {"UPDATE campaigns SET max_issued = 3 WHERE id = 1", "CHECK constraint failed"},
    {"UPDATE campaigns SET available = 9 WHERE id = 1", "CHECK constraint failed"},
    {"UPDATE campaigns SET redeemed = -1 WHERE id = 1", "CHECK constraint failed"},
    {COUPOND_NEW_COUPON "VALUES (1, 5, randomblob(24), x'00', 'available', NULL, 1)",
     "campaign cap reached"},
    {COUPOND_NEW_COUPON "VALUES (2, 2, randomblob(24), x'00', 'available', NULL, 1)", "UNIQUE"},
    {COUPOND_NEW_COUPON "VALUES (2, 0, randomblob(24), x'00', 'available', NULL, 1)", "CHECK"},
    {COUPOND_NEW_COUPON "SELECT 2, 9, code_hash, x'00', 'available', NULL, 1 FROM coupons LIMIT 1",
     "UNIQUE"},
    {COUPOND_NEW_COUPON "VALUES (2, 9, randomblob(23), x'00', 'available', NULL, 1)", "CHECK"},
    {COUPOND_NEW_COUPON "VALUES (2, 9, randomblob(24), x'00', 'available', NULL, 99)",
     "FOREIGN KEY"},
    {COUPOND_NEW_COUPON "VALUES (99, 1, randomblob(24), x'00', 'available', NULL, 1)",
     "FOREIGN KEY"},
    {"UPDATE coupons SET user_id = 1, state = 'assigned' WHERE id = 2", "user cap reached"},
    {"UPDATE coupons SET user_id = NULL WHERE id = 1", "keeps its owner"},
    // Illegal states.
    {"UPDATE coupons SET state = 'assigned' WHERE id = 2", "CHECK"},
    {"UPDATE coupons SET state = 'available' WHERE id = 1", "cannot change to that state"},
    {"UPDATE coupons SET state = 'freed' WHERE id = 5", "cannot change to that state"},
    {"UPDATE coupons SET state = 'redeemed' WHERE id = 4", "cannot change to that state"},
    {"UPDATE coupons SET state = 'void' WHERE id = 5", "cannot change to that state"},
    {"UPDATE coupons SET state = 'redeemed' WHERE id = 6", "CHECK"},
    {"UPDATE coupons SET state = 'gone' WHERE id = 6", "CHECK constraint failed"},
    {"UPDATE coupons SET uses = 2 WHERE id = 5", "CHECK"},
    {"UPDATE coupons SET uses = -1 WHERE id = 6", "CHECK"},
    {"UPDATE coupons SET pool_slot = 0 WHERE id = 1", "CHECK"},
    {"UPDATE coupons SET pool_slot = 0 WHERE id IN (2, 3)", "UNIQUE"},
    {"DELETE FROM coupons WHERE id = 6", "voided, never deleted"},
    // Redeeming twice.
    {COUPOND_NEW_REDEMPTION "VALUES (3, 5, 2, 2, 0, 'none', 0, 1, NULL)", "cannot be redeemed"},
    {COUPOND_NEW_REDEMPTION "VALUES (3, 4, 1, 2, 0, 'none', 0, 1, NULL)", "cannot be redeemed"},
    {COUPOND_NEW_REDEMPTION "VALUES (3, 6, 1, 2, 0, 'none', 0, 1, NULL)", "cannot be redeemed"},
    {COUPOND_NEW_REDEMPTION "VALUES (3, 7, 3, 1, 0, 'none', 0, 1, 2)",
     "user redemption cap reached"},
    {COUPOND_NEW_REDEMPTION "VALUES (3, 7, 3, 2, 0, 'none', 0, 1, NULL), "
                            "(4, 7, 3, 3, 0, 'none', 0, 1, NULL)",
     "cannot be redeemed"},
    {COUPOND_NEW_REDEMPTION "VALUES (99, 6, 2, 2, 0, 'none', 0, 1, NULL)", "FOREIGN KEY"},
    {COUPOND_NEW_REDEMPTION "VALUES (1, 6, 2, 2, 0, 'none', 0, 1, NULL)", "UNIQUE"},
    {COUPOND_NEW_REDEMPTION "VALUES (3, 6, 2, 2, -5, 'none', 0, 1, NULL)", "CHECK"},
    {"UPDATE redemptions SET amount = 5 WHERE id = 1", "only be rolled back"},
    {"UPDATE redemptions SET user_id = 2, rolled_back_at = 5 WHERE id = 1", "only be rolled back"},
    {"UPDATE redemptions SET rolled_back_at = 5 WHERE id = 1;"
     "UPDATE redemptions SET rolled_back_at = 6 WHERE id = 1",
     "only once"},
    {"UPDATE redemptions SET rolled_back_at = 5 WHERE id = 1;"
     "UPDATE redemptions SET rolled_back_at = NULL WHERE id = 1",
     "only once"},
    {"DELETE FROM redemptions WHERE id = 1", "rolled back, never deleted"},
    // A user's redemptions, one behind the other, and their number where there is a cap.
    {COUPOND_NEW_REDEMPTION "VALUES (3, 6, 2, 1, 0, 'none', 0, 1, NULL)", "names the one before"},
    {COUPOND_NEW_REDEMPTION "VALUES (3, 6, 2, 2, 0, 'none', 0, 1, 2)", "names the one before"},
    {"UPDATE redemptions SET user_prev = NULL, rolled_back_at = 5 WHERE id = 2",
     "only be rolled back"},
    {"UPDATE balances SET last_redemption = NULL WHERE user_id = 1", "names the one before"},
    {"UPDATE balances SET last_redemption = 1 WHERE user_id = 1", "names the one before"},
    {"UPDATE user_redemptions SET standing = standing - 1", "one by one"},
    {"UPDATE user_redemptions SET standing = standing + 2", "one by one"},
    {"UPDATE user_redemptions SET user_id = 2, standing = standing + 1", "one by one"},
    {"INSERT OR REPLACE INTO user_redemptions VALUES (3, 1, 0)", "one by one"},
    {"DELETE FROM user_redemptions", "as long as the cap"},
    {"UPDATE redemptions SET rolled_back_at = 5 WHERE id = 2;"
     "UPDATE user_redemptions SET standing = standing - 1",
     "one by one"},
    {"INSERT INTO balances (user_id, last_redemption) VALUES (4, 2)", "begins once"},
    {COUPOND_NEW_REDEMPTION "VALUES (3, 6, 2, 4, 0, 'none', 0, 1, NULL)", "FOREIGN KEY"},
    // Credit.
    {"UPDATE balances SET credit = credit - 11 WHERE user_id = 1", "CHECK"},
    {"UPDATE balances SET credit = 'much' WHERE user_id = 1", "cannot store TEXT"},
    {"INSERT OR REPLACE INTO balances (user_id, credit) VALUES (1, 99)", "begins once"},
    {"INSERT INTO balances (user_id) VALUES (99)", "FOREIGN KEY"},
    {"DELETE FROM balances WHERE user_id = 3", "keeps its balance"},
    {"UPDATE users SET role = 'root' WHERE id = 1", "CHECK"},
    {"UPDATE users SET email_key = 'a@b' WHERE id = 2", "UNIQUE"},
    {"DELETE FROM users WHERE id = 1", "FOREIGN KEY"},
    // The ledger.
    {"UPDATE ledger SET credit = 5 WHERE seq = 1", "the ledger is never changed"},
    {"DELETE FROM ledger WHERE seq = 4", "the ledger is never cut"},
    {"DELETE FROM ledger", "the ledger is never cut"},
    {"INSERT INTO ledger (seq, at, operation, actor, hash) VALUES (6, 1, 'x', 'cli', zeroblob(32))",
     "numbered without gaps"},
    {"INSERT OR REPLACE INTO ledger (seq, at, operation, actor, hash) VALUES (4, 1, 'x', 'cli', "
     "zeroblob(32))",
     "numbered without gaps"},
    {"INSERT INTO ledger (seq, at, operation, actor, hash) VALUES (5, 1, 'x', 'cli', zeroblob(31))",
     "CHECK"},
    {"UPDATE redemptions SET metadata = '{}' WHERE id = 1", "can only be erased"},
    {"UPDATE campaigns SET one_redemption_per_order = 1, max_redemptions_per_user = NULL;"
     "UPDATE coupons SET max_uses = 9 WHERE id = 7;" COUPOND_NEW_REDEMPTION_OF_ORDER
     "(3, 7, 3, NULL, 0, 'none', 0, 1, 'o'), (4, 7, 3, NULL, 0, 'none', 0, 1, 'o')",
     "the order has a redemption already"},
    // Holds: each keeps a use.
    {"INSERT INTO holds VALUES (1, 6, 2, 1, zeroblob(32), 9);" COUPOND_NEW_REDEMPTION_OF_ORDER
     "(3, 6, 2, 2, 0, 'none', 0, 1, NULL)",
     "the last uses of the coupon are held"},
    {"INSERT INTO holds VALUES (1, 6, 2, 1, zeroblob(32), 9), (2, 6, 2, 2, zeroblob(32), 9)",
     "all uses of the coupon are taken or held"},
    {"INSERT INTO holds VALUES (1, 99, 2, 1, zeroblob(32), 9)", "FOREIGN KEY"},
};

std::string refusal(store::Connection& connection, const char* sql) {
  connection.exec("SAVEPOINT shell");
  std::string told;
  try {
    connection.exec(sql);
  } catch (const SQLite::Exception& error) {
    told = error.what();
  }
  connection.exec("ROLLBACK TO shell; RELEASE shell");
  return told;
}

std::string plan_of(store::Connection& connection, const std::string& sql) {
  const std::string explain = "EXPLAIN QUERY PLAN " + sql;
  std::string plan;
  // Not a Query: it takes a text at the same address for the same statement.
  sqlite3_exec(
      connection.handle(), explain.c_str(),
      [](void* to, int, char** columns, char**) {
        *static_cast<std::string*>(to) += std::string(columns[3]) + "\n";
        return 0;
      },
      &plan, nullptr);
  return plan;
}

// These read a whole table, on purpose: the audit and what happens once at a start or restore.
bool may_scan(const test::SqlConstant& constant) {
  for (const char* file : {"audit", "checkpoint", "chain_check", "database", "clean_stop",
                           "restore", "migrate", "schema_check"}) {
    if (constant.file.find(file) != std::string::npos) return true;
  }
  // Of these, SQLite calls a walk along an index a scan: it reads one row, or the few unfinished
  // jobs; kNextId reads one on each side of a bound. The others do read all: coupons and
  // redemptions, when an administrator lowers a cap; names, when an owner runs `coupond check`;
  // accounts and campaigns, counted for lists by page number, on a reader that only lists use;
  // holds, when the clock was put back; sessions and replies, for the audit.
  const std::set<std::string> walks{"ledger.cpp kLast",
                                    "jobs.cpp kNext",
                                    "users.cpp kNextId",
                                    "users.cpp kCount",
                                    "campaigns.cpp kCount",
                                    "coupons.cpp kMostOfAUser",
                                    "jobs.cpp kHalfReceived",
                                    "redemptions.cpp kMostOfAUser",
                                    "users.cpp kUsernames",
                                    "campaigns.cpp kSlugs",
                                    "writer_watch.cpp kShortenHolds",
                                    "sessions.cpp kAudit",
                                    "idempotency.cpp kAudit"};
  return walks.contains(constant.file + " " + constant.name);
}

}  // namespace

TEST_CASE("the tables refuse to break a promise, whoever asks", "[schema]") {
  EngineFixture fixture({.writer = {.durability = store::Durability::kRelaxed}});
  auto connection = fixture.open(store::Connection::Access::kReadWrite);
  connection.exec(kScene);
  for (const Attempt& attempt : kAttempts) {
    INFO(attempt.sql);
    CHECK_THAT(refusal(connection, attempt.sql), Catch::Contains(attempt.told));
  }
}

TEST_CASE("storing and undoing a redemption uses the coupon and gives the use back", "[schema]") {
  EngineFixture fixture({.writer = {.durability = store::Durability::kRelaxed}});
  auto connection = fixture.open(store::Connection::Access::kReadWrite);
  connection.exec(kScene);
  const auto state = [&](int id) {
    store::Query query(connection, "SELECT state || ' ' || uses FROM coupons WHERE id = ?", id);
    query.next();
    return query.text(0);
  };
  CHECK(state(5) == "redeemed 1");
  CHECK(state(7) == "available 1");
  connection.exec(COUPOND_NEW_REDEMPTION
                  "VALUES (3, 1, 1, 1, 0, 'none', 0, 1, 2), (4, 7, 3, 2, 0, 'none', 0, 1, NULL)");
  CHECK(state(1) == "redeemed 1");
  CHECK(state(7) == "redeemed 2");
  connection.exec("UPDATE redemptions SET rolled_back_at = 5");
  CHECK(state(1) == "assigned 0");
  CHECK(state(5) == "available 0");
  CHECK(state(7) == "available 0");
}

TEST_CASE("the count of a user's redemptions comes, follows and goes with the cap", "[schema]") {
  EngineFixture fixture({.writer = {.durability = store::Durability::kRelaxed}});
  auto connection = fixture.open(store::Connection::Access::kReadWrite);
  connection.exec(kScene);
  const auto counts = [&] {
    store::Query query(connection,
                       "SELECT coalesce(group_concat(campaign_id || ':' || user_id || '=' || "
                       "standing, ' '), '') FROM user_redemptions");
    query.next();
    return query.text(0);
  };
  CHECK(counts() == "3:1=1");
  connection.exec("UPDATE campaigns SET max_redemptions_per_user = 5 WHERE id IN (2, 3)");
  CHECK(counts() == "2:1=1 3:1=1");
  connection.exec(COUPOND_NEW_REDEMPTION
                  "VALUES (3, 7, 3, 1, 0, 'none', 0, 1, 2), (4, 6, 2, 2, 0, 'none', 0, 1, NULL)");
  CHECK(counts() == "2:1=1 2:2=1 3:1=2");
  connection.exec("UPDATE redemptions SET rolled_back_at = 5 WHERE id IN (1, 2)");
  CHECK(counts() == "2:1=0 2:2=1 3:1=1");
  connection.exec("UPDATE campaigns SET max_redemptions_per_user = NULL WHERE id = 2");
  CHECK(counts() == "3:1=1");
}

TEST_CASE("every statement of the store fits the schema", "[schema]") {
  EngineFixture fixture({.writer = {.durability = store::Durability::kRelaxed}});
  auto connection = fixture.open(store::Connection::Access::kReadWrite);
  const auto constants = test::sql_constants();
  CHECK(constants.size() > 60);
  for (const test::SqlConstant& constant : constants) {
    INFO(constant.file << " " << constant.name << ": " << constant.sql);
    if (constant.sql.find(" old.") != std::string::npos) continue;  // of a migration
    sqlite3_stmt* statement = nullptr;
    CHECK(sqlite3_prepare_v2(connection.handle(), constant.sql.c_str(), -1, &statement, nullptr) ==
          SQLITE_OK);
    sqlite3_finalize(statement);
  }
}

// Such a statement takes the whole batch with it, and others' operations with the batch.
TEST_CASE("no statement of the store rolls a transaction back by itself", "[schema]") {
  for (const test::SqlConstant& constant : test::sql_constants()) {
    INFO(constant.file << " " << constant.name);
    CHECK(constant.sql.find("OR ROLLBACK") == std::string::npos);
  }
  CHECK(store::kSchemaSql.find("ROLLBACK") == std::string_view::npos);
}

TEST_CASE("no statement that runs often reads a whole table", "[schema]") {
  EngineFixture fixture({.writer = {.durability = store::Durability::kRelaxed}});
  auto connection = fixture.open(store::Connection::Access::kReadWrite);
  int searched = 0;
  for (const test::SqlConstant& constant : test::sql_constants()) {
    if (!constant.is_query() || may_scan(constant)) continue;
    INFO(constant.file << " " << constant.name << ": " << constant.sql);
    const std::string plan = plan_of(connection, constant.sql);
    searched += plan.find("SEARCH") != std::string::npos ? 1 : 0;
    CHECK_THAT(plan, !Catch::Contains("SCAN"));
    // What is sorted has been read whole first.
    CHECK_THAT(plan, !Catch::Contains("TEMP B-TREE"));
    // All rows behind one are most of a table: such a walk has to end somewhere.
    const bool open_range = plan.find("PRIMARY KEY (rowid>?)") != std::string::npos ||
                            plan.find("PRIMARY KEY (rowid<?)") != std::string::npos;
    CHECK((!open_range || constant.sql.find("LIMIT") != std::string::npos));
  }
  CHECK(searched > 30);
}

TEST_CASE("the statements of campaigns are searched for by an index, too", "[schema]") {
  EngineFixture fixture({.writer = {.durability = store::Durability::kRelaxed}});
  auto connection = fixture.open(store::Connection::Access::kReadWrite);
  for (const std::string& sql : store::campaign_statements()) {
    if (sql.starts_with("INSERT")) continue;
    INFO(sql);
    const std::string plan = plan_of(connection, sql);
    CHECK_THAT(plan, !Catch::Contains("SCAN"));
    CHECK_THAT(plan, !Catch::Contains("TEMP B-TREE"));
  }
}
