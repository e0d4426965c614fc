// Every rule at its edge: the last value that passes and the first that does not.
#include "coupond/domain/decide.h"

#include <catch2/catch.hpp>
#include <optional>

namespace coupon::domain {
namespace {

using core::Reason;
using core::UnixMs;
using core::UserId;

constexpr UnixMs kNow{1'790'000'000'000};
constexpr UserId kOwner{7};
constexpr UserId kOther{8};
constexpr TokenHash kToken{1};
constexpr TokenHash kWrongToken{2};

std::optional<Reason> refused(const Rules& rules) {
  const auto error = first_refusal(rules);
  return error ? std::optional(error->reason) : std::nullopt;
}

// A coupon of a pool that belongs to kOwner, and who asks for what.
struct Scene {
  Campaign campaign{.mode = Mode::kPool};
  Coupon coupon{.state = CouponState::kAssigned, .user_id = kOwner, .max_uses = 1};
  std::vector<Hold> holds = {};
  UserId user = kOwner;
  std::optional<TokenHash> token = {};
  bool by_name = false;

  CouponFacts facts() const {
    return {.campaign = campaign,
            .coupon = coupon,
            .holds = holds,
            .user_id = user,
            .hold_token = token,
            .holder_by_name = by_name,
            .now = kNow};
  }
  std::optional<Reason> redeeming() const { return refused(redeem_rules(facts())); }
  std::optional<Reason> holding() const { return refused(hold_rules(facts())); }
  std::optional<Reason> releasing() const { return refused(release_rules(facts())); }

