// What the engine should do, said once more in the plainest way: maps, loops, and no SQL, batches,
// counters or ledger. Written from the rules in the headers, not from the engine's code, so that a
// random walk can hold one against the other. Counters are counted from the coupons each time. One
// thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "coupond/core/error.h"
#include "coupond/core/time_text.h"
#include "coupond/domain/campaign.h"
#include "coupond/domain/coupon.h"

namespace coupon::test {

class ReferenceModel {
 public:
  using Verdict = std::optional<core::Reason>;  // why it is refused; nothing: accepted
  using Id = std::int64_t;
  static constexpr Id kNobody = 0;  // a walk-in: as the user of a redemption only

  // Who asks, seen from the user it is about.
  enum class Who { kThemself, kStranger, kClerk };

  struct Campaign {
    domain::Mode mode = domain::Mode::kPool;
    domain::Policy policy = {};
    bool archived = false;
    std::int64_t rolled_back = 0;
  };
  struct Hold {
    Id user = 0;
    domain::TokenHash token{};
    core::UnixMs until = {};
  };
  struct Coupon {
    Id campaign = 0;
    std::optional<Id> owner = {};
    std::int64_t uses = 0;
    std::optional<std::int64_t> max_uses = {};
    bool is_void = false;
    bool is_freed = false;   // and void
    bool ever_used = false;  // also where that was rolled back
    std::optional<core::UnixMs> expires_at = {};
    std::vector<Hold> holds = {};
    std::optional<std::int64_t> put_on = {};  // in all; absent: no balance
    std::int64_t taken = 0;

    std::int64_t balance() const { return put_on.value_or(0) - taken; }
    bool used_up() const {
      return (max_uses && uses >= *max_uses) || (put_on && taken > 0 && balance() == 0);
    }
    domain::CouponState state() const;
  };
  struct Redemption {
    Id coupon = 0;
    Id user = 0;
    std::int64_t credit = 0;  // what it gave, less what it took
    std::int64_t days = 0;
    std::int64_t taken = 0;  // from the coupon's balance
    bool stands = true;
  };
  struct User {
    std::int64_t credit = 0;
    std::optional<core::UnixMs> subscription_ends_at = {};
  };

  // What a report says of an hour of a campaign, whoever did it.
  struct Totals {
    std::int64_t redeemed = 0, rolled_back = 0, taken = 0, returned = 0, credit = 0;
    friend bool operator==(const Totals&, const Totals&) = default;
  };

  core::UnixMs now = {};
  std::map<Id, Campaign> campaigns;
  std::map<Id, Coupon> coupons;
  std::map<Id, Redemption> redemptions;
  std::map<Id, User> users;
  std::map<std::pair<core::UnixMs, Id>, Totals> reports;  // by the hour's start and the campaign

  // May it happen?
  Verdict may_generate(Id campaign, std::int64_t count) const;
  Verdict may_set_cap(Id campaign, std::int64_t cap) const;
  Verdict may_issue(Who who, Id campaign, Id user) const;
  Verdict may_assign(Who who, Id coupon, Id user) const;
  Verdict may_hold(Who who, Id coupon, Id user) const;
  Verdict may_release(Who who, Id coupon, Id user, const domain::TokenHash& token) const;
  Verdict may_redeem(Who who, Id coupon, Id user, const std::optional<domain::TokenHash>& token,
                     std::optional<std::int64_t> amount = {}) const;
  Verdict may_restore(Who who, Id coupon) const;
  Verdict may_free(Who who, Id coupon) const;
  Verdict may_set_uses(Who who, Id coupon, std::optional<std::int64_t> uses) const;
  Verdict may_reassign(Who who, Id coupon, Id user) const;
  Verdict may_top_up(Who who, Id coupon, std::int64_t amount) const;
  Verdict may_transfer(Who who, Id from, Id to, std::optional<std::int64_t> amount) const;
  Verdict may_roll_back(Who who, Id redemption) const;
  Verdict may_void(Who who, Id coupon) const;
  Verdict may_add_credit(Id user, std::int64_t credit) const;

  // It has happened.
  void made(Id campaign, Id coupon, std::optional<Id> owner);
  void held(Id coupon, const Hold& hold);
  void drop_ended_holds(Id id);
  void released(Id coupon, const domain::TokenHash& token);
  void redeemed(Id coupon, Id user, Id redemption, std::optional<std::int64_t> amount = {},
                const std::optional<domain::TokenHash>& token = {});
  void topped_up(Id coupon, std::int64_t amount) { *coupons.at(coupon).put_on += amount; }
  // Gives back how much.
  std::int64_t transferred(Id from, Id to, std::optional<std::int64_t> amount);
  void rolled_back(Id redemption);

  domain::Counters counters(Id campaign) const;
  std::int64_t live_holds(const Coupon& coupon) const {
    return std::count_if(coupon.holds.begin(), coupon.holds.end(),
                         [&](const Hold& hold) { return now < hold.until; });
  }
  bool is_held(const Coupon& coupon) const { return live_holds(coupon) > 0; }
  // The live one with this token, or of this user; null when there is none.
  const Hold* hold_with(const Coupon& coupon, const domain::TokenHash& token) const;
  const Hold* hold_of(const Coupon& coupon, Id user) const;
  // Of those that are live, the newest; there must be one.
  const Hold& last_hold(const Coupon& coupon) const;

 private:
  Totals& this_hour(Id campaign) {
    return reports[{core::local_start(now, core::LocalPeriod::kHour), campaign}];
  }
  Verdict closed(const Campaign& campaign) const;
  Verdict unusable(const Coupon& coupon, std::optional<std::int64_t> amount = {}) const;
  Verdict cannot_pay(const Coupon& coupon, Id user) const;
  Verdict no_change_of_balance(const Coupon& coupon) const;
  // A hold keeps one use; of a balance, all of it.
  bool has_room(const Coupon& coupon, std::int64_t held) const {
    if (coupon.put_on && held > 0) return false;
    return !coupon.max_uses || coupon.uses + held < *coupon.max_uses;
  }
  Verdict not_theirs(const Coupon& coupon, Id user) const;
  std::int64_t coupons_of(Id user, Id campaign) const;
  std::int64_t redemptions_of(Id user, Id campaign) const;
};

}  // namespace coupon::test
