// The pure decisions: may this be issued, held, redeemed, rolled back, now, by this user? Each is a
// list of rules in the order in which they refuse, so that a refusal and an explanation are the
// same thing. No SQL, no clock, no JSON: callers load the facts. Safe on any thread.
#pragma once

#include <optional>
#include <vector>

#include "coupond/core/error.h"
#include "coupond/domain/campaign.h"
#include "coupond/domain/coupon.h"
#include "coupond/domain/user.h"

namespace coupon::domain {

// One rule, as it stands. `limit` and `value` are filled where the rule is about figures.
struct Rule {
  core::Reason reason = {};  // what a refusal by this rule is called
  bool pass = true;
  std::optional<core::UnixMs> passes_at = {};  // when it would pass by itself
  std::optional<std::int64_t> value = {};
  std::optional<std::int64_t> limit = {};
};
using Rules = std::vector<Rule>;

// The first rule that refuses, as an error; none when all pass.
std::optional<core::Error> first_refusal(const Rules& rules);

// Is the campaign open: neither archived nor inactive, started, not ended.
Rules open_rules(const Campaign& campaign, core::UnixMs now);

// May `units` more coupons be made?
Rules make_rules(const Campaign& campaign, std::int64_t units);

// May this user get a coupon of the campaign? `user_coupons`: how many they have had. The user's
// own cap is told before the campaign's.
Rules issue_rules(const Campaign& campaign, std::int64_t user_coupons, core::UnixMs now);

// What a decision about one coupon rests on.
struct CouponFacts {
  const Campaign& campaign;
  const Coupon& coupon;
  const std::vector<Hold>& holds;  // of the coupon, also those that are over
  core::UserId user_id = {};
  std::optional<TokenHash> hold_token = {};  // as shown by the caller
  bool holder_by_name = false;               // the caller's protocol has no hold tokens: being the
                                             // user who holds it is enough
  std::int64_t user_redemptions = 0;         // that stand, in this campaign
  std::int64_t user_live_holds = 0;          // in this campaign, this coupon's own not counted
  core::Credit user_credit = {};
  // To be taken from the coupon's balance; absent: all of it.
  std::optional<std::int64_t> amount = {};
  std::optional<core::UnixMs> subscription_ends_at = {};  // the user's
  core::UnixMs now = {};
};

// Whose it is comes first: nobody learns more of another's coupon. Then the store service's order:
// inactive, ended, none left, credit, the user's own cap.
Rules redeem_rules(const CouponFacts& facts);
Rules hold_rules(const CouponFacts& facts);
// May a hold go on, shown by its token?
Rules renew_rules(const CouponFacts& facts);
Rules release_rules(const CouponFacts& facts);
Rules void_rules(const Coupon& coupon);

// May it be given more, and may its balance be moved to another coupon?
Rules top_up_rules(const Campaign& campaign, const Coupon& coupon, std::int64_t amount,
                   core::UnixMs now);
Rules move_rules(const CouponFacts& facts);
// Whether nothing is left of what was put on it.
bool is_spent(const Coupon& coupon);
// The state of a coupon that is not void: redeemed when its uses or its balance are used up, else
// assigned or available.
CouponState state_in_use(const Coupon& coupon);

// A hold whose time has passed is no hold.
bool is_live(const Hold& hold, core::UnixMs now);
// When the last of the live holds ends; absent: there is none.
std::optional<core::UnixMs> held_until(const std::vector<Hold>& holds, core::UnixMs now);
// The hold that a request takes, renews or ends: the live one whose token it shows or, where
// tokens are not known, the user's own.
std::optional<Hold> hold_shown(const CouponFacts& facts);

// What a redemption adds to the user's credit: the reward, less the price.
core::Credit credit_of(const Policy& policy);

// The subscription's end after `days` more, from now or from its end, whichever is later.
core::UnixMs extend_subscription(std::optional<core::UnixMs> ends_at, std::int64_t days,
                                 core::UnixMs now);

}  // namespace coupon::domain
