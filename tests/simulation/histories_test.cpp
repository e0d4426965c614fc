// Goal: to its clients the engine looks as if it did one thing at a time. Method: short, crowded
// histories of threads that race on the real writer, checked twice: by the ledger's order, and by a
// search that does not know it. In some the power is cut, in some the disk fails. COUPOND_SEED=n
// repeats one (as far as threads can be repeated), COUPOND_SEEDS=n runs so many of each kind,
// COUPOND_LONG=1 runs 2,400 in all.
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>

#include "tests/simulation/history_recorder.h"
#include "tests/simulation/ledger_check.h"
#include "tests/simulation/object_check.h"
#include "tests/support/text.h"

using namespace coupon;
using test::FaultVfs;
using test::HistoryPlan;

namespace {

struct Totals {
  int histories = 0;
  int acknowledged = 0;
  int refused = 0;
  int unknown = 0;
  int looks = 0;
  int searched = 0;
  int too_long = 0;
};

std::uint64_t first_seed() {
  const char* given = std::getenv("COUPOND_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : 1;
}

int histories(int few, int many) {
  if (std::getenv("COUPOND_SEED") != nullptr) return 1;
  if (const char* given = std::getenv("COUPOND_SEEDS")) return std::atoi(given);
  return test::long_run() ? many : few;
}

void check_history(const HistoryPlan& plan, Totals& totals) {
  INFO("seed " << plan.seed);
  std::string audit;
  const auto history = test::record_history(plan, audit);
  CHECK(audit == "");
  CHECK(test::check_by_ledger(history) == std::vector<std::string>{});
  const auto objects = test::check_objects(history);
  CHECK(objects.wrong == std::vector<std::string>{});
  ++totals.histories;
  for (const auto& record : history.records) {
    ++(record.effect ? totals.acknowledged : record.reason ? totals.refused : totals.unknown);
  }
  totals.looks += int(history.looks.size());
  totals.searched += objects.searched;
  totals.too_long += objects.too_long;
}

void print(const char* kind, const Totals& totals) {
  std::printf(
      "histories %s: %d from seed %llu, %d acknowledged, %d refused, %d unknown, %d looks, "
      "%d objects searched, %d too long\n",
      kind, totals.histories, static_cast<unsigned long long>(first_seed()), totals.acknowledged,
      totals.refused, totals.unknown, totals.looks, totals.searched, totals.too_long);
}

HistoryPlan plan_of(std::uint64_t seed) {
  return {.seed = seed, .clients = 2 + int(seed % 7), .requests = 10 + int(seed % 5) * 4};
}

}  // namespace

TEST_CASE("histories of racing threads are linearizable", "[history]") {
  Totals totals;
  const std::uint64_t first = first_seed();
  for (int i = 0; i < histories(40, 1'200); ++i) {
    check_history(plan_of(first + std::uint64_t(i)), totals);
  }
  print("of threads", totals);
  CHECK(totals.acknowledged > totals.histories);
  CHECK(totals.unknown == 0);
  CHECK(totals.searched > totals.histories);
}

TEST_CASE("histories that a power cut ends are linearizable", "[history]") {
  Totals totals;
  const std::uint64_t first = first_seed();
  for (int i = 0; i < histories(30, 700); ++i) {
    HistoryPlan plan = plan_of(first + std::uint64_t(i));
    plan.power_cut_at = 1 + i * 7 % 90;
    const int damage = i % (FaultVfs::kDamages + 1);
    if (damage < FaultVfs::kDamages) plan.damage = static_cast<FaultVfs::Damage>(damage);
    check_history(plan, totals);
  }
  print("with a power cut", totals);
  CHECK(totals.acknowledged > totals.histories);
  CHECK(totals.unknown > 0);
}

TEST_CASE("histories on a failing disk are linearizable", "[history]") {
  Totals totals;
  const std::uint64_t first = first_seed();
  for (int i = 0; i < histories(30, 500); ++i) {
    HistoryPlan plan = plan_of(first + std::uint64_t(i));
    plan.odds = {.read = i % 3 * 10,
                 .write = i % 5 * 10,
                 .sync = i % 4 * 5,
                 .fault = static_cast<FaultVfs::Fault>(i % 3)};
    check_history(plan, totals);
  }
  print("on a failing disk", totals);
  CHECK(totals.acknowledged > totals.histories);
  CHECK(totals.unknown > 0);
}
