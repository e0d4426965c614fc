#include "coupond/store/database.h"

#include <SQLiteCpp/Exception.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "coupond_schema.h"
#include "tests/support/temp_dir.h"

using namespace coupon;
using store::Connection;
using store::DataPaths;
using store::PrepareOptions;
using store::Query;

namespace {

struct Fixture {
  test::TempDir dir;
  DataPaths paths{dir.path()};
  std::vector<std::string> notices;

  const core::Secrets secrets = core::Secrets::from_master(core::Block<32>{7});

  PrepareOptions options() {
    return {.secrets = secrets,
            .clock = [] { return core::UnixMs{1'700'000'000'000}; },
            .notice = [this](const std::string& what) { notices.push_back(what); }};
  }
  core::Result<store::Prepared> prepare() { return prepare_database(paths, options()); }
  void change(const std::string& sql) {
    Connection connection(paths.database, Connection::Access::kReadWrite);
    connection.exec(sql);
  }
  // As the writer does at its end: everything moved into the file.
  void close_in_order() {
    change("PRAGMA wal_checkpoint(TRUNCATE)");
    mark_clean_stop(paths);
  }
  // Refused, with a sentence that names the file and holds `part`.
  void check_refused(const std::string& part) {
    const auto facts = prepare();
    REQUIRE_FALSE(facts.ok());
    CAPTURE(facts.error().message);
    CHECK(facts.error().message.find(paths.database) != std::string::npos);
    CHECK(facts.error().message.find(part) != std::string::npos);
  }
  void overwrite(std::streamoff at, std::size_t bytes) {
    std::fstream file(paths.database, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(at);
    file << std::string(bytes, '\x5a');
  }
};

constexpr char kFirstPageAt[] = R"(
  SELECT (rootpage - 1) * (SELECT page_size FROM pragma_page_size)
    FROM sqlite_schema WHERE name = 'coupons')";

// Where in the file the coupons begin: a start reads none.
std::int64_t coupons_offset(const DataPaths& paths) {
  Connection connection(paths.database, Connection::Access::kReadOnly);
  Query query(connection, kFirstPageAt);
  query.next();
  return query.integer(0);
}

}  // namespace

TEST_CASE("a new database is ours, private, and the same at the next start", "[database]") {
  Fixture fixture;
  const auto made = fixture.prepare();
  REQUIRE(made.ok());
  CHECK(made->facts.key_id == fixture.secrets.key_id());
  CHECK(made->facts.created_at.value == 1'700'000'000'000);
  CHECK(made->facts.instance.size() == 36);
  for (const auto& entry : std::filesystem::directory_iterator(fixture.dir.path())) {
    struct stat info = {};
    REQUIRE(::stat(entry.path().c_str(), &info) == 0);
    CAPTURE(entry.path().string());
    CHECK((info.st_mode & 077) == 0);
  }
  const auto again = fixture.prepare();
  REQUIRE(again.ok());
  CHECK(again->facts.instance == made->facts.instance);
}

TEST_CASE("the schema made is schema.sql", "[database]") {
  Fixture fixture;
  REQUIRE(fixture.prepare().ok());
  Connection made(fixture.paths.database, Connection::Access::kReadOnly);
  Connection fresh(":memory:", Connection::Access::kReadWrite);
  fresh.exec(std::string(store::kSchemaSql));
  CHECK(schema_text(made) == schema_text(fresh));
  CHECK(schema_text(made).find("CREATE TABLE ledger") != std::string::npos);
}

TEST_CASE("a first start cut off before its transaction starts over", "[database]") {
  Fixture fixture;
  fixture.change("PRAGMA journal_mode = WAL");
  CHECK(fixture.prepare().ok());
}

TEST_CASE("a database that is not ours is refused and left alone", "[database]") {
  Fixture fixture;
  fixture.change("CREATE TABLE photos (a); INSERT INTO photos VALUES (1)");
  const auto bytes = std::filesystem::file_size(fixture.paths.database);
  fixture.check_refused("is not a database of coupond");
  CHECK(std::filesystem::file_size(fixture.paths.database) == bytes);
}

TEST_CASE("a file that is no database at all is refused", "[database]") {
  Fixture fixture;
  std::ofstream(fixture.paths.database) << std::string(10'000, 'x');
  fixture.check_refused("is not a database of coupond");
}

TEST_CASE("a database from a newer program is refused", "[database]") {
  Fixture fixture;
  REQUIRE(fixture.prepare().ok());
  fixture.change("PRAGMA user_version = 99");
  fixture.check_refused("newer coupond");
}

TEST_CASE("another key's database is refused", "[database]") {
  Fixture fixture;
  REQUIRE(fixture.prepare().ok());
  const core::Secrets others = core::Secrets::from_master(core::Block<32>{8});
  const auto facts = prepare_database(fixture.paths, {.secrets = others});
  REQUIRE_FALSE(facts.ok());
  CHECK(facts.error().message.find(fixture.paths.key) != std::string::npos);
}

TEST_CASE("a schema somebody changed is refused", "[database]") {
  Fixture fixture;
  REQUIRE(fixture.prepare().ok());
  fixture.change(GENERATE("DROP TRIGGER ledger_is_never_cut", "CREATE TABLE extra (a)",
                          "ALTER TABLE campaigns ADD COLUMN extra TEXT"));
  fixture.check_refused("was changed");
}

TEST_CASE("a damaged page is refused, after a clean stop too", "[database]") {
  Fixture fixture;
  REQUIRE(fixture.prepare().ok());
  fixture.close_in_order();
  SECTION("in a table") { fixture.overwrite(coupons_offset(fixture.paths), 200); }
  SECTION("in the schema") { fixture.overwrite(100, 200); }
  fixture.check_refused("damaged");
}

TEST_CASE("a file nobody touched since a clean stop is not read through", "[database]") {
  Fixture fixture;
  REQUIRE(fixture.prepare().ok());
  fixture.close_in_order();
  // Damage that only reading through the file finds, with the time of change put back.
  const auto changed_at = std::filesystem::last_write_time(fixture.paths.database);
  fixture.overwrite(coupons_offset(fixture.paths), 200);
  std::filesystem::last_write_time(fixture.paths.database, changed_at);
  CHECK(fixture.prepare().ok());
  // The note was good for one start.
  fixture.check_refused("damaged");
}

TEST_CASE("a stop that left something in the log is not a clean one", "[database]") {
  Fixture fixture;
  REQUIRE(fixture.prepare().ok());
  fixture.change("UPDATE meta SET value = '1' WHERE name = 'restore_epoch'");
  mark_clean_stop(fixture.paths);
  CHECK_FALSE(store::exists(fixture.paths.clean_stop));
}
