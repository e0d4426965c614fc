#include "coupond/domain/campaign.h"

#include "src/domain/names.h"

namespace coupon::domain {
namespace {

constexpr Names<Mode, 5> kModes{{{{Mode::kToken, "token"},
                                  {Mode::kPool, "pool"},
                                  {Mode::kShared, "shared"},
                                  {Mode::kCard, "card"},
                                  {Mode::kClaim, "claim"}}}};

constexpr Names<RewardKind, 5> kRewardKinds{{{{RewardKind::kNone, "none"},
                                              {RewardKind::kSubscription, "subscription"},
                                              {RewardKind::kCredit, "credit"},
                                              {RewardKind::kPercentOff, "percent_off"},
                                              {RewardKind::kAmountOff, "amount_off"}}}};

}  // namespace

std::string_view name(Mode mode) { return kModes.name(mode); }
std::optional<Mode> parse_mode(std::string_view text) { return kModes.parse(text); }

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

bool is_minted(Mode mode) { return mode == Mode::kToken || mode == Mode::kClaim; }
bool is_bearer(Mode mode) { return mode == Mode::kShared || mode == Mode::kCard; }

std::optional<std::int64_t> remaining(const Campaign& campaign) {
  const Policy& policy = campaign.policy;
  const Counters& counters = campaign.counters;
  if (is_minted(campaign.mode)) {
    if (!policy.max_issued) return std::nullopt;
    return *policy.max_issued - counters.issued;
  }
  if (campaign.mode != Mode::kShared) return counters.available;
  if (!policy.max_redemptions_per_coupon) return std::nullopt;
  const std::int64_t usable_coupons = counters.issued - counters.voided;
  return usable_coupons * *policy.max_redemptions_per_coupon - counters.redeemed;
}

}  // namespace coupon::domain