  void hold_until(UnixMs end, UserId holder = kOwner) {
    holds = {Hold{.user_id = holder, .token_hash = kToken, .expires_at = end}};
  }
};

}  // namespace

TEST_CASE("a cap is reached by its last unit, not before and not after", "[decide]") {
  Campaign campaign{.mode = Mode::kToken};
  campaign.policy.max_issued = 77;
  campaign.policy.max_per_user = 5;
  const auto issuing = [&](std::int64_t issued, std::int64_t had) {
    campaign.counters.issued = issued;
    return refused(issue_rules(campaign, had, kNow));
  };
  CHECK(issuing(0, 0) == std::nullopt);
  CHECK(issuing(76, 4) == std::nullopt);
  CHECK(issuing(77, 4) == Reason::kCampaignCapReached);
  CHECK(issuing(78, 0) == Reason::kCampaignCapReached);
  CHECK(issuing(76, 5) == Reason::kUserCapReached);
  CHECK(issuing(77, 5) == Reason::kUserCapReached);

  campaign.counters.issued = 70;
  CHECK(refused(make_rules(campaign, 7)) == std::nullopt);
  CHECK(refused(make_rules(campaign, 8)) == Reason::kCampaignCapReached);
}

TEST_CASE("a pool gives as long as one is available", "[decide]") {
  Campaign campaign{.mode = Mode::kPool};
  campaign.counters.available = 1;
  CHECK(refused(issue_rules(campaign, 0, kNow)) == std::nullopt);
  campaign.counters.available = 0;
  CHECK(refused(issue_rules(campaign, 0, kNow)) == Reason::kNoCouponsLeft);
}

TEST_CASE("a campaign is open from its first instant and closed at its last", "[decide]") {
  Campaign campaign;
  campaign.policy.starts_at = kNow;
  campaign.policy.ends_at = kNow + 10;
  CHECK(refused(open_rules(campaign, kNow + -1)) == Reason::kNotStarted);
  CHECK(refused(open_rules(campaign, kNow)) == std::nullopt);
  CHECK(refused(open_rules(campaign, kNow + 9)) == std::nullopt);
  CHECK(refused(open_rules(campaign, kNow + 10)) == Reason::kEnded);
}

TEST_CASE("a coupon can be used until the instant it expires, and as often as it may", "[decide]") {
  Scene scene;
  scene.coupon.expires_at = kNow + 1;
  CHECK(scene.redeeming() == std::nullopt);
  scene.coupon.expires_at = kNow;
  CHECK(scene.redeeming() == Reason::kExpired);

  Scene twice;
  twice.coupon.max_uses = 2;
  twice.coupon.uses = 1;
  CHECK(twice.redeeming() == std::nullopt);
  twice.coupon.uses = 2;
  CHECK(twice.redeeming() == Reason::kCouponRedemptionCapReached);
}

TEST_CASE("a hold keeps everybody else out until the instant it ends", "[decide]") {
  Scene scene;
  scene.hold_until(kNow + 1);
  CHECK(scene.holding() == Reason::kHeldByOther);
  CHECK(scene.redeeming() == Reason::kInvalidHoldToken);
  scene.hold_until(kNow);
  CHECK(scene.holding() == std::nullopt);
  CHECK(scene.redeeming() == std::nullopt);

  Scene others{.campaign = {.mode = Mode::kCard}, .coupon = {.max_uses = 1}};
  others.hold_until(kNow + 1, kOther);
  CHECK(others.redeeming() == Reason::kHeldByOther);
  others.by_name = true;
  CHECK(others.redeeming() == Reason::kHeldByOther);
}

TEST_CASE("a held coupon is redeemed with the hold's token and no other", "[decide]") {
  Scene scene;
  scene.hold_until(kNow + 1);
  scene.token = kWrongToken;
  CHECK(scene.redeeming() == Reason::kInvalidHoldToken);
  scene.token = kToken;
  CHECK(scene.redeeming() == std::nullopt);
  scene.token.reset();
  scene.by_name = true;
  CHECK(scene.redeeming() == std::nullopt);

  Scene needed;
  needed.campaign.policy.hold_required = true;
  CHECK(needed.redeeming() == Reason::kHoldRequired);
  needed.hold_until(kNow + 1);
  needed.token = kToken;
  CHECK(needed.redeeming() == std::nullopt);
  needed.hold_until(kNow);
  CHECK(needed.redeeming() == Reason::kInvalidHoldToken);
}

TEST_CASE("a hold is released by whoever has it, and by nobody else", "[decide]") {
  Scene scene{.campaign = {.mode = Mode::kCard}, .coupon = {.max_uses = 1}};
  CHECK(scene.releasing() == Reason::kNotHeld);
  scene.hold_until(kNow + 1);
  CHECK(scene.releasing() == Reason::kInvalidHoldToken);
  scene.token = kWrongToken;
  CHECK(scene.releasing() == Reason::kInvalidHoldToken);
  scene.token = kToken;
  CHECK(scene.releasing() == std::nullopt);
  scene.user = kOther;
  CHECK(scene.releasing() == Reason::kHeldByOther);
  scene.token.reset();
  scene.by_name = true;
  CHECK(scene.releasing() == Reason::kHeldByOther);
  scene.user = kOwner;
  CHECK(scene.releasing() == std::nullopt);
  scene.hold_until(kNow);
  CHECK(scene.releasing() == Reason::kNotHeld);
}

TEST_CASE("a hold takes one use, and who holds another, or none, goes on", "[decide]") {
  Scene scene{.campaign = {.mode = Mode::kCard}, .coupon = {.max_uses = 3}};
  const auto hold = [&](UserId user, const TokenHash& token) {
    scene.holds.push_back({.user_id = user, .token_hash = token, .expires_at = kNow + 1});
  };
  hold(kOther, kWrongToken);
  CHECK(scene.redeeming() == std::nullopt);
  hold(kOwner, kToken);
  CHECK(scene.redeeming() == std::nullopt);
  CHECK(scene.holding() == std::nullopt);
  scene.coupon.uses = 1;
  CHECK(scene.holding() == Reason::kHeldByOther);
  CHECK(scene.redeeming() == Reason::kInvalidHoldToken);
  scene.token = kToken;
  CHECK(scene.redeeming() == std::nullopt);
  CHECK(hold_shown(scene.facts())->user_id == kOwner);
  scene.token.reset();
  scene.user = UserId{99};
  CHECK(scene.redeeming() == Reason::kHeldByOther);
  const auto error = first_refusal(redeem_rules(scene.facts()));
  CHECK(error->message.find("Held until ") == 0);
  CHECK(error->message.find(" by another customer") != std::string::npos);
  scene.coupon.max_uses.reset();
  CHECK(scene.redeeming() == std::nullopt);
  // A limit lowered below what is held lets nobody beyond it.
  scene.coupon.max_uses = 2;
  scene.token = kToken;
  CHECK(scene.redeeming() == Reason::kHeldByOther);
}

TEST_CASE("only who could redeem gets a hold", "[decide]") {
  Scene scene;
  scene.campaign.policy.price = {5};
  CHECK(scene.holding() == Reason::kInsufficientCredit);
  scene.campaign.policy.price = {};
  scene.campaign.policy.max_redemptions_per_user = 1;
  CouponFacts facts = scene.facts();
  facts.user_redemptions = 1;
  CHECK(refused(hold_rules(facts)) == Reason::kUserRedemptionCapReached);
}

TEST_CASE("a price is paid with the last credit, a user's uses end at their limit", "[decide]") {
  Scene scene;
  scene.campaign.policy.price = {5};
  scene.campaign.policy.max_redemptions_per_user = 2;
  CouponFacts facts = scene.facts();
  facts.user_credit = {5};
  facts.user_redemptions = 1;
  CHECK(refused(redeem_rules(facts)) == std::nullopt);
  facts.user_credit = {4};
  CHECK(refused(redeem_rules(facts)) == Reason::kInsufficientCredit);
  facts.user_credit = {5};
  facts.user_redemptions = 2;
  CHECK(refused(redeem_rules(facts)) == Reason::kUserRedemptionCapReached);
}

}  // namespace coupon::domain
