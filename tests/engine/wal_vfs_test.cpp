// The layer that gathers writes to the log must never be noticed: other connections see a commit
// when it has returned, the connection itself sees its own pages before, and what is on the disk
// after each commit is a whole database.
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "coupond/store/connection.h"
#include "src/store/wal_vfs.h"
#include "tests/support/temp_dir.h"

namespace {

using coupon::store::Connection;
using coupon::store::Query;

constexpr char kInsert[] = "INSERT INTO t (id, text) VALUES (?, ?)";
constexpr char kFrames[] = "SELECT count(*), coalesce(sum(length(text)), 0) FROM t";
constexpr char kCheck[] = "PRAGMA integrity_check(1)";

struct Totals {
  std::int64_t rows = 0;
  std::int64_t bytes = 0;
  friend bool operator==(const Totals&, const Totals&) = default;
};

Totals totals(Connection& connection) {
  Query query(connection, kFrames);
  query.next();
  return {query.integer(0), query.integer(1)};
}

std::string integrity(Connection& connection) {
  Query query(connection, kCheck);
  query.next();
  return query.text(0);
}

class Database {
 public:
  Database() {
    writer.exec("PRAGMA journal_mode = WAL");
    writer.exec("PRAGMA synchronous = FULL");
    writer.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)");
  }

  // Rows of 500 bytes, `count` of them.
  void insert(std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      Query(writer, kInsert, next_++, std::string(500, 'x')).run();
    }
  }

  coupon::test::TempDir directory;
  const std::string path = directory / "x.db";
  Connection writer{path, Connection::Access::kReadWrite,
                    coupon::store::log_gathering_vfs(nullptr)};
  Connection reader{path, Connection::Access::kReadOnly};

 private:
  std::int64_t next_ = 1;
};

TEST_CASE("a commit through the gathering layer is seen by others when it returns") {
  Database database;
  Totals expected;
  for (const std::int64_t rows : {1, 2, 40, 700, 3}) {
    database.writer.exec("BEGIN IMMEDIATE");
    database.insert(rows);
    CHECK(totals(database.reader) == expected);
    database.writer.exec("COMMIT");
    expected = {expected.rows + rows, expected.bytes + 500 * rows};
    CHECK(totals(database.reader) == expected);
  }
  CHECK(integrity(database.reader) == "ok");
}

TEST_CASE("what is copied from the disk right after a commit is the whole commit") {
  Database database;
  for (int round = 1; round <= 5; ++round) {
    database.writer.exec("BEGIN IMMEDIATE");
    database.insert(300);
    database.writer.exec("COMMIT");
    const std::string copy = database.directory / ("copy" + std::to_string(round));
    std::filesystem::copy_file(database.path, copy);
    std::filesystem::copy_file(database.path + "-wal", copy + "-wal");
    Connection reopened(copy, Connection::Access::kReadWrite);
    CHECK(totals(reopened).rows == 300 * round);
    CHECK(integrity(reopened) == "ok");
  }
}

// A cache of few pages makes SQLite write to the log and read from it in mid-transaction.
TEST_CASE("a transaction larger than the cache finds its own pages again, and can be undone") {
  Database database;
  database.writer.exec("PRAGMA cache_size = 10");
  database.insert(100);
  database.writer.exec("BEGIN IMMEDIATE");
  database.insert(2000);
  CHECK(totals(database.writer).rows == 2100);
  CHECK(totals(database.reader).rows == 100);
  database.writer.exec("ROLLBACK");
  CHECK(totals(database.writer).rows == 100);
  database.writer.exec("BEGIN IMMEDIATE");
  database.insert(2000);
  database.writer.exec("UPDATE t SET text = text || 'y'");
  database.writer.exec("COMMIT");
  CHECK(totals(database.reader) == Totals{2100, 2100 * 501});
  CHECK(integrity(database.reader) == "ok");
}

TEST_CASE("checkpoints and new rounds of the log go through the gathering layer") {
  Database database;
  for (std::int64_t round = 1; round <= 6; ++round) {
    database.insert(200);
    database.writer.exec(round % 2 == 0 ? "PRAGMA wal_checkpoint(TRUNCATE)"
                                        : "PRAGMA wal_checkpoint(PASSIVE)");
    CHECK(totals(database.reader).rows == 200 * round);
  }
  CHECK(integrity(database.writer) == "ok");
}

TEST_CASE("the gathering layer is registered once for each layer below it") {
  const char* first = coupon::store::log_gathering_vfs(nullptr);
  REQUIRE(first != nullptr);
  CHECK(coupon::store::log_gathering_vfs(nullptr) == first);
  CHECK(std::string(coupon::store::log_gathering_vfs("unix")) != first);
  const char* unknown = "there is no such layer";
  CHECK(coupon::store::log_gathering_vfs(unknown) == unknown);
}

}  // namespace
