#include "tests/support/random_policy.h"

namespace coupon::test {

domain::Policy random_policy(SeededRandom& random, domain::Mode mode, core::UnixMs now) {
  const auto below = [&random](int bound) {
    return std::int64_t(random.below(std::uint64_t(bound)));
  };
  const auto one_in = [&below](int n) { return below(n) == 0; };
  domain::Policy policy;
  policy.max_issued = one_in(3) ? std::nullopt : std::optional(below(60));
  if (one_in(2)) policy.max_per_user = 1 + below(8);
  policy.max_redemptions_per_coupon = one_in(3) ? std::nullopt : std::optional(1 + below(3));
  if (one_in(3)) policy.max_redemptions_per_user = 1 + below(10);
  policy.max_holds_per_user = 1 + below(4);
  policy.hold_ttl_s = 1 + below(120);
  policy.hold_required = one_in(3);
  if (one_in(4)) policy.starts_at = now + below(600'000);
  if (one_in(4)) policy.ends_at = now + 600'000 + below(6'000'000);
  if (mode == domain::Mode::kToken) policy.token_ttl_s = 1 + below(1200);
  policy.price = {one_in(2) ? 0 : below(20)};
  switch (below(4)) {
    case 0:
      policy.reward = {domain::RewardKind::kSubscription, 1 + below(60)};
      break;
    case 1:
      policy.reward = {domain::RewardKind::kCredit, 1 + below(40)};
      break;
    default:
      policy.reward = {domain::RewardKind::kPercentOff, 20};
  }
  if (mode == domain::Mode::kShared) policy.max_issued = 1;
  if (domain::traits(mode).valued && one_in(2)) {
    policy.value = one_in(4) ? 0 : below(500);
    if (one_in(2)) policy.currency = one_in(2) ? "EUR" : "JPY";
    policy.price = {};
    policy.reward = {};
    policy.max_redemptions_per_coupon.reset();
  }
  return policy;
}

}  // namespace coupon::test
