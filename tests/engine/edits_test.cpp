// What somebody could change in the file with the sqlite3 shell, once the guards in it are lifted
// and put back: `verify` names it, or docs/proofs.md says that it does not.
#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "coupond/core/signing.h"
#include "coupond/service/api_keys.h"
#include "coupond/service/campaigns.h"
#include "coupond/service/sessions.h"
#include "coupond/store/backup.h"
#include "coupond/store/idempotency.h"
#include "tests/support/live_engine.h"
#include "tests/support/source_dir.h"

using namespace coupon;
using service::Caller;
using store::Connection;
using store::Query;
using test::LiveEngine;

namespace {

namespace fs = std::filesystem;

void keep_reply(LiveEngine& engine, unsigned char number) {
  const core::Digest key{number};
  engine
      .run<core::Done>([&](store::Tx& tx) -> core::Result<core::Done> {
        store::insert_reply(tx, {.key_hash = key,
                                 .request = key,
                                 .sealed = store::seal_reply(engine->secrets(), key, key, "said",
                                                             core::system_random),
                                 .created_at = tx.now()});
        return core::Done{};
      })
      .value();
}

// A shop with a row in most tables, at rest.
struct EditsShop {
  EditsShop() {
    LiveEngine engine;
    const auto ada = engine.make_user("ada@example.com", domain::Role::kAdmin);
    engine.make_user("bob@example.com", domain::Role::kAdmin);
    engine.make_user("eve@example.com");
    for (const char* email : {"ada@example.com", "eve@example.com"}) {
      CHECK(service::log_in(*engine, email, LiveEngine::kPassword).ok());
    }
    const auto key = engine.run<service::NewApiKey>([&](store::Tx& tx) {
      return service::create_api_key(tx, *engine, Caller::user(ada.id, ada.role), "till",
                                     service::Scopes().with(service::Scope::kRedeem));
    });
    CHECK(key.ok());
    keep_reply(engine, 1);
    keep_reply(engine, 2);
    CHECK(engine->checkpoint().ok());
    secrets.emplace(core::Secrets::load(engine->paths().key).value());
    fs::copy(engine->paths().database, database);
    fs::copy(engine->paths().database + "-wal", database + "-wal");
    Connection(database, Connection::Access::kReadWrite).exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  // Runs the SQL without any guard and puts them back. False when the table refuses it, or it
  // changes nothing.
  bool edit(const std::string& sql) {
    fs::copy(database, copy, fs::copy_options::overwrite_existing);
    Connection connection(copy, Connection::Access::kReadWrite);
    connection.exec("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON");
    std::vector<std::string> guards;
    std::vector<std::string> names;
    {
      Query query(connection, "SELECT sql, name FROM sqlite_schema WHERE type = 'trigger'");
      while (query.next()) {
        guards.push_back(query.text(0));
        names.push_back(query.text(1));
      }
    }
    for (const std::string& name : names) connection.exec("DROP TRIGGER " + name);
    bool changed = false;
    try {
      connection.exec(sql);
      changed = sqlite3_changes(connection.handle()) > 0;
    } catch (const SQLite::Exception&) {
    }
    for (const std::string& guard : guards) connection.exec(guard);
    connection.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    return changed;
  }
  bool verifies() {
    const auto audit = store::verify_file(copy, *secrets, {});
    return audit.ok() && audit->ok();
  }
  std::vector<std::string> list(const std::string& sql) {
    std::vector<std::string> rows;
    Connection connection(database, Connection::Access::kReadOnly);
    Query query(connection, sql.c_str());
    while (query.next()) rows.push_back(query.text(0));
    return rows;
  }

  test::TempDir directory;
  const std::string database = directory / "coupond.db";
  const std::string copy = directory / "copy.db";
  std::optional<core::Secrets> secrets;
};

// `table.column` of the list in the document.
std::set<std::string> documented() {
  std::ifstream file(test::source_dir() / "docs/proofs.md");
  std::stringstream text;
  text << file.rdbuf();
  const std::string all = text.str();
  const std::size_t start = all.find("## What `verify` does not cover");
  REQUIRE(start != std::string::npos);
  const std::string section = all.substr(start, all.find("\n## ", start + 3) - start);
  std::set<std::string> names;
  const std::regex name("`([a-z_]+\\.[a-z_]+)`");
  for (std::sregex_iterator it(section.begin(), section.end(), name), end; it != end; ++it) {
    names.insert((*it)[1]);
  }
  return names;
}

}  // namespace

TEST_CASE("every column of every row is covered by verify, or the document says that it is not",
          "[edits]") {
  EditsShop shop;
  const std::set<std::string> excused = documented();
  int named = 0;
  for (const std::string& column :
       shop.list("SELECT m.name || '.' || c.name FROM sqlite_schema AS m, pragma_table_info(m.name)"
                 " AS c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%'")) {
    const std::string table = column.substr(0, column.find('.'));
    const std::string name = column.substr(column.find('.') + 1);
    const bool changed = shop.edit(
        "UPDATE " + table + " SET " + name + " = CASE typeof(" + name + ") WHEN 'integer' THEN " +
        name + " + 1 WHEN 'text' THEN " + name + " || 'x' WHEN 'blob' THEN zeroblob(length(" +
        name + ")) ELSE 1 END WHERE " + name + " IS (SELECT max(" + name + ") FROM " + table + ")");
    if (!changed) continue;
    CAPTURE(column);
    const bool verifies = shop.verifies();
    CHECK(verifies == excused.contains(column));
    named += !verifies;
  }
  CHECK(named > 60);
}

TEST_CASE("verify names the theft of an account, a session, a key, an answer", "[edits]") {
  EditsShop shop;
  const char* sql = GENERATE(
      "UPDATE users SET password_hash = (SELECT password_hash FROM users WHERE id = 3) WHERE id = "
      "1",
      "UPDATE users SET email = 'eve2@example.com', email_key = 'eve2@example.com' WHERE id = 1",
      "UPDATE users SET username = 'root' WHERE id = 3",
      "UPDATE users SET role = 'admin' WHERE id = 3",
      "UPDATE users SET token_epoch = token_epoch - 1 WHERE id = 1",
      "UPDATE refresh_tokens SET user_id = 1 WHERE user_id = 3",
      "UPDATE refresh_tokens SET user_id = 1, mark = (SELECT mark FROM refresh_tokens WHERE "
      "user_id "
      "= 1) WHERE user_id = 3",
      "UPDATE api_keys SET scopes = 'admin'", "UPDATE api_keys SET created_by = 2",
      "UPDATE api_keys SET revoked_at = 1", "UPDATE campaigns SET name = 'other' WHERE id = 1",
      "UPDATE idempotency SET reply = (SELECT reply FROM idempotency ORDER BY key_hash LIMIT 1)",
      "UPDATE idempotency SET request = zeroblob(32)", "DELETE FROM users WHERE id = 3",
      "DELETE FROM ledger WHERE seq = (SELECT max(seq) FROM ledger)",
      "INSERT INTO api_keys (key_hash, hint, name, scopes, created_at) VALUES (zeroblob(32), 'x', "
      "'x', 'admin', 1)");
  CAPTURE(sql);
  REQUIRE(shop.edit(sql));
  CHECK_FALSE(shop.verifies());
}

TEST_CASE("a checkpoint that an owner kept finds a ledger that was rewritten or cut", "[edits]") {
  EditsShop shop;
  const auto verify_from = [&](core::Seq seq, core::Digest hash, bool good_signature = true) {
    auto options = store::audit_options(*shop.secrets);
    store::KeptHead kept{.seq = seq, .hash = hash, .signature = {}};
    kept.signature = core::sign(shop.secrets->checkpoint_key(),
                                store::signed_message({.seq = seq, .at = {}, .hash = hash}));
    if (!good_signature) kept.signature[0] ^= 1;
    options.kept = kept;
    Connection connection(shop.database, Connection::Access::kReadOnly);
    return store::verify(connection, options).first_divergence.value_or("");
  };
  core::Seq end;
  core::Digest hash{};
  {
    Connection connection(shop.database, Connection::Access::kReadOnly);
    end = store::last_entry(connection).seq;
    hash = store::ledger_row(connection, {2})->hash;
  }
  CHECK(verify_from({2}, hash).empty());
  CHECK(verify_from({3}, hash).find("is not the one") != std::string::npos);
  CHECK(verify_from({end.value + 1}, hash).find("missing") != std::string::npos);
  CHECK(verify_from({2}, hash, false).find("not signed") != std::string::npos);
}
