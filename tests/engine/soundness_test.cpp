// One list says what may be served: what a start refuses, `verify`, `backup` and `restore` refuse.
#include "coupond/store/soundness.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "coupond/store/backup.h"
#include "coupond/store/restore.h"
#include "tests/support/live_engine.h"

using namespace coupon;
using store::DataPaths;
using test::LiveEngine;

namespace {

namespace fs = std::filesystem;

// A shop at rest, with entries before and behind its checkpoint.
struct SoundnessShop {
  SoundnessShop() : paths(directory / "data") {
    LiveEngine engine;
    engine.make_user("ada@example.com");
    CHECK(engine->checkpoint().ok());
    engine.make_user("bob@example.com");
    fs::copy(engine->paths().directory, paths.directory);
    store::Connection(paths.database, store::Connection::Access::kReadWrite)
        .exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }
  void change(const std::string& sql) {
    store::Connection connection(paths.database, store::Connection::Access::kReadWrite);
    connection.exec("PRAGMA writable_schema = ON");
    connection.exec(sql);
    connection.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }
  core::Secrets secrets() const { return core::Secrets::load(paths.key).value(); }
  bool verifies() const {
    const auto audit = store::verify_file(paths.database, secrets(), {});
    return audit.ok() && audit->ok();
  }
  bool backs_up() const {
    const std::string file = directory / "one.backup";
    fs::remove(file);
    return store::back_up(paths, file, {}).ok();
  }
  // Whether a file with this content would be put back.
  bool restores() const {
    const std::string file = directory / "copy.backup";
    fs::copy(paths.database, file, fs::copy_options::overwrite_existing);
    const DataPaths elsewhere(directory / "elsewhere");
    fs::remove_all(elsewhere.directory);
    fs::create_directory(elsewhere.directory);
    fs::copy(paths.key, elsewhere.key);
    return store::restore(elsewhere, file, {}).ok();
  }
  bool starts() const {
    return service::Engine::open({.data_dir = paths.directory, .demo = std::nullopt}).ok();
  }

  test::TempDir directory;
  DataPaths paths;
};

}  // namespace

TEST_CASE("an untouched shop is good for everybody", "[soundness]") {
  SoundnessShop shop;
  CHECK(shop.verifies());
  CHECK(shop.backs_up());
  CHECK(shop.restores());
  CHECK(shop.starts());
}

TEST_CASE("what a start refuses, verify, backup and restore refuse", "[soundness]") {
  const char* sql = GENERATE(
      "DROP TRIGGER ledger_is_never_cut", "CREATE TABLE extra (a)",
      "ALTER TABLE campaigns ADD COLUMN extra TEXT", "DROP INDEX holds_by_user",
      "UPDATE checkpoint SET signature = zeroblob(64)", "UPDATE checkpoint SET seq = seq - 1",
      "UPDATE checkpoint SET at = at + 1", "UPDATE checkpoint_campaigns SET issued = issued + 1",
      "UPDATE ledger_head SET signature = zeroblob(64)", "DELETE FROM ledger_head",
      "UPDATE meta SET value = '1' WHERE name = 'demo'",
      "UPDATE meta SET value = 'yes' WHERE name = 'demo'", "DELETE FROM meta WHERE name = 'demo'",
      "UPDATE meta SET value = '0' WHERE name = 'created_at'",
      "UPDATE meta SET value = 'x' WHERE name = 'restore_epoch'",
      "UPDATE meta SET value = 'x' WHERE name = 'instance'",
      "UPDATE meta SET value = '0b8c51a6-7f0e-4c55-9d6e-3f2a1b0c9d8e' WHERE name = 'instance'",
      "UPDATE meta SET value = '0123456789abcdef' WHERE name = 'key_id'",
      "UPDATE meta SET value = 'ab' WHERE name = 'mark'");
  CAPTURE(sql);
  SoundnessShop shop;
  shop.change(sql);
  CHECK_FALSE(shop.verifies());
  CHECK_FALSE(shop.backs_up());
  CHECK_FALSE(shop.restores());
  CHECK_FALSE(shop.starts());
}

TEST_CASE("check tells of every item, and of what is wrong with it", "[soundness]") {
  SoundnessShop shop;
  shop.change("CREATE TABLE extra (a); UPDATE checkpoint SET signature = zeroblob(64)");
  store::Connection connection(shop.paths.database, store::Connection::Access::kReadOnly);
  const auto audit = store::audit_options(shop.secrets());
  std::vector<std::string> bad;
  int items = 0;
  store::check_soundness(connection, {audit.key_id, audit.verifier},
                         [&](const char* item, const std::optional<std::string>& fault) {
                           ++items;
                           if (fault) bad.emplace_back(item);
                           return true;
                         });
  CHECK(items == 4);
  CHECK(bad == std::vector<std::string>{"schema", "ledger"});
}
