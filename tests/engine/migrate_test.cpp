// Goal: what 0.1.0 left opens in this version, with everything in it, and a migration that fails or
// is refused changes nothing. Method: tests/data/v0.1.0, made by the released binary; the engine's
// clock says the time at which it was made.
#include "src/store/migrate.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>

#include "coupond/core/codes.h"
#include "coupond/core/hash.h"
#include "coupond/service/coupons.h"
#include "coupond/service/engine.h"
#include "coupond/service/reads.h"
#include "coupond/service/sessions.h"
#include "coupond/service/tokens.h"
#include "coupond/store/backup.h"
#include "coupond/store/database.h"
#include "coupond/store/inspect.h"
#include "coupond/store/restore.h"
#include "coupond_schema.h"
#include "tests/support/live_engine.h"
#include "tests/support/source_dir.h"

using namespace coupon;
using store::Connection;
using store::DataPaths;
using store::Query;

namespace {

// A copy of what 0.1.0 left.
struct Old {
  Old() {
    for (const char* file : {"coupond.db", "secret.key"}) {
      const std::string path = dir / file;
      std::filesystem::copy_file(source / file, path);
      ::chmod(path.c_str(), 0600);
    }
    std::ifstream lines(source / "known.txt");
    for (std::string line; std::getline(lines, line);) {
      known[line.substr(0, line.find('='))] = line.substr(line.find('=') + 1);
    }
    now.value = number("SELECT max(at) + 1000 FROM ledger");
  }

  core::Result<std::unique_ptr<service::Engine>> open() {
    service::Engine::Options options;
    options.data_dir = dir.path();
    options.passwords = test::cheap_passwords();
    options.clock = [this] { return now; };
    options.observer.notice = [this](const std::string& what) { told += what + "\n"; };
    return service::Engine::open(std::move(options));
  }
  void change(const std::string& sql) {
    Connection(paths.database, Connection::Access::kReadWrite).exec(sql);
  }
  std::int64_t version() { return number("PRAGMA user_version"); }
  std::int64_t number(const char* sql) {
    Connection connection(paths.database, Connection::Access::kReadOnly);
    Query query(connection, sql);
    query.next();
    return query.integer(0);
  }

  const std::filesystem::path source = test::source_dir() / "tests/data/v0.1.0";
  const test::TempDir dir;
  const DataPaths paths{dir.path()};
  std::map<std::string, std::string> known;
  std::string told;
  // Shortly after its last entry.
  core::UnixMs now;
};

std::string file_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// As the API looks a code up: 0.1.0 stored I, L and O folded.
domain::CodeHash hash_of(service::Engine& engine, const std::string& code) {
  const std::string canonical = *core::canonical(code);
  const auto hash = engine.vault().hash(canonical);
  const auto folded = engine.vault().hash(core::fold_lookalikes(canonical));
  const auto known = engine.readers().read<bool>([&](store::Connection& db) -> core::Result<bool> {
    return service::code_exists(db, folded) && !service::code_exists(db, hash);
  });
  return known.ok() && *known ? folded : hash;
}

core::Result<service::Redeemed> redeem(service::Engine& engine, const std::string& code,
                                       std::int64_t user, const service::HoldProof& proof = {}) {
  return engine.writer().run<service::Redeemed>("test", [&](store::Tx& tx) {
    return service::redeem(
        tx, service::Caller::cli(),
        {.code = hash_of(engine, code), .user_id = core::UserId{user}, .proof = proof});
  });
}

}  // namespace

