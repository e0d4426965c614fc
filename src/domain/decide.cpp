#include "coupond/domain/decide.h"

#include <algorithm>
#include <string>

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

// What the live holds of a coupon mean to a request.
struct HoldSight {
  bool shown = false;       // the request shows one
  bool own = false;         // the user has one
  std::int64_t others = 0;  // besides the one shown
  std::optional<core::UnixMs> first_end = {};
};

HoldSight look_at_holds(const CouponFacts& facts) {
  HoldSight sight{.shown = hold_shown(facts).has_value()};
  for (const Hold& hold : facts.holds) {
    if (!is_live(hold, facts.now)) continue;
    ++sight.others;
    sight.own = sight.own || (facts.user_id.value != 0 && hold.user_id == facts.user_id);
    if (!sight.first_end || hold.expires_at < *sight.first_end) sight.first_end = hold.expires_at;
  }
  if (sight.shown) --sight.others;
  return sight;
}

// Each live hold takes one use; of a balance, all of it.
bool has_room(const CouponFacts& facts, const HoldSight& sight) {
  if (facts.coupon.funds && sight.others > 0) return false;
  return !facts.coupon.max_uses || facts.coupon.uses + sight.others < *facts.coupon.max_uses;
}

// Who may act where the rest of a coupon's uses is held: only those who show a hold's token. Being
// the same user is not enough (two tills may serve one customer), unless the caller's protocol
// knows no tokens.
Rules hold_state_rules(const CouponFacts& facts) {
  const HoldSight sight = look_at_holds(facts);
  const bool room = has_room(facts, sight);
  const bool held = sight.others > 0 && !room;
  return {{.reason = Reason::kHeldByOther,
           .pass = !held || (sight.own && !sight.shown),
           .passes_at = held ? sight.first_end : std::nullopt},
          {.reason = Reason::kInvalidHoldToken,
           .pass = sight.shown || (!facts.hold_token && !(held && sight.own)),
           .passes_at = held && sight.own ? sight.first_end : std::nullopt},
          {.reason = Reason::kHoldRequired,
           .pass = sight.shown || !facts.campaign.policy.hold_required}};
}

// Whose hold it is, and who shows it.
Rules holder_rules(const CouponFacts& facts) {
  const HoldSight sight = look_at_holds(facts);
  const auto shown = hold_shown(facts);
  const bool mine = shown && shown->user_id == facts.user_id;
  return {{.reason = Reason::kNotHeld, .pass = sight.first_end.has_value()},
          {.reason = Reason::kHeldByOther, .pass = mine || sight.own},
          {.reason = Reason::kInvalidHoldToken, .pass = mine}};
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

// What a redemption moves, and counts, of the user's account.
Rules account_rules(const CouponFacts& facts) {
  const Policy& policy = facts.campaign.policy;
  Rules rules = {{.reason = Reason::kInsufficientCredit,
                  .pass = facts.user_credit >= policy.price,
                  .value = facts.user_credit.value,
                  .limit = policy.price.value},
                 below(Reason::kUserRedemptionCapReached, facts.user_redemptions,
                       policy.max_redemptions_per_user)};
  const Rules balance = balance_rules(facts);
  rules.insert(rules.end(), balance.begin(), balance.end());
  return rules;
}

// "14:05"; in UTC, because nobody here knows the shop's zone.
std::string clock_time(core::UnixMs at) {
  const auto minutes = at.value / (60 * core::kMsPerSecond) % (24 * 60);
  const auto two = [](std::int64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  return two(minutes / 60) + ":" + two(minutes % 60) + " UTC";
}

// What the sentence of the reason alone would not say; empty: nothing.
std::string words(const Rule& rule) {
  if (!rule.passes_at) return {};
  const std::string until = "Held until " + clock_time(*rule.passes_at);
  if (rule.reason == Reason::kHeldByOther) return until + " by another customer";
  if (rule.reason != Reason::kInvalidHoldToken) return {};
  return until + " by this customer, at another till or page: show the token of that hold";
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
                     .message = words(*refusal),
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
  Rules rules = ownership_rules(facts);
  append(rules, open_rules(facts.campaign, facts.now));
  append(rules, state_rules(facts));
  append(rules, hold_state_rules(facts));
  append(rules, account_rules(facts));
  return rules;
}

Rules hold_rules(const CouponFacts& facts) {
  COUPOND_ASSERT(facts.coupon.campaign_id == facts.campaign.id);
  COUPOND_ASSERT(facts.user_live_holds >= 0);
  const HoldSight sight = look_at_holds(facts);
  Rules rules = ownership_rules(facts);
  append(rules, open_rules(facts.campaign, facts.now));
  append(rules, state_rules(facts));
  rules.push_back({.reason = Reason::kHeldByOther,
                   .pass = has_room(facts, sight),
                   .passes_at = sight.first_end});
  rules.push_back(below(Reason::kHoldLimitReached, facts.user_live_holds,
                        facts.campaign.policy.max_holds_per_user));
  append(rules, account_rules(facts));
  return rules;
}

Rules renew_rules(const CouponFacts& facts) {
  Rules rules = ownership_rules(facts);
  append(rules, open_rules(facts.campaign, facts.now));
  append(rules, state_rules(facts));
  append(rules, holder_rules(facts));
  return rules;
}

Rules release_rules(const CouponFacts& facts) {
  Rules rules = ownership_rules(facts);
  append(rules, holder_rules(facts));
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
  const auto held = held_until(facts.holds, facts.now);
  rules.push_back({.reason = Reason::kHeldByOther, .pass = !held, .passes_at = held});
  if (facts.coupon.funds) rules.push_back(enough(*facts.coupon.funds, facts.amount));
  return rules;
}

bool is_spent(const Coupon& coupon) {
  return coupon.funds && coupon.funds->balance == 0 && coupon.funds->put_on() > 0;
}

CouponState state_in_use(const Coupon& coupon) {
  if (coupon.max_uses == coupon.uses || is_spent(coupon)) return CouponState::kRedeemed;
  return coupon.user_id ? CouponState::kAssigned : CouponState::kAvailable;
}

bool is_live(const Hold& hold, core::UnixMs now) { return now < hold.expires_at; }

std::optional<core::UnixMs> held_until(const std::vector<Hold>& holds, core::UnixMs now) {
  std::optional<core::UnixMs> end;
  for (const Hold& hold : holds) {
    if (is_live(hold, now) && (!end || *end < hold.expires_at)) end = hold.expires_at;
  }
  return end;
}

std::optional<Hold> hold_shown(const CouponFacts& facts) {
  const auto shown = std::find_if(facts.holds.begin(), facts.holds.end(), [&](const Hold& hold) {
    if (!is_live(hold, facts.now)) return false;
    if (facts.hold_token) return hold.token_hash == *facts.hold_token;
    return facts.holder_by_name && hold.user_id == facts.user_id;
  });
  if (shown == facts.holds.end()) return std::nullopt;
  return *shown;
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
