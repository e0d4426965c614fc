// Goal: when the disk fails an operation, replies still tell the truth: nothing acknowledged is
// absent afterwards, nothing refused is there. Method: the same scripted run again and again, with
// another read, write, sync or truncate failing each time, once or from then on; then the process
// is gone, the file is opened again, and compared with the replies. COUPOND_LONG=1 fails every one.
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "tests/support/fault_vfs.h"
#include "tests/support/scripted_run.h"
#include "tests/support/text.h"

using namespace coupon;
using test::FaultVfs;
using test::long_run;
using test::ScriptedRun;

namespace {

constexpr std::uint64_t kSeed = 20261121;
constexpr int kSteps = 160;

struct Case {
  const char* name;
  FaultVfs::Io io;
  FaultVfs::Fault fault;
};
constexpr Case kCases[] = {
    {"read fails", FaultVfs::kRead, FaultVfs::Fault::kIoError},
    {"write fails", FaultVfs::kWrite, FaultVfs::Fault::kIoError},
    {"no space", FaultVfs::kWrite, FaultVfs::Fault::kFull},
    {"half a write", FaultVfs::kWrite, FaultVfs::Fault::kShortWrite},
    {"sync fails", FaultVfs::kSync, FaultVfs::Fault::kIoError},
    {"truncate fails", FaultVfs::kTruncate, FaultVfs::Fault::kIoError},
};

struct Totals {
  int runs = 0;
  int faults = 0;
  int acknowledged = 0;
  int refused = 0;
  int unknown = 0;
  int wrong = 0;
  std::string first;
};

std::int64_t operations_of_a_run(FaultVfs::Io io) {
  FaultVfs disk;
  ScriptedRun run(disk, kSeed, store::Durability::kFull);
  disk.plan({.io = io});
  run.run(kSteps);
  return disk.count();
}

void fail_at(const FaultVfs::Plan& plan, const char* name, bool power_cut, Totals& totals) {
  FaultVfs disk(kSeed);
  ScriptedRun run(disk, kSeed, store::Durability::kFull);
  disk.plan(plan);
  run.run(kSteps);
  // What goes on beside the writer takes a few operations more in one run than in another.
  for (int more = 0; disk.faults() == 0 && more < kSteps; more += 10) run.run(10);
  totals.faults += disk.faults() > 0 ? 1 : 0;
  // Either only the process is gone, or the machine with it.
  disk.plan({});
  if (power_cut) {
    // A process of its own had the file in the meantime, and took it over.
    run.run(10);
    disk.restart(FaultVfs::Damage::kDropAll);
  }
  const std::string wrong = run.check();
  ++totals.runs;
  totals.acknowledged += run.acknowledged();
  totals.refused += run.refused();
  totals.unknown += run.unknown();
  if (wrong.empty()) return;
  ++totals.wrong;
  if (!totals.first.empty()) return;
  totals.first = "seed " + std::to_string(kSeed) + ", " + name + " at " + std::to_string(plan.at) +
                 (plan.for_ever ? " and ever after: " : " once: ") + wrong;
}

Totals fail_all_over(const Case& fault, std::int64_t sample, bool power_cut) {
  const std::int64_t operations = operations_of_a_run(fault.io);
  const std::int64_t points = long_run() ? operations : std::min(sample, operations);
  Totals totals;
  for (std::int64_t i = 0; i < points; ++i) {
    for (const bool for_ever : {false, true}) {
      if (power_cut && for_ever) continue;
      const std::int64_t at = 1 + i * operations / points;
      fail_at({.io = fault.io, .at = at, .fault = fault.fault, .for_ever = for_ever}, fault.name,
              power_cut, totals);
    }
  }
  std::printf(
      "I/O faults: %s: %d runs, %d with the fault, %d acknowledged, %d refused, %d unknown\n",
      fault.name, totals.runs, totals.faults, totals.acknowledged, totals.refused, totals.unknown);
  return totals;
}

}  // namespace

TEST_CASE("whatever fails on the disk, replies agree with the file afterwards", "[io_fault]") {
  for (const Case& fault : kCases) {
    const Totals totals = fail_all_over(fault, 40, false);
    INFO(totals.first);
    CHECK(totals.wrong == 0);
    CHECK(totals.faults == totals.runs);
    CHECK(totals.acknowledged > 0);
  }
}

// After a failed sync the kernel forgets what it could not write, and shows it nevertheless. What
// is acknowledged by the next process must not stand on that.
TEST_CASE("what is acknowledged after a failed sync and a restart survives a power cut",
          "[io_fault]") {
  const Totals totals = fail_all_over(kCases[4], 80, true);
  INFO(totals.first);
  CHECK(totals.wrong == 0);
  CHECK(totals.unknown > 0);
}

// Nor what it has only shown: with the old log back, the file would be older than what was seen, or
// a mixture.
TEST_CASE("a log that a start has taken over does not come back at a power cut", "[io_fault]") {
  constexpr char kPath[] = "/coupond.db";
  constexpr char kEntries[] = "SELECT count(*) FROM ledger";
  FaultVfs disk;
  test::make_database(kPath, disk.name());
  const auto open = [&] {
    return std::make_unique<test::EngineFixture>(test::EngineFixture::Options{
        .writer = {.drive = store::Writer::Drive::kCaller, .vfs = disk.name()}, .path = kPath});
  };
  auto engine = open();
  engine->make_user();
  engine->make_user();
  disk.plan({.io = FaultVfs::kSync, .at = 1});
  CHECK_THROWS(engine->make_user());
  disk.cut_power();
  engine.reset();
  disk.restart_process();
  engine = open();
  CHECK(engine->number(kEntries) == 3);  // nobody knew, until now
  disk.cut_power();
  engine.reset();
  disk.restart(FaultVfs::Damage::kDropAll);
  engine = open();
  CHECK(engine->number(kEntries) == 3);
  CHECK(engine->verify().ok());
}
