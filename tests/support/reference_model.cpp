#include "tests/support/reference_model.h"

#include <algorithm>

namespace coupon::test {
namespace {

using core::Reason;
using domain::CouponState;
using domain::Mode;
using domain::RewardKind;
using Verdict = ReferenceModel::Verdict;

bool has_bearer(Mode mode) { return mode == Mode::kCard || mode == Mode::kShared; }
bool mints(Mode mode) { return mode == Mode::kToken || mode == Mode::kClaim; }

}  // namespace

CouponState ReferenceModel::Coupon::state() const {
  if (is_freed) return CouponState::kFreed;
  if (is_void) return CouponState::kVoid;
  if (used_up()) return CouponState::kRedeemed;
  return owner ? CouponState::kAssigned : CouponState::kAvailable;
}

domain::Counters ReferenceModel::counters(Id campaign) const {
  domain::Counters counters{.rolled_back = campaigns.at(campaign).rolled_back};
  for (const auto& [id, coupon] : coupons) {
    if (coupon.campaign != campaign) continue;
    ++counters.issued;
    if (coupon.owner) ++counters.assigned;
    if (coupon.state() == CouponState::kAvailable) ++counters.available;
    if (coupon.is_void) ++counters.voided;
    counters.redeemed += coupon.uses;
  }
  return counters;
}

std::int64_t ReferenceModel::coupons_of(Id user, Id campaign) const {
  return std::count_if(coupons.begin(), coupons.end(), [&](const auto& entry) {
    return entry.second.owner == user && entry.second.campaign == campaign;
  });
}

std::int64_t ReferenceModel::redemptions_of(Id user, Id campaign) const {
  return std::count_if(redemptions.begin(), redemptions.end(), [&](const auto& entry) {
    const Redemption& redemption = entry.second;
    return redemption.stands && redemption.user == user &&
           coupons.at(redemption.coupon).campaign == campaign;
  });
}

Verdict ReferenceModel::closed(const Campaign& campaign) const {
  const domain::Policy& policy = campaign.policy;
  if (campaign.archived) return Reason::kArchived;
  if (!policy.active) return Reason::kInactive;
  if (policy.starts_at && now < *policy.starts_at) return Reason::kNotStarted;
  if (policy.ends_at && now >= *policy.ends_at) return Reason::kEnded;
  return std::nullopt;
}

Verdict ReferenceModel::not_theirs(const Coupon& coupon, Id user) const {
  if (has_bearer(campaigns.at(coupon.campaign).mode)) return std::nullopt;
  if (!coupon.owner) return Reason::kNotAssigned;
  if (*coupon.owner != user) return Reason::kNotOwner;
  return std::nullopt;
}

Verdict ReferenceModel::unusable(const Coupon& coupon, std::optional<std::int64_t> amount) const {
  const Campaign& campaign = campaigns.at(coupon.campaign);
  if (auto verdict = closed(campaign)) return verdict;
  if (coupon.is_void) return Reason::kVoid;
  if (coupon.expires_at && now >= *coupon.expires_at) return Reason::kExpired;
  if (coupon.put_on) {
    const bool enough = coupon.balance() > 0 && amount.value_or(1) <= coupon.balance();
    return enough ? Verdict() : Reason::kInsufficientBalance;
  }
  if (!coupon.used_up()) return amount ? Verdict(Reason::kNoBalance) : std::nullopt;
  if (campaign.mode == Mode::kShared) return Reason::kNoCouponsLeft;
  return coupon.max_uses == 1 ? Reason::kAlreadyRedeemed : Reason::kCouponRedemptionCapReached;
}

Verdict ReferenceModel::may_generate(Id id, std::int64_t count) const {
  const Campaign& campaign = campaigns.at(id);
  if (mints(campaign.mode)) return Reason::kWrongMode;
  if (campaign.archived) return Reason::kArchived;
  const auto& cap = campaign.policy.max_issued;
  if (cap && counters(id).issued + count > *cap) return Reason::kCampaignCapReached;
  return std::nullopt;
}

Verdict ReferenceModel::may_set_cap(Id id, std::int64_t cap) const {
  if (campaigns.at(id).archived) return Reason::kArchived;
  if (cap < counters(id).issued) return Reason::kCapBelowUsed;
  return std::nullopt;
}

Verdict ReferenceModel::may_issue(Who who, Id id, Id user) const {
  if (who == Who::kStranger) return Reason::kForbidden;
  const Campaign& campaign = campaigns.at(id);
  if (has_bearer(campaign.mode)) return Reason::kWrongMode;
  if (auto verdict = closed(campaign)) return verdict;
  const domain::Policy& policy = campaign.policy;
  if (policy.max_per_user && coupons_of(user, id) >= *policy.max_per_user) {
    return Reason::kUserCapReached;
  }
  const domain::Counters figures = counters(id);
  if (campaign.mode == Mode::kPool) {
    if (figures.available == 0) return Reason::kNoCouponsLeft;
  } else if (policy.max_issued && figures.issued >= *policy.max_issued) {
    return Reason::kCampaignCapReached;
  }
  return std::nullopt;
}

Verdict ReferenceModel::may_assign(Who who, Id id, Id user) const {
  if (who == Who::kStranger) return Reason::kForbidden;
  const Coupon& coupon = coupons.at(id);
  const Campaign& campaign = campaigns.at(coupon.campaign);
  if (campaign.mode != Mode::kPool) return Reason::kWrongMode;
  if (auto verdict = closed(campaign)) return verdict;
  if (coupon.is_void) return Reason::kVoid;
  if (coupon.state() != CouponState::kAvailable) return Reason::kAlreadyAssigned;
  const auto& cap = campaign.policy.max_per_user;
  if (cap && coupons_of(user, coupon.campaign) >= *cap) return Reason::kUserCapReached;
  return std::nullopt;
}

Verdict ReferenceModel::may_hold(Who who, Id id, Id user) const {
  if (who == Who::kStranger) return Reason::kForbidden;
  const Coupon& coupon = coupons.at(id);
  if (auto verdict = not_theirs(coupon, user)) return verdict;
  if (auto verdict = unusable(coupon)) return verdict;
  if (!has_room(coupon, live_holds(coupon))) return Reason::kHeldByOther;
  std::int64_t live = 0;
  for (const auto& [other_id, other] : coupons) {
    if (other.campaign != coupon.campaign) continue;
    live += std::count_if(other.holds.begin(), other.holds.end(),
                          [&](const Hold& hold) { return hold.user == user && now < hold.until; });
  }
  const auto& policy = campaigns.at(coupon.campaign).policy;
  if (live >= policy.max_holds_per_user) return Reason::kHoldLimitReached;
  return cannot_pay(coupon, user);
}

Verdict ReferenceModel::may_release(Who who, Id id, Id user, const domain::TokenHash& token) const {
  if (who == Who::kStranger) return Reason::kForbidden;
  const Coupon& coupon = coupons.at(id);
  if (auto verdict = not_theirs(coupon, user)) return verdict;
  if (!is_held(coupon)) return Reason::kNotHeld;
  const Hold* shown = hold_with(coupon, token);
  if (shown != nullptr && shown->user == user) return std::nullopt;
  return hold_of(coupon, user) != nullptr ? Reason::kInvalidHoldToken : Reason::kHeldByOther;
}

Verdict ReferenceModel::may_redeem(Who who, Id id, Id user,
                                   const std::optional<domain::TokenHash>& token,
                                   std::optional<std::int64_t> amount) const {
  if (who == Who::kStranger || (user == kNobody && who != Who::kClerk)) return Reason::kForbidden;
  const Coupon& coupon = coupons.at(id);
  const domain::Policy& policy = campaigns.at(coupon.campaign).policy;
  if (auto verdict = not_theirs(coupon, user)) return verdict;
  if (auto verdict = unusable(coupon, amount)) return verdict;
  const Hold* shown = token ? hold_with(coupon, *token) : nullptr;
  const std::int64_t others = live_holds(coupon) - (shown != nullptr ? 1 : 0);
  const bool own = user != kNobody && hold_of(coupon, user) != nullptr;
  if (others > 0 && !has_room(coupon, others)) {
    if (shown != nullptr || !own) return Reason::kHeldByOther;
    return Reason::kInvalidHoldToken;
  }
  if (token && shown == nullptr) return Reason::kInvalidHoldToken;
  if (shown == nullptr && policy.hold_required) return Reason::kHoldRequired;
  return cannot_pay(coupon, user);
}

// What only an account can do: pay, be paid, and be counted.
Verdict ReferenceModel::cannot_pay(const Coupon& coupon, Id user) const {
  const domain::Policy& policy = campaigns.at(coupon.campaign).policy;
  const auto& cap = policy.max_redemptions_per_user;
  if (user == kNobody) {
    const auto kind = policy.reward.kind;
    const bool paid = kind == RewardKind::kCredit || kind == RewardKind::kSubscription;
    const bool pays = policy.price.value > 0 || (paid && policy.reward.value > 0);
    return pays || cap ? Verdict(Reason::kInvalidRequest) : std::nullopt;
  }
  if (users.at(user).credit < policy.price.value) return Reason::kInsufficientCredit;
  if (cap && redemptions_of(user, coupon.campaign) >= *cap) {
    return Reason::kUserRedemptionCapReached;
  }
  return std::nullopt;
}

Verdict ReferenceModel::may_roll_back(Who who, Id id) const {
  if (who != Who::kClerk) return Reason::kForbidden;
  const Redemption& redemption = redemptions.at(id);
  if (!redemption.stands) return Reason::kAlreadyRolledBack;
  if (redemption.user == kNobody) return std::nullopt;
  if (users.at(redemption.user).credit < redemption.credit) return Reason::kInsufficientCredit;
  return std::nullopt;
}

Verdict ReferenceModel::may_void(Who who, Id id) const {
  if (who != Who::kClerk) return Reason::kForbidden;
  const Coupon& coupon = coupons.at(id);
  if (coupon.is_void) return Reason::kVoid;
  if (coupon.used_up()) return Reason::kAlreadyRedeemed;
  return std::nullopt;
}

Verdict ReferenceModel::may_restore(Who who, Id id) const {
  if (who != Who::kClerk) return Reason::kForbidden;
  const Coupon& coupon = coupons.at(id);
  if (campaigns.at(coupon.campaign).archived) return Reason::kArchived;
  if (coupon.is_freed) return Reason::kVoid;
  if (!coupon.is_void) return Reason::kNotVoid;
  if (coupon.ever_used) return Reason::kAlreadyRedeemed;
  return std::nullopt;
}

Verdict ReferenceModel::may_free(Who who, Id id) const {
  if (who != Who::kClerk) return Reason::kForbidden;
  const Coupon& coupon = coupons.at(id);
  if (coupon.is_freed) return Reason::kVoid;
  if (coupon.ever_used) return Reason::kAlreadyRedeemed;
  return std::nullopt;
}

Verdict ReferenceModel::may_set_uses(Who who, Id id, std::optional<std::int64_t> uses) const {
  if (who != Who::kClerk) return Reason::kForbidden;
  const Coupon& coupon = coupons.at(id);
  if (campaigns.at(coupon.campaign).archived) return Reason::kArchived;
  if (coupon.is_void) return Reason::kVoid;
  if (campaigns.at(coupon.campaign).mode == Mode::kShared) return Reason::kWrongMode;
  if (coupon.put_on) return Reason::kInvalidRequest;
  if (uses && *uses < coupon.uses) return Reason::kCapBelowUsed;
  return std::nullopt;
}

Verdict ReferenceModel::may_reassign(Who who, Id id, Id user) const {
  if (who != Who::kClerk) return Reason::kForbidden;
  const Coupon& coupon = coupons.at(id);
  const Campaign& campaign = campaigns.at(coupon.campaign);
  if (has_bearer(campaign.mode) || campaign.mode == Mode::kToken) return Reason::kWrongMode;
  if (campaign.archived) return Reason::kArchived;
  if (coupon.is_void) return Reason::kVoid;
  if (coupon.uses > 0) return Reason::kAlreadyRedeemed;
  if (!coupon.owner) return Reason::kNotAssigned;
  if (*coupon.owner == user) return Reason::kInvalidRequest;
  const auto& cap = campaign.policy.max_per_user;
  if (cap && coupons_of(user, coupon.campaign) >= *cap) return Reason::kUserCapReached;
  return std::nullopt;
}

Verdict ReferenceModel::no_change_of_balance(const Coupon& coupon) const {
  if (campaigns.at(coupon.campaign).archived) return Reason::kArchived;
  if (!coupon.put_on) return Reason::kNoBalance;
  if (coupon.is_void) return Reason::kVoid;
  if (coupon.expires_at && now >= *coupon.expires_at) return Reason::kExpired;
  return std::nullopt;
}

Verdict ReferenceModel::may_top_up(Who who, Id id, std::int64_t) const {
  if (who != Who::kClerk) return Reason::kForbidden;
  return no_change_of_balance(coupons.at(id));
}

Verdict ReferenceModel::may_transfer(Who who, Id from, Id to,
                                     std::optional<std::int64_t> amount) const {
  if (who != Who::kClerk) return Reason::kForbidden;
  if (from == to) return Reason::kInvalidRequest;
  const Coupon& source = coupons.at(from);
  const Coupon& target = coupons.at(to);
  if (auto verdict = no_change_of_balance(source)) return verdict;
  if (is_held(source)) return Reason::kHeldByOther;
  if (amount.value_or(1) > source.balance()) return Reason::kInsufficientBalance;
  if (auto verdict = no_change_of_balance(target)) return verdict;
  const auto currency = [&](const Coupon& coupon) {
    return campaigns.at(coupon.campaign).policy.currency;
  };
  if (currency(source) != currency(target)) return Reason::kCurrencyMismatch;
  return std::nullopt;
}

Verdict ReferenceModel::may_add_credit(Id user, std::int64_t credit) const {
  if (users.at(user).credit + credit < 0) return Reason::kInsufficientCredit;
  return std::nullopt;
}

void ReferenceModel::made(Id campaign, Id id, std::optional<Id> owner) {
  const domain::Policy& policy = campaigns.at(campaign).policy;
  Coupon coupon{
      .campaign = campaign, .owner = owner, .max_uses = policy.max_redemptions_per_coupon};
  coupon.put_on = policy.value;
  if (owner && policy.token_ttl_s) coupon.expires_at = now + *policy.token_ttl_s * 1000;
  coupons.emplace(id, coupon);
}

std::int64_t ReferenceModel::transferred(Id from, Id to, std::optional<std::int64_t> amount) {
  const std::int64_t moved = amount.value_or(coupons.at(from).balance());
  topped_up(from, -moved);
  topped_up(to, moved);
  return moved;
}

const ReferenceModel::Hold* ReferenceModel::hold_with(const Coupon& coupon,
                                                      const domain::TokenHash& token) const {
  for (const Hold& hold : coupon.holds) {
    if (now < hold.until && hold.token == token) return &hold;
  }
  return nullptr;
}

const ReferenceModel::Hold* ReferenceModel::hold_of(const Coupon& coupon, Id user) const {
  for (const Hold& hold : coupon.holds) {
    if (now < hold.until && hold.user == user) return &hold;
  }
  return nullptr;
}

const ReferenceModel::Hold& ReferenceModel::last_hold(const Coupon& coupon) const {
  return *std::find_if(coupon.holds.rbegin(), coupon.holds.rend(),
                       [&](const Hold& hold) { return now < hold.until; });
}

void ReferenceModel::held(Id id, const Hold& hold) {
  drop_ended_holds(id);
  coupons.at(id).holds.push_back(hold);
}

// Whoever takes a use drops them, so that a clock that goes back does not bring them back.
void ReferenceModel::drop_ended_holds(Id id) {
  std::erase_if(coupons.at(id).holds, [&](const Hold& hold) { return hold.until <= now; });
}

void ReferenceModel::released(Id id, const domain::TokenHash& token) {
  std::erase_if(coupons.at(id).holds, [&](const Hold& hold) { return hold.token == token; });
}

void ReferenceModel::redeemed(Id id, Id user_id, Id redemption_id,
                              std::optional<std::int64_t> amount,
                              const std::optional<domain::TokenHash>& token) {
  Coupon& coupon = coupons.at(id);
  const domain::Policy& policy = campaigns.at(coupon.campaign).policy;
  Redemption redemption{.coupon = id, .user = user_id, .credit = -policy.price.value};
  if (policy.reward.kind == RewardKind::kCredit) redemption.credit += policy.reward.value;
  if (policy.reward.kind == RewardKind::kSubscription) redemption.days = policy.reward.value;
  ++coupon.uses;
  coupon.ever_used = true;
  if (coupon.put_on) redemption.taken = amount.value_or(coupon.balance());
  coupon.taken += redemption.taken;
  drop_ended_holds(id);
  if (token) released(id, *token);
  redemptions.emplace(redemption_id, redemption);
  Totals& hour = this_hour(coupon.campaign);
  ++hour.redeemed;
  hour.taken += redemption.taken;
  if (user_id == kNobody) return;
  hour.credit += redemption.credit;
  User& user = users.at(user_id);
  user.credit += redemption.credit;
  if (redemption.days > 0) {
    const core::UnixMs from = std::max(user.subscription_ends_at.value_or(now), now);
    user.subscription_ends_at = from + redemption.days * core::kMsPerDay;
  }
}

void ReferenceModel::rolled_back(Id id) {
  Redemption& redemption = redemptions.at(id);
  redemption.stands = false;
  Coupon& coupon = coupons.at(redemption.coupon);
  --coupon.uses;
  coupon.taken -= redemption.taken;
  ++campaigns.at(coupon.campaign).rolled_back;
  Totals& hour = this_hour(coupon.campaign);
  ++hour.rolled_back;
  hour.returned += redemption.taken;
  if (redemption.user == kNobody) return;
  User& user = users.at(redemption.user);
  hour.credit -= redemption.credit;
  user.credit -= redemption.credit;
  if (redemption.days > 0) {
    user.subscription_ends_at = *user.subscription_ends_at - redemption.days * core::kMsPerDay;
  }
}

}  // namespace coupon::test
