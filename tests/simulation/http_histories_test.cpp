// Goal: the same of the built binary, as its clients see it over HTTP, whether or not it is killed
// (kill -9) and started again. Method: recorded histories (see http_history.h), checked twice, as
// in histories_test.cpp. COUPOND_SEEDS=n runs so many, COUPOND_LONG=1 runs 200. The same through
// both heads of a cluster, started by tests/cluster/histories_test.py, which has etcd for it.
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>

#include "tests/simulation/http_history.h"
#include "tests/simulation/ledger_check.h"
#include "tests/simulation/object_check.h"
#include "tests/support/black_box.h"

using namespace coupon;

namespace {

int histories() {
  if (const char* given = std::getenv("COUPOND_SEEDS")) return std::atoi(given);
  return test::long_run() ? 200 : 4;
}

struct Tally {
  int acknowledged = 0;
  int refused = 0;
  int searched = 0;
};

void check(const test::HttpHistoryPlan& plan, Tally& tally) {
  INFO("COUPOND_SEED=" << plan.seed);
  std::string audit;
  const auto history = test::record_http_history(plan, audit);
  CHECK(audit == "");
  CHECK(test::check_by_ledger(history) == std::vector<std::string>{});
  const auto objects = test::check_objects(history);
  CHECK(objects.wrong == std::vector<std::string>{});
  tally.searched += objects.searched;
  for (const auto& record : history.records) {
    tally.acknowledged += record.effect ? 1 : 0;
    tally.refused += record.reason ? 1 : 0;
  }
}

}  // namespace

TEST_CASE("histories of HTTP clients are linearizable, kill -9 or not", "[history][kill]") {
  const std::uint64_t seed = test::test_seed();
  Tally tally;
  int killed = 0;
  for (int i = 0; i < histories(); ++i) {
    const std::uint64_t own = seed + std::uint64_t(i);
    const std::int64_t kill_after_ms = i % 4 == 3 ? 0 : 5 + std::int64_t(own % 90);
    killed += kill_after_ms > 0 ? 1 : 0;
    check({.seed = own, .clients = 6, .requests = 60, .kill_after_ms = kill_after_ms}, tally);
  }
  std::printf(
      "HTTP histories: %d from seed %llu, %d killed, %d acknowledged, %d refused, "
      "%d objects searched\n",
      histories(), static_cast<unsigned long long>(seed), killed, tally.acknowledged, tally.refused,
      tally.searched);
  CHECK(tally.acknowledged > 0);
  CHECK(tally.refused > 0);
}

// COUPOND_ETCD: the addresses of two members, with a comma between them.
TEST_CASE("histories through both heads of a cluster are linearizable", "[.][cluster]") {
  const char* given = std::getenv("COUPOND_ETCD");
  REQUIRE(given != nullptr);
  const std::string etcd = given;
  const std::size_t comma = etcd.find(',');
  REQUIRE(comma != std::string::npos);
  const std::uint64_t seed = test::test_seed();
  Tally tally;
  for (int i = 0; i < histories(); ++i) {
    const std::uint64_t own = seed + std::uint64_t(i);
    check({.seed = own,
           .clients = 6,
           .requests = 60,
           .kill_after_ms = 5 + std::int64_t(own % 300),
           .etcd = {etcd.substr(0, comma), etcd.substr(comma + 1)},
           .sleeps = i % 2 == 1},
          tally);
  }
  std::printf("histories through both heads: %d from seed %llu, %d acknowledged, %d refused, "
              "%d objects searched\n",
              histories(), static_cast<unsigned long long>(seed), tally.acknowledged, tally.refused,
              tally.searched);
  CHECK(tally.acknowledged > 0);
  CHECK(tally.refused > 0);
}
