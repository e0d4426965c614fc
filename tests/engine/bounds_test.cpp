// Goal: no balance leaves its range; what would is refused with its reason and changes nothing.
#include <catch2/catch.hpp>

#include "coupond/core/limits.h"
#include "coupond/service/coupons.h"
#include "coupond/store/coupons.h"
#include "coupond/store/redemptions.h"
#include "tests/support/engine_fixture.h"

using namespace coupon;
using core::Reason;
using domain::RewardKind;
using test::EngineFixture;
namespace limits = core::limits;

namespace {

// A card campaign with this price and reward, and a user with this credit.
class Till {
 public:
  Till(std::int64_t credit, std::int64_t price, domain::Reward reward)
      : user_(fixture.make_user(credit)) {
    domain::Policy policy;
    policy.price = {price};
    policy.reward = reward;
    policy.max_redemptions_per_coupon = std::nullopt;
    campaign_ = fixture.make_campaign(domain::Mode::kCard, policy);
    code_ = fixture.make_codes(campaign_, 1).front().hash;
  }

  core::Result<service::Redeemed> redeem() {
    return fixture.run<service::Redeemed>([&](store::Tx& tx) {
      return service::redeem(tx, service::Caller::cli(), {.code = code_, .user_id = user_});
    });
  }
  core::Result<service::RolledBack> roll_back(core::Seq id) {
    return fixture.run<service::RolledBack>([&](store::Tx& tx) {
      return service::roll_back(tx, service::Caller::cli(), id, std::nullopt);
    });
  }
  // What the explanation says of the rule about balances.
  std::optional<domain::Rule> explained() {
    auto db = fixture.open(store::Connection::Access::kReadOnly);
    const auto view = service::view_coupon(db, code_, fixture.clock().now());
    for (const auto& rule : service::explain_redeem(db, *view, user_, fixture.clock().now())) {
      if (rule.reason == Reason::kBalanceLimitReached) return rule;
    }
    return std::nullopt;
  }
  store::Balance balance() {
    auto db = fixture.open(store::Connection::Access::kReadOnly);
    return store::find_balance(db, user_).value();
  }
  template <class T>
  void check_refused(const core::Result<T>& result) {
    REQUIRE_FALSE(result.ok());
    CHECK(result.error().reason == Reason::kBalanceLimitReached);
    CHECK(fixture.writer().committed_seq() == before_);
    const auto report = fixture.verify();
    INFO(report.first_divergence.value_or(""));
    CHECK(report.ok());
  }
  void mark() { before_ = fixture.writer().committed_seq(); }

  EngineFixture fixture;

 private:
  const core::UserId user_;
  core::CampaignId campaign_;
  domain::CodeHash code_{};
  core::Seq before_;
};

}  // namespace

TEST_CASE("a credit reward past the limit is refused, one up to it is given", "[bounds]") {
  Till till(limits::kCreditMax - 250, 0, {RewardKind::kCredit, 100});
  CHECK(till.redeem().ok());
  REQUIRE(till.redeem().ok());
  CHECK(till.balance().credit.value == limits::kCreditMax - 50);
  till.mark();
  CHECK_FALSE(till.explained().value().pass);
  CHECK(till.explained()->limit == limits::kCreditMax);
  till.check_refused(till.redeem());
  CHECK(till.balance().credit.value == limits::kCreditMax - 50);
}

TEST_CASE("the price is taken before the reward is measured", "[bounds]") {
  Till till(limits::kCreditMax, 100, {RewardKind::kCredit, 100});
  CHECK(till.redeem().ok());
  CHECK(till.balance().credit.value == limits::kCreditMax);
}

TEST_CASE("a subscription ends in the year 9999 at the latest", "[bounds]") {
  Till till(0, 0, {RewardKind::kSubscription, limits::kSubscriptionMaxDays});
  int times = 0;
  while (till.redeem().ok()) REQUIRE(++times < 100);
  CHECK(times > 70);
  CHECK(till.balance().subscription_ends_at.value().value <= limits::kTimeMaxMs);
  till.mark();
  CHECK_FALSE(till.explained().value().pass);
  till.check_refused(till.redeem());
}

TEST_CASE("a rollback does not give back more than a balance can hold", "[bounds]") {
  Till till(limits::kCreditMax, 100, {});
  const auto done = till.redeem();
  REQUIRE(done.ok());
  // Somebody fills the balance up meanwhile.
  REQUIRE(till.fixture
              .run<core::Seq>([&](store::Tx& tx) -> core::Result<core::Seq> {
                store::store_balance(tx, *done->redemption.user_id,
                                     {.credit = {limits::kCreditMax}});
                return tx.append({.operation = store::operation::kUserCredit,
                                  .actor = "cli",
                                  .user_id = done->redemption.user_id,
                                  .credit = {100}});
              })
              .ok());
  till.mark();
  till.check_refused(till.roll_back(done->redemption.id));
  CHECK(till.balance().credit.value == limits::kCreditMax);
}
