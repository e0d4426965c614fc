// Long random walks of the engine beside the reference model: every outcome the same, every figure
// the same, and the ledger accounts for all of it. COUPOND_LONG walks a hundred times.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>

#include "tests/support/random_walk.h"
#include "tests/support/text.h"

using namespace coupon;

namespace {

constexpr int kSteps = 10'000;

void take_walk(std::uint64_t seed) {
  INFO("seed " << seed);
  test::RandomWalk walk(seed);
  for (int i = 0; i < kSteps; ++i) {
    INFO("step " << i);
    REQUIRE(walk.step() == "");
    if (i % 1000 == 999) REQUIRE(walk.compare() == "");
  }
  CHECK(walk.is_sound());
  // A walk that is refused everything shows nothing.
  for (const char* operation : {"generate", "switch", "cap", "issue", "assign", "hold", "release",
                                "redeem", "walk-in", "rollback", "void", "credit", "top up",
                                "transfer", "restore", "free", "terms", "reassign"}) {
    INFO(operation);
    CHECK(walk.outcomes().contains(std::string(operation) + " accepted"));
  }
  CHECK(walk.outcomes().size() > 60);
}

}  // namespace

TEST_CASE("the engine does what the reference model does, ten thousand steps long", "[walk]") {
  const int walks = test::long_run() ? 100 : 2;
  for (int i = 0; i < walks; ++i) take_walk(std::uint64_t(1 + i));
}
