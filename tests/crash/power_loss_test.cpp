// Goal: whenever the power goes, and whatever the disk makes of what was not synced, no operation
// that was acknowledged is lost, none that was refused is there, and the books are in order.
// Method: the same scripted run again and again, the power cut at another write, sync or truncate
// each time; every fifth time once more while the engine recovers. COUPOND_LONG=1 runs all points.
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>

#include "tests/support/fault_vfs.h"
#include "tests/support/scripted_run.h"
#include "tests/support/text.h"

using namespace coupon;
using test::FaultVfs;
using test::long_run;
using test::ScriptedRun;

namespace {

constexpr std::uint64_t kSeed = 20261120;
constexpr int kSteps = 230;  // enough for two checkpoints on the way and one at the end

// How many changes a whole run makes.
std::int64_t changes_of_a_run(store::Durability durability) {
  FaultVfs disk;
  ScriptedRun run(disk, kSeed, durability);
  disk.plan({.io = FaultVfs::kChanges});
  run.run(kSteps);
  CHECK(run.check() == "");
  return disk.count();
}

struct Totals {
  int points = 0;
  int acknowledged = 0;
  int unknown = 0;
  int lost = 0;
  int wrong = 0;
  std::string first;
};

struct Point {
  std::int64_t change;
  FaultVfs::Damage damage;
  bool again;  // once more while recovering
};

void crash_at(const Point& point, store::Durability durability, bool powersafe, Totals& totals) {
  FaultVfs disk(kSeed + static_cast<std::uint64_t>(point.change), powersafe);
  ScriptedRun run(disk, kSeed, durability);
  disk.cut_power_at(point.change);
  run.run(kSteps);
  disk.restart(point.damage);
  if (point.again) {
    disk.cut_power_at(1 + point.change % 40);
    static_cast<void>(run.check());
    disk.restart(point.damage);
  }
  const std::string wrong = run.check();
  ++totals.points;
  totals.acknowledged += run.acknowledged();
  totals.unknown += run.unknown();
  totals.lost += run.lost();
  if (wrong.empty()) return;
  ++totals.wrong;
  if (!totals.first.empty()) return;
  totals.first = "seed " + std::to_string(kSeed) + ", power cut at change " +
                 std::to_string(point.change) + ", damage " +
                 std::to_string(static_cast<int>(point.damage)) + ": " + wrong;
}

// `sample` points spread over the whole run with damages in turn; 0: every point with every damage.
Totals crash_all_over(store::Durability durability, std::int64_t sample, bool powersafe = true) {
  const std::int64_t changes = changes_of_a_run(durability);
  Totals totals;
  const std::int64_t points = sample > 0 ? sample : changes * FaultVfs::kDamages;
  for (std::int64_t i = 0; i < points; ++i) {
    const std::int64_t change = 1 + i * changes / points;
    const auto damage = static_cast<FaultVfs::Damage>(i % FaultVfs::kDamages);
    crash_at({.change = change, .damage = damage, .again = i % 5 == 4}, durability, powersafe,
             totals);
  }
  std::printf("power loss: seed %llu, %d of %lld points, %d acknowledged, %d unknown, %d lost\n",
              static_cast<unsigned long long>(kSeed), totals.points,
              static_cast<long long>(changes * FaultVfs::kDamages), totals.acknowledged,
              totals.unknown, totals.lost);
  return totals;
}

}  // namespace

TEST_CASE("a power cut at any moment loses nothing that was acknowledged", "[power_loss]") {
  const Totals totals = crash_all_over(store::Durability::kFull, long_run() ? 0 : 540);
  INFO(totals.first);
  CHECK(totals.wrong == 0);
  CHECK(totals.lost == 0);
  CHECK(totals.acknowledged > totals.points * 10);
  CHECK(totals.unknown > 0);
}

TEST_CASE("nor on a disk that spoils what lies beside a torn write", "[power_loss]") {
  const Totals totals = crash_all_over(store::Durability::kFull, long_run() ? 3000 : 60, false);
  INFO(totals.first);
  CHECK(totals.wrong == 0);
  CHECK(totals.lost == 0);
}

// The control: a harness that finds nothing here would find nothing anywhere.
TEST_CASE("relaxed durability is seen to lose what it acknowledged", "[power_loss]") {
  const Totals totals = crash_all_over(store::Durability::kRelaxed, 60);
  CHECK(totals.lost > 0);
}
