#include "coupond/domain/campaign.h"

#include "src/domain/names.h"

namespace coupon::domain {
namespace {

constexpr Names<RewardKind, 5> kRewardKinds{{{{RewardKind::kNone, "none"},
                                              {RewardKind::kSubscription, "subscription"},
                                              {RewardKind::kCredit, "credit"},
                                              {RewardKind::kPercentOff, "percent_off"},
                                              {RewardKind::kAmountOff, "amount_off"}}}};

}  // namespace

static_assert([] {
  for (const ModeTraits& row : kModes) {
    if (&traits(row.mode) != &row) return false;
  }
  return true;
}());

std::string_view name(Mode mode) { return traits(mode).name; }

std::optional<Mode> parse_mode(std::string_view text) {
  for (const ModeTraits& row : kModes) {
    if (row.name == text) return row.mode;
  }
  return std::nullopt;
}

std::string_view name(RewardKind kind) { return kRewardKinds.name(kind); }
std::optional<RewardKind> parse_reward_kind(std::string_view text) {
  return kRewardKinds.parse(text);
}

Counters operator+(const Counters& a, const Counters& b) {
  return {.issued = a.issued + b.issued,
          .assigned = a.assigned + b.assigned,
          .available = a.available + b.available,
          .redeemed = a.redeemed + b.redeemed,
          .rolled_back = a.rolled_back + b.rolled_back,
          .voided = a.voided + b.voided};
}

Counters operator-(const Counters& a, const Counters& b) {
  return {.issued = a.issued - b.issued,
          .assigned = a.assigned - b.assigned,
          .available = a.available - b.available,
          .redeemed = a.redeemed - b.redeemed,
          .rolled_back = a.rolled_back - b.rolled_back,
          .voided = a.voided - b.voided};
}

bool signs_offline(const Policy& policy) { return policy.token_algorithm == "EdDSA"; }

std::optional<std::int64_t> remaining(const Campaign& campaign) {
  const Policy& policy = campaign.policy;
  const Counters& counters = campaign.counters;
  if (traits(campaign.mode).minted) {
    if (!policy.max_issued) return std::nullopt;
    return *policy.max_issued - counters.issued;
  }
  if (!traits(campaign.mode).one_code) return counters.available;
  if (!policy.max_redemptions_per_coupon) return std::nullopt;
  const std::int64_t usable_coupons = counters.issued - counters.voided;
  return usable_coupons * *policy.max_redemptions_per_coupon - counters.redeemed;
}

}  // namespace coupon::domain
