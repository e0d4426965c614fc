// Goal: the log is moved into the file beside commits, starts anew although commits never pause,
// and is never let go of when the file could not be synced. Method: commits of many pages through
// the writer, on a real disk and on one whose syncs fail.
#include <algorithm>
#include <catch2/catch.hpp>

#include "coupond/store/database.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/fault_vfs.h"

using namespace coupon;
using core::Result;
using core::Seq;
using store::Tx;
using test::EngineFixture;

namespace {

constexpr int kRowsOfALog = 1000;
constexpr int kRowsAtOnce = 200;  // one to a page or two
constexpr int kStep = 500;

void make_rows(EngineFixture& fixture) {
  fixture.shell("CREATE TABLE scratch (id INTEGER PRIMARY KEY, round INTEGER, body BLOB) STRICT");
  fixture.shell("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
                std::to_string(kRowsOfALog) +
                ") INSERT INTO scratch SELECT i, 0, zeroblob(1500) FROM n");
}

// Changes a part of the rows, and leaves an entry.
Result<Seq> change_rows(EngineFixture& fixture, int round) {
  return fixture.run<Seq>([&](Tx& tx) -> Result<Seq> {
    const int first = round * kRowsAtOnce % kRowsOfALog;
    tx.db().exec("UPDATE scratch SET round = " + std::to_string(round) +
                 ", body = randomblob(1500) WHERE id > " + std::to_string(first) +
                 " AND id <= " + std::to_string(first + kRowsAtOnce));
    return tx.append({.operation = "test", .actor = "mover", .units = round});
  });
}

}  // namespace

TEST_CASE("under steady commits the log is moved and starts anew", "[log]") {
  EngineFixture fixture({.writer = {.log_step = kStep}});
  make_rows(fixture);
  constexpr int kRounds = 80;
  for (int round = 1; round <= kRounds; ++round) REQUIRE(change_rows(fixture, round).ok());

  const auto batches = fixture.batches();
  std::int64_t most = 0;
  std::int64_t last = 0;
  int begun_anew = 0;
  for (const store::BatchReport& batch : batches) {
    most = std::max(most, batch.wal_bytes);
    begun_anew += batch.wal_bytes < last ? 1 : 0;
    last = batch.wal_bytes;
  }
  CHECK(begun_anew >= 1);
  // Beyond twelve steps the writer waits; one commit more may be in it by then.
  CHECK(most <= std::int64_t{store::kPageBytes} * (12 * kStep + 4 * kRowsAtOnce));

  fixture.restart();
  CHECK(fixture.number("SELECT max(units) FROM ledger WHERE actor = 'mover'") == kRounds);
  CHECK(fixture.number("SELECT count(*) FROM scratch WHERE round > " +
                       std::to_string(kRounds - kRowsOfALog / kRowsAtOnce)) == kRowsOfALog);
  CHECK(fixture.number(
            "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'") == 1);
}

TEST_CASE("after a failed sync of the file the writer leaves, and nothing is lost", "[log]") {
  test::FaultVfs disk;
  constexpr char kPath[] = "/coupond.db";
  test::make_database(kPath, disk.name());
  int acknowledged = 0;
  {
    EngineFixture fixture({.writer = {.log_step = kStep, .vfs = disk.name()}, .path = kPath});
    make_rows(fixture);
    // Somewhere in there a move syncs the file, or a commit the log: after either the writer stops.
    disk.plan({.io = test::FaultVfs::kSync, .at = 12});
    int round = 1;
    while (round <= 60 && change_rows(fixture, round).ok()) acknowledged = round++;
    CHECK(disk.faults() == 1);
    REQUIRE(round <= 60);
    CHECK(fixture.fatals().size() == 1);
    CHECK_FALSE(fixture.writer().healthy());
    disk.plan({});
    disk.cut_power();
  }
  disk.restart(test::FaultVfs::Damage::kDropAll);
  EngineFixture fixture({.writer = {.log_step = kStep, .vfs = disk.name()}, .path = kPath});
  CHECK(fixture.number("SELECT coalesce(max(units), 0) FROM ledger WHERE actor = 'mover'") >=
        acknowledged);
  CHECK(fixture.number("SELECT count(*) FROM scratch WHERE round = " +
                       std::to_string(acknowledged)) == kRowsAtOnce);
}
