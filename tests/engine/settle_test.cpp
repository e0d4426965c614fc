// Goal: what a log holds whose sync failed is not lost, nor half of it kept, by whoever moves that
// log. Method: a disk in memory whose power goes at every change of the move.
#include "src/store/settle.h"

#include <SQLiteCpp/Exception.h>

#include <catch2/catch.hpp>

#include "tests/support/fault_vfs.h"

using namespace coupon;
using store::Connection;
using store::Query;
using test::FaultVfs;

namespace {

constexpr const char* kSettledPath = "/shop.db";
constexpr int kRows = 40;

std::int64_t number_in(Connection& connection, const char* sql) {
  Query query(connection, sql);
  query.next();
  return query.integer(0);
}

// One commit that changes many pages of the file, which is to be seen but was never synced, and
// never will be by a sync alone.
void leave_unsynced(FaultVfs& disk) {
  Connection connection(kSettledPath, Connection::Access::kReadWrite, disk.name());
  connection.exec("PRAGMA journal_mode = WAL");
  connection.exec("PRAGMA synchronous = FULL");
  connection.exec("CREATE TABLE t (version, filling); CREATE TABLE other (x)");
  connection.exec(
      "INSERT INTO t WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
      std::to_string(kRows) + ") SELECT 1, zeroblob(3000) FROM n");
  connection.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  connection.exec("INSERT INTO other VALUES (1)");  // begins the log
  disk.plan({.io = FaultVfs::kSync, .at = 1});
  CHECK_THROWS_AS(connection.exec("UPDATE t SET version = 2"), SQLite::Exception);
  CHECK(disk.faults() == 1);
  disk.cut_power();  // so that closing changes nothing
}

// 1 or 2; 0 for a mixture.
std::int64_t version(Connection& connection) {
  if (number_in(connection, "SELECT count(DISTINCT version) FROM t") != 1) return 0;
  return number_in(connection, "SELECT max(version) FROM t");
}

}  // namespace

TEST_CASE("a log whose sync failed is settled whole, wherever the power goes", "[settle]") {
  for (const auto damage :
       {FaultVfs::Damage::kDropAll, FaultVfs::Damage::kKeepAll, FaultVfs::Damage::kSubset}) {
    bool ended = false;
    std::int64_t cuts = 0;
    for (std::int64_t cut = 1; !ended; ++cut) {
      REQUIRE(cut < 1000);
      FaultVfs disk(static_cast<std::uint64_t>(cut));
      leave_unsynced(disk);
      disk.restart_process();
      disk.cut_power_at(cut);
      try {
        Connection connection(kSettledPath, Connection::Access::kReadWrite, disk.name());
        CHECK(version(connection) == 2);
        store::settle_log(connection);
        ended = !disk.is_off();
      } catch (const SQLite::Exception&) {
        CHECK(disk.is_off());
      }
      cuts += ended ? 0 : 1;
      if (!disk.is_off()) disk.cut_power();
      disk.restart(damage);
      Connection after(kSettledPath, Connection::Access::kReadWrite, disk.name());
      CAPTURE(cut, ended);
      Query check(after, "PRAGMA integrity_check");
      REQUIRE(check.next());
      CHECK(check.text(0) == "ok");
      CHECK(version(after) >= (ended ? 2 : 1));
    }
    CHECK(cuts > 10);
  }
}
