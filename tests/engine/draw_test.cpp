// The random draw from a pool: every coupon equally likely, at every draw.
#include <array>
#include <catch2/catch.hpp>
#include <set>

#include "coupond/service/coupons.h"
#include "tests/support/engine_fixture.h"

using namespace coupon;

namespace {

// The 99.9 % point of chi-square with 9 degrees of freedom.
constexpr double kChiSquareLimit = 27.88;

struct Pool : test::EngineFixture {
  explicit Pool(std::int64_t codes)
      : user(make_user()), campaign(make_campaign(domain::Mode::kPool)) {
    if (codes > 0) make_codes(campaign, codes);
  }

  service::Issued draw() {
    const core::Random bytes = random().as_random();
    const service::Mint mint{vault(), bytes};
    auto issued = run<service::Issued>([&](store::Tx& tx) -> core::Result<service::Issued> {
      auto request = service::prepare_issue(mint, *tx.campaign(campaign), user);
      if (!request.ok()) return request.error();
      return service::issue(tx, service::Caller::cli(), mint, *request);
    });
    REQUIRE(issued.ok());
    return *std::move(issued);
  }

  const core::UserId user;
  const core::CampaignId campaign;
};

double chi_square(const std::array<int, 10>& bins, int draws) {
  const double expected = draws / 10.0;
  double sum = 0;
  for (const int count : bins) sum += (count - expected) * (count - expected) / expected;
  return sum;
}

}  // namespace

TEST_CASE("a thousand draws from ten thousand coupons are spread evenly", "[draw]") {
  Pool pool(10'000);
  std::array<int, 10> bins{};
  std::set<std::int64_t> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::int64_t number = pool.draw().coupon.number;
    ++bins[static_cast<std::size_t>((number - 1) / 1000)];
    seen.insert(number);
  }
  CHECK(seen.size() == 1000);
  CHECK(chi_square(bins, 1000) < kChiSquareLimit);
  CHECK(pool.verify().ok());
}

TEST_CASE("the first, a middle and the last draw of a small pool know no favourites", "[draw]") {
  // Ten coupons, a thousand pools would be slow: a hundred pools of ten, each drawn empty, give a
  // thousand draws; the number drawn in each place must be spread evenly too.
  std::array<int, 10> first{};
  std::array<int, 10> last{};
  Pool pool(0);
  for (int round = 0; round < 100; ++round) {
    const auto numbers_before = pool.number("SELECT count(*) FROM coupons");
    pool.make_codes(pool.campaign, 10);
    for (int place = 0; place < 10; ++place) {
      const auto slot = static_cast<std::size_t>(pool.draw().coupon.number - 1 - numbers_before);
      REQUIRE(slot < 10);
      if (place == 0) ++first[slot];
      if (place == 9) ++last[slot];
    }
  }
  CHECK(chi_square(first, 100) < kChiSquareLimit);
  CHECK(chi_square(last, 100) < kChiSquareLimit);
  const auto report = pool.verify();
  INFO(report.first_divergence.value_or(""));
  CHECK(report.ok());
}