TEST_CASE("a database of 0.1.0 becomes the same as a new one, and its old file is kept",
          "[migrate]") {
  Old old;
  REQUIRE(old.version() == 1);
  const auto engine = old.open();
  REQUIRE(engine.ok());
  Connection made(old.paths.database, Connection::Access::kReadOnly);
  Connection fresh(":memory:", Connection::Access::kReadWrite);
  fresh.exec(std::string(store::kSchemaSql));
  CHECK(store::schema_text(made) == store::schema_text(fresh));
  CHECK(old.version() == store::kSchemaVersion);
  CHECK(old.number("PRAGMA page_size") == store::kPageBytes);

  const std::string kept = old.paths.database + ".v1";
  CHECK(old.told.find(kept) != std::string::npos);
  CHECK(old.told.find("bringing it to schema 2") != std::string::npos);
  Connection before(kept, Connection::Access::kReadOnly);
  Query version(before, "PRAGMA user_version");
  version.next();
  CHECK(version.integer(0) == 1);
  struct stat info = {};
  REQUIRE(::stat(old.paths.database.c_str(), &info) == 0);
  CHECK((info.st_mode & 077) == 0);
}

TEST_CASE("after a migration every row is there, and the next start has nothing to do",
          "[migrate]") {
  Old old;
  std::map<std::string, std::int64_t> rows;
  const auto count = [&](const std::string& table) {
    Connection connection(old.paths.database, Connection::Access::kReadOnly);
    const std::string sql = "SELECT count(*) FROM " + table;
    Query query(connection, sql.c_str());
    query.next();
    return query.integer(0);
  };
  for (const char* table : {"users", "refresh_tokens", "api_keys", "ledger", "campaigns", "coupons",
                            "holds", "redemptions", "idempotency", "jobs"}) {
    rows[table] = count(table);
    CHECK(rows[table] > 0);
  }
  REQUIRE(old.open().ok());
  for (const auto& [table, before] : rows) {
    CAPTURE(table);
    // An entry for each account and campaign fixes what 0.1.0 left open.
    const std::int64_t marks = table == "ledger" ? count("users") + count("campaigns") : 0;
    CHECK(count(table) == before + marks);
  }
  old.told.clear();
  REQUIRE(old.open().ok());
  CHECK(old.told.empty());
  CHECK_FALSE(std::filesystem::exists(old.paths.database + ".v1-2"));
}

namespace {

core::Result<service::Redeemed> use_token(service::Engine& engine, const std::string& token) {
  const auto verdict = engine.tokens().verify_coupon(token, engine.clock()());
  REQUIRE(verdict.ok());
  const auto code = service::coupon_of_token(engine, token, verdict.claims);
  REQUIRE(code.ok());
  return engine.writer().run<service::Redeemed>("test.use", [&](store::Tx& tx) {
    return service::redeem(tx, service::Caller::anonymous(),
                           {.code = *code, .mode = domain::Mode::kToken});
  });
}

}  // namespace

TEST_CASE("codes, tokens, passwords and sessions of 0.1.0 go on working", "[migrate]") {
  Old old;
  auto opened = old.open();
  REQUIRE(opened.ok());
  service::Engine& engine = **opened;
  CHECK(service::log_in(engine, "ann", "hunter22-ann").ok());
  CHECK_FALSE(service::log_in(engine, "ann", "hunter22-ben").ok());
  CHECK(service::refresh_session(engine, old.known["refresh_token"]).ok());
  CHECK(service::authenticate(engine, old.known["api_key"]).ok());

  CHECK(redeem(engine, old.known["ann_code"], 2).ok());
  CHECK(redeem(engine, old.known["back_code"], 3).ok());
  CHECK(redeem(engine, old.known["card"], 4).ok());
  CHECK(redeem(engine, old.known["spent_code"], 2).error().reason ==
        core::Reason::kAlreadyRedeemed);
  CHECK(redeem(engine, old.known["spent_card"], 4).error().reason ==
        core::Reason::kAlreadyRedeemed);
  CHECK(redeem(engine, old.known["void_code"], 2).error().reason == core::Reason::kNotAssigned);
  // Its hold keeps one of its uses; the others need one of their own.
  CHECK(redeem(engine, old.known["held_code"], 2).error().reason == core::Reason::kHoldRequired);
  const service::HoldProof proof{.token_hash = core::hash_of(old.known["hold_token"])};
  CHECK(redeem(engine, old.known["held_code"], 2, proof).ok());
  CHECK(redeem(engine, "FLASHSALE", 3).error().reason == core::Reason::kUserRedemptionCapReached);
  CHECK(redeem(engine, "FLASHSALE", 4).ok());
  CHECK(use_token(engine, old.known["fresh_token"]).ok());
  CHECK(use_token(engine, old.known["fresh_token"]).error().reason ==
        core::Reason::kAlreadyRedeemed);
  CHECK(use_token(engine, old.known["used_token"]).error().reason ==
        core::Reason::kAlreadyRedeemed);
  engine.stop();
  const auto secrets = core::Secrets::load(old.paths.key);
  const auto audit = store::verify_file(old.paths.database, *secrets, {});
  REQUIRE(audit.ok());
  CHECK_FALSE(audit->first_divergence);
}

