#include "coupond/domain/decide.h"

#include <algorithm>

#include "coupond/core/assert.h"
#include "coupond/core/limits.h"

namespace coupon::domain {
namespace {

using core::Reason;

// A figure against a limit; an absent limit always passes.
Rule below(Reason reason, std::int64_t value, std::optional<std::int64_t> limit) {
  return {.reason = reason, .pass = !limit || value < *limit, .value = value, .limit = limit};
}

Rules ownership_rules(const CouponFacts& facts) {
  const Coupon& coupon = facts.coupon;
  if (traits(facts.campaign.mode).bearer) return {};
  return {
      {.reason = Reason::kNotAssigned, .pass = coupon.user_id.has_value()},
      {.reason = Reason::kNotOwner, .pass = !coupon.user_id || *coupon.user_id == facts.user_id}};
}

// Of a balance, something must be left even for who takes all of it.
Rule enough(const Funds& funds, std::optional<std::int64_t> amount) {
  const std::int64_t wanted = amount.value_or(1);
  return {.reason = Reason::kInsufficientBalance,
          .pass = wanted >= 1 && wanted <= funds.balance,
          .value = funds.balance,
          .limit = wanted};
}

Rules state_rules(const CouponFacts& facts) {
  const Coupon& coupon = facts.coupon;
  const bool used_up = coupon.max_uses && coupon.uses >= *coupon.max_uses;
  Reason spent = Reason::kCouponRedemptionCapReached;
  if (coupon.max_uses == 1) spent = Reason::kAlreadyRedeemed;
  if (traits(facts.campaign.mode).one_code) spent = Reason::kNoCouponsLeft;
  Rules rules{
      {.reason = Reason::kVoid, .pass = !is_ended(coupon)},
      {.reason = Reason::kExpired, .pass = !coupon.expires_at || facts.now < *coupon.expires_at},
      {.reason = spent, .pass = !used_up, .value = coupon.uses, .limit = coupon.max_uses}};
  if (coupon.funds) {
    rules.push_back(enough(*coupon.funds, facts.amount));
  } else if (facts.amount) {
    rules.push_back({.reason = Reason::kNoBalance, .pass = false});
  }
  return rules;
}

// Who may act on a held coupon: only the one who shows the hold's token. Being the same user is not
// enough (two tills may serve one customer), unless the caller's protocol knows no tokens.
Rules hold_state_rules(const CouponFacts& facts) {
  const bool live = is_live(facts.hold, facts.now);
  const bool mine = live && facts.hold->user_id == facts.user_id;
  const bool token_fits = live && facts.hold_token == facts.hold->token_hash;
  const auto over_at = live ? std::optional(facts.hold->expires_at) : std::nullopt;
  return {
      {.reason = Reason::kHeldByOther, .pass = !live || mine || token_fits, .passes_at = over_at},
      {.reason = Reason::kInvalidHoldToken,
       .pass = token_fits || (!facts.hold_token && (!live || facts.holder_by_name || !mine))},
      {.reason = Reason::kHoldRequired, .pass = live || !facts.campaign.policy.hold_required}};
}

// Nothing is given that could not be kept whole: no sum wraps round, no date is beyond writing.
Rules balance_rules(const CouponFacts& facts) {
  const Reward& reward = facts.campaign.policy.reward;
  if (reward.kind == RewardKind::kCredit) {
    const std::int64_t after = facts.user_credit.value + credit_of(facts.campaign.policy).value;
    return {{.reason = Reason::kBalanceLimitReached,
             .pass = after <= core::limits::kCreditMax,
             .value = after,
             .limit = core::limits::kCreditMax}};
  }
  if (reward.kind == RewardKind::kSubscription && reward.value > 0) {
    const auto ends_at = extend_subscription(facts.subscription_ends_at, reward.value, facts.now);
    return {{.reason = Reason::kBalanceLimitReached,
             .pass = ends_at.value <= core::limits::kTimeMaxMs}};
  }
  return {};
}

void append(Rules& rules, const Rules& more) {
  rules.insert(rules.end(), more.begin(), more.end());
}

}  // namespace

std::optional<core::Error> first_refusal(const Rules& rules) {
  const auto refusal =
      std::find_if(rules.begin(), rules.end(), [](const Rule& rule) { return !rule.pass; });
  if (refusal == rules.end()) return std::nullopt;
  return core::Error{.reason = refusal->reason,
                     .message = {},
                     .retry_at = refusal->passes_at,
                     .number = refusal->limit};
}

Rules open_rules(const Campaign& campaign, core::UnixMs now) {
  const Policy& policy = campaign.policy;
  return {{.reason = Reason::kArchived, .pass = !campaign.archived_at},
          {.reason = Reason::kInactive, .pass = policy.active},
          {.reason = Reason::kNotStarted,
           .pass = !policy.starts_at || now >= *policy.starts_at,
           .passes_at = policy.starts_at},
          {.reason = Reason::kEnded, .pass = !policy.ends_at || now < *policy.ends_at}};
}

Rules make_rules(const Campaign& campaign, std::int64_t units) {
  COUPOND_ASSERT(units >= 0);
  const auto& cap = campaign.policy.max_issued;
  return {{.reason = Reason::kCampaignCapReached,
           .pass = !cap || units <= *cap - campaign.counters.issued,
           .value = campaign.counters.issued,
           .limit = cap}};
}

Rules issue_rules(const Campaign& campaign, std::int64_t user_coupons, core::UnixMs now) {
  COUPOND_ASSERT(user_coupons >= 0);
  Rules rules = open_rules(campaign, now);
  rules.push_back(below(Reason::kUserCapReached, user_coupons, campaign.policy.max_per_user));
  if (traits(campaign.mode).minted) {
    append(rules, make_rules(campaign, 1));
  } else {
    rules.push_back({.reason = Reason::kNoCouponsLeft,
                     .pass = campaign.counters.available > 0,
                     .value = campaign.counters.available});
  }
  return rules;
}

Rules redeem_rules(const CouponFacts& facts) {
  COUPOND_ASSERT(facts.coupon.campaign_id == facts.campaign.id);
  COUPOND_ASSERT(facts.user_redemptions >= 0);
  const Policy& policy = facts.campaign.policy;
  Rules rules = ownership_rules(facts);
  append(rules, open_rules(facts.campaign, facts.now));
  append(rules, state_rules(facts));
  append(rules, hold_state_rules(facts));
  rules.push_back({.reason = Reason::kInsufficientCredit,
                   .pass = facts.user_credit >= policy.price,
                   .value = facts.user_credit.value,
                   .limit = policy.price.value});
  rules.push_back(below(Reason::kUserRedemptionCapReached, facts.user_redemptions,
                        policy.max_redemptions_per_user));
  append(rules, balance_rules(facts));
  return rules;
}

Rules hold_rules(const CouponFacts& facts) {
  COUPOND_ASSERT(facts.coupon.campaign_id == facts.campaign.id);
  COUPOND_ASSERT(facts.user_live_holds >= 0);
  const bool live = is_live(facts.hold, facts.now);
  Rules rules = ownership_rules(facts);
  append(rules, open_rules(facts.campaign, facts.now));
  append(rules, state_rules(facts));
  rules.push_back({.reason = Reason::kHeldByOther,
                   .pass = !live,
                   .passes_at = live ? std::optional(facts.hold->expires_at) : std::nullopt});
  rules.push_back(below(Reason::kHoldLimitReached, facts.user_live_holds,
                        facts.campaign.policy.max_holds_per_user));
  return rules;
}

Rules release_rules(const CouponFacts& facts) {
  const bool live = is_live(facts.hold, facts.now);
  const bool mine = live && facts.hold->user_id == facts.user_id;
  const bool token_fits = live && facts.hold_token == facts.hold->token_hash;
  COUPOND_ASSERT(!facts.hold || facts.hold->coupon_id == facts.coupon.id);
  Rules rules = ownership_rules(facts);
  rules.push_back({.reason = Reason::kNotHeld, .pass = live});
  rules.push_back({.reason = Reason::kHeldByOther, .pass = mine});
  rules.push_back({.reason = Reason::kInvalidHoldToken,
                   .pass = token_fits || (facts.holder_by_name && !facts.hold_token)});
  return rules;
}

Rules void_rules(const Coupon& coupon) {
  return {{.reason = Reason::kVoid, .pass = !is_ended(coupon)},
          {.reason = Reason::kAlreadyRedeemed, .pass = coupon.state != CouponState::kRedeemed}};
}

namespace {

// Of a coupon whose balance staff change: what rules out any change of it.
Rules balance_state_rules(const Campaign& campaign, const Coupon& coupon, core::UnixMs now) {
  return {{.reason = Reason::kArchived, .pass = !campaign.archived_at},
          {.reason = Reason::kNoBalance, .pass = coupon.funds.has_value()},
          {.reason = Reason::kVoid, .pass = !is_ended(coupon)},
          {.reason = Reason::kExpired, .pass = !coupon.expires_at || now < *coupon.expires_at}};
}

}  // namespace

Rules top_up_rules(const Campaign& campaign, const Coupon& coupon, std::int64_t amount,
                   core::UnixMs now) {
  COUPOND_ASSERT(amount >= 1 && amount <= core::limits::kAmountMax);
  Rules rules = balance_state_rules(campaign, coupon, now);
  const std::int64_t after = (coupon.funds ? coupon.funds->put_on() : 0) + amount;
  rules.push_back({.reason = Reason::kBalanceLimitReached,
                   .pass = after <= core::limits::kAmountMax,
                   .value = after,
                   .limit = core::limits::kAmountMax});
  return rules;
}

Rules move_rules(const CouponFacts& facts) {
  Rules rules = balance_state_rules(facts.campaign, facts.coupon, facts.now);
  const bool live = is_live(facts.hold, facts.now);
  rules.push_back({.reason = Reason::kHeldByOther,
                   .pass = !live,
                   .passes_at = live ? std::optional(facts.hold->expires_at) : std::nullopt});
  if (facts.coupon.funds) rules.push_back(enough(*facts.coupon.funds, facts.amount));
  return rules;
}

bool is_spent(const Coupon& coupon) {
  return coupon.funds && coupon.funds->balance == 0 && coupon.funds->put_on() > 0;
}

bool is_live(const std::optional<Hold>& hold, core::UnixMs now) {
  return hold && now < hold->expires_at;
}

core::Credit credit_of(const Policy& policy) {
  const bool given = policy.reward.kind == RewardKind::kCredit;
  return {(given ? policy.reward.value : 0) - policy.price.value};
}

core::UnixMs extend_subscription(std::optional<core::UnixMs> ends_at, std::int64_t days,
                                 core::UnixMs now) {
  COUPOND_ASSERT(days > 0);
  const core::UnixMs from = ends_at ? std::max(*ends_at, now) : now;
  return from + days * core::kMsPerDay;
}

}  // namespace coupon::domain