TEST_CASE("a database that cannot be migrated is refused and left as it is", "[migrate]") {
  Old old;
  std::string part;
  SECTION("a changed schema") {
    old.change("DROP TRIGGER ledger_is_never_cut");
    part = "was changed";
  }
  SECTION("a table of somebody else's") {
    old.change("CREATE TABLE _litestream_seq (id)");
    part = "was changed";
  }
  SECTION("a figure that the ledger contradicts") {
    old.change("UPDATE users SET credit = credit + 1 WHERE id = 2");
    part = "contradicts its own ledger";
  }
  SECTION("another key") {
    std::filesystem::remove(old.paths.key);
    REQUIRE(core::Secrets::create(old.paths.key).ok());
    part = "does not belong";
  }
  SECTION("a newer version") {
    old.change("PRAGMA user_version = 99");
    part = "newer coupond";
  }
  const std::int64_t version = old.version();
  const auto refused = old.open();
  REQUIRE_FALSE(refused.ok());
  CAPTURE(refused.error().message);
  CHECK(refused.error().message.find(part) != std::string::npos);
  CHECK(refused.error().message.find(old.paths.database) != std::string::npos);
  CHECK(old.version() == version);
  CHECK_FALSE(std::filesystem::exists(old.paths.database + ".v1"));
  CHECK_FALSE(std::filesystem::exists(old.paths.database + ".v2-draft"));
}

TEST_CASE("a database that another program has open is not migrated under it", "[migrate]") {
  Old old;
  old.change("PRAGMA journal_mode = WAL");
  Connection reader(old.paths.database, Connection::Access::kReadOnly);
  Query query(reader, "SELECT count(*) FROM users");
  query.next();
  const auto refused = old.open();
  REQUIRE_FALSE(refused.ok());
  CAPTURE(refused.error().message);
  CHECK(refused.error().message.find("locked by another program") != std::string::npos);
  CHECK(old.version() == 1);
}

TEST_CASE("what reads an old database says how to bring it up to date", "[migrate]") {
  Old old;
  const auto reading = store::open_for_reading(old.paths);
  REQUIRE_FALSE(reading.ok());
  CHECK(reading.error().message.find("Start `coupond serve`") != std::string::npos);
  const auto backup = store::back_up(old.paths, old.dir / "backup", {});
  REQUIRE_FALSE(backup.ok());
  CHECK(backup.error().message.find("Start `coupond serve`") != std::string::npos);
  CHECK(old.version() == 1);
}

TEST_CASE("a backup of 0.1.0 is restored, and stays as it is", "[migrate]") {
  Old old;
  const std::string backup = old.dir / "old.backup";
  std::filesystem::copy_file(old.paths.database, backup);
  const std::string bytes = file_bytes(backup);
  std::filesystem::remove(old.paths.database);
  const auto restored = store::restore(old.paths, backup, {});
  REQUIRE(restored.ok());
  CHECK(old.version() == store::kSchemaVersion);
  CHECK(file_bytes(backup) == bytes);
  CHECK(old.open().ok());
}
