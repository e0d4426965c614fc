#include "src/store/audit_replay.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "coupond/domain/decide.h"
#include "coupond/store/checkpoint.h"
#include "src/store/divergence.h"
#include "src/store/possible.h"

namespace coupon::store {
namespace {

bool any_negative(const domain::Counters& c) {
  return std::min({c.issued, c.assigned, c.available, c.redeemed, c.rolled_back, c.voided}) < 0;
}

}  // namespace

std::uint64_t digest_prefix(std::string_view digest) {
  std::uint64_t prefix = 0;
  std::memcpy(&prefix, digest.data(), std::min(sizeof prefix, digest.size()));
  return prefix;
}

// In the order of how often they happen.
const Replay::Rule& Replay::rule_of(const LedgerRow& row) {
  static constexpr std::array<Rule, 28> kRules{{
      {operation::kRedeem, &Replay::redeem, true},
      {operation::kIssue, &Replay::issue},
      {operation::kAssign, &Replay::assign},
      {operation::kHold, &Replay::hold},
      {operation::kRelease, &Replay::release},
      {operation::kUserCreate, &Replay::create_user},
      {operation::kUserCredit, &Replay::touch_user},
      {operation::kRollback, &Replay::rollback, true},
      {operation::kGenerate, &Replay::generate, true},
      {operation::kVoid, &Replay::make_void},
      {operation::kTerms, &Replay::change_terms},
      {operation::kRestoreCoupon, &Replay::restore_coupon},
      {operation::kFree, &Replay::free},
      {operation::kReassign, &Replay::reassign},
      {operation::kCampaignUnarchive, &Replay::update_campaign},
      {operation::kTopUp, &Replay::top_up, true},
      {operation::kMoveOut, &Replay::move_out, true},
      {operation::kMoveIn, &Replay::move_in, true},
      {operation::kUserPassword, &Replay::change_password},
      {operation::kUserUpdate, &Replay::update_user},
      {operation::kUserErase, &Replay::update_user},
      {operation::kCampaignCreate, &Replay::create_campaign},
      {operation::kCampaignUpdate, &Replay::update_campaign},
      {operation::kCampaignArchive, &Replay::update_campaign},
      {operation::kKeyCreate, &Replay::create_key},
      {operation::kKeyRevoke, &Replay::revoke_key},
      {operation::kRestore, &Replay::restore},
      {operation::kTakeover, &Replay::take_over},
  }};
  const auto found = std::find_if(kRules.begin(), kRules.end(), [&](const Rule& rule) {
    return rule.operation == row.operation;
  });
  if (found == kRules.end()) impossible(row, "this version knows no such operation");
  return *found;
}

void Replay::see(const LedgerRow& row) {
  const Rule& rule = rule_of(row);
  require(on_the_move_ == 0 || row.operation == operation::kMoveIn, row,
          "the entry before took a balance that no coupon has got");
  require(row.value == 0 || rule.moves_balances, row, "it moves no balance");
  (this->*rule.play)(row);
}

// ---- campaigns ----

void Replay::create_campaign(const LedgerRow& row) {
  require(row.campaign_id.has_value(), row, "it names no campaign");
  const std::int64_t id = row.campaign_id->value;
  require(0 < id && id <= std::numeric_limits<std::int32_t>::max(), row, "no campaign has that id");
  const bool fresh =
      campaigns_.emplace(id, CampaignFact{.last_seq = row.seq, .digest = digest_of(row)}).second;
  require(fresh, row, "there is such a campaign already");
}

// Changing how often a shared coupon may be used can make it available, or used up.
void Replay::update_campaign(const LedgerRow& row) {
  CampaignFact& campaign = campaign_of(row);
  campaign.last_seq = row.seq;
  campaign.digest = digest_of(row);
  if (row.operation == operation::kCampaignUpdate) {
    campaign.made_before_change = campaign.counters.issued;
  }
  if (row.available == 0) return;
  require(campaign.first_coupon != 0, row, "the campaign has no coupon to change");
  if (CouponFact* coupon = find(coupons_, campaign.first_coupon)) change_available(row, *coupon);
  count(row);
}

CampaignFact& Replay::campaign_of(const LedgerRow& row) {
  require(row.campaign_id.has_value(), row, "it names no campaign");
  const auto found = campaigns_.find(row.campaign_id->value);
  require(found != campaigns_.end(), row, "its campaign does not exist");
  return found->second;
}

void Replay::count(const LedgerRow& row) {
  domain::Counters& counters = campaign_of(row).counters;
  counters = counters + counter_change(row);
  require(!any_negative(counters), row, "a counter of its campaign would be negative");
}

// ---- coupons ----

void Replay::generate(const LedgerRow& row) {
  require(row.units >= 1 && row.available == row.units, row, "it makes no coupons to be had");
  make_coupons(row, row.units, {.available = true});
  count(row);
}

void Replay::issue(const LedgerRow& row) {
  require(row.user_id.has_value() && row.available == 0, row, "a minted coupon has an owner");
  user_of(row);
  make_coupons(row, 1, {.user_id = row.user_id->value});
  count(row);
}

// Coupons have ids without gaps in the file, and numbers without gaps in their campaign.
void Replay::make_coupons(const LedgerRow& row, std::int64_t units, const CouponFact& like) {
  require(row.coupon_id.has_value(), row, "it names no coupon");
  if (row.coupon_id->value != last_coupon_ + 1) {
    impossible(row, "the next coupon is " + figure(last_coupon_ + 1) + ", it makes " +
                        figure(row.coupon_id->value));
  }
  CampaignFact& campaign = campaign_of(row);
  const std::int64_t issued = campaign.counters.issued;
  require(issued + units <= std::numeric_limits<std::int32_t>::max(), row,
          "no campaign can have so many coupons");
  if (issued == 0) campaign.first_coupon = row.coupon_id->value;
  CouponFact coupon = like;
  coupon.last_seq = row.seq.value;
  coupon.campaign_id = static_cast<std::int32_t>(row.campaign_id->value);
  coupon.number = static_cast<std::int32_t>(issued);
  for (std::int64_t i = 0; i < units; ++i) {
    ++last_coupon_;
    ++coupon.number;
    if (window_.contains(last_coupon_)) coupons_.push_back(coupon);
  }
}

// The coupon that an entry is about, with the entry made its latest. Null outside the window.
CouponFact* Replay::chained_coupon(const LedgerRow& row) {
  require(row.coupon_id.has_value(), row, "it names no coupon");
  const std::int64_t id = row.coupon_id->value;
  require(1 <= id && id <= last_coupon_, row, "its coupon does not exist");
  CouponFact* found = find(coupons_, id);
  if (found == nullptr) return nullptr;
  require(row.campaign_id && row.campaign_id->value == found->campaign_id, row,
          "its coupon is of another campaign");
  require(row.coupon_prev && row.coupon_prev->value == found->last_seq, row,
          "it does not follow the coupon's latest entry");
  change_available(row, *found);
  found->last_seq = row.seq.value;
  return found;
}

void Replay::change_available(const LedgerRow& row, CouponFact& coupon) {
  const std::int64_t available = std::int64_t{coupon.available} + row.available;
  require(available == 0 || available == 1, row, "one coupon is available once or not at all");
  coupon.available = available == 1;
}

CouponFact* Replay::live_coupon(const LedgerRow& row) {
  CouponFact* coupon = chained_coupon(row);
  require(coupon == nullptr || !coupon->is_void, row, "its coupon is void");
  return coupon;
}

void Replay::assign(const LedgerRow& row) {
  require(row.user_id.has_value() && row.available == -1, row, "an assigned coupon has an owner");
  user_of(row);
  if (CouponFact* coupon = live_coupon(row)) {
    require(coupon->user_id == 0, row, "its coupon has an owner already");
    require(coupon->uses == 0, row, "its coupon was used already");
    coupon->user_id = row.user_id->value;
  }
  count(row);
}

// A hold or a use removes the holds of the coupon that are over; which those were, no entry says.
// Entries of 0.1.0 do not say which hold they ended either: it was the only one.
void Replay::end_holds_of(std::int64_t coupon, bool surely) {
  const auto [first, last] = holds_of_.equal_range(coupon);
  for (auto it = first; it != last; ++it) {
    if (surely) {
      holds_.erase(it->second);
    } else {
      holds_.at(it->second).may_be_gone = true;
    }
  }
  if (surely) holds_of_.erase(first, last);
}

void Replay::end_hold(const LedgerRow& row) {
  const auto found = holds_.find(row.units);
  require(found != holds_.end() && found->second.coupon_id == row.coupon_id->value, row,
          "its coupon has no such hold");
  const auto [first, last] = holds_of_.equal_range(found->second.coupon_id);
  holds_of_.erase(
      std::find_if(first, last, [&](const auto& one) { return one.second == row.units; }));
  holds_.erase(found);
}

void Replay::hold(const LedgerRow& row) {
  require(row.available == 0, row, "a hold changes no count");
  user_of(row);
  if (const CouponFact* coupon = live_coupon(row)) {
    const std::int64_t id = row.coupon_id->value;
    end_holds_of(id, false);
    if (row.units != 0) {  // renewed
      const auto found = holds_.find(row.units);
      require(found != holds_.end() && found->second.coupon_id == id, row,
              "its coupon has no such hold");
      found->second.may_be_gone = false;
    } else {
      const std::int64_t user = row.user_id ? row.user_id->value : 0;
      holds_[row.seq.value] = {row.seq.value, id, coupon->campaign_id, user};
      holds_of_.emplace(id, row.seq.value);
    }
  }
  count(row);
}

void Replay::release(const LedgerRow& row) {
  require(row.available == 0, row, "a release changes no count");
  if (live_coupon(row) != nullptr) {
    require(holds_of_.contains(row.coupon_id->value), row, "its coupon is not held");
    if (row.units != 0) {
      end_hold(row);
    } else {
      end_holds_of(row.coupon_id->value, true);
    }
  }
  count(row);
}

namespace {
// What moves a balance moves somebody's.
bool has_customer(const LedgerRow& row) {
  return row.user_id.has_value() || (row.credit.value == 0 && row.days == 0);
}
}  // namespace

void Replay::redeem(const LedgerRow& row) {
  require(has_customer(row), row, "credit and days are somebody's");
  if (CouponFact* coupon = live_coupon(row)) {
    ++coupon->uses;
    coupon->taken -= row.value;
    if (row.units != 0) end_hold(row);
    end_holds_of(row.coupon_id->value, false);
  }
  require(row.value <= 0, row, "a redemption puts nothing on a coupon");
  if (UserFact* user = user_of(row)) user->last_redemption = row.seq.value;
  add_to_balance(row);
  count(row);
}

void Replay::rollback(const LedgerRow& row) {
  require(has_customer(row), row, "credit and days are somebody's");
  require(row.units < row.seq.value, row, "it undoes a redemption of the future");
  if (CouponFact* coupon = chained_coupon(row)) {
    require(coupon->uses > 0, row, "its coupon was not redeemed");
    --coupon->uses;
    coupon->taken -= row.value;
    require(coupon->taken >= 0, row, "it returns more than was taken");
  }
  add_to_balance(row);
  count(row);
}

void Replay::make_void(const LedgerRow& row) {
  if (CouponFact* coupon = live_coupon(row)) {
    require(!coupon->available, row, "a void coupon is not available");
    coupon->is_void = true;
    end_holds_of(row.coupon_id->value, true);
  }
  count(row);
}

// Another machine, the same shop.
void Replay::take_over(const LedgerRow& row) {
  require(row.units >= 1 && row.detail.has_value(), row, "it does not say who leads since when");
}

// A restore ends all holds and sessions.
void Replay::restore(const LedgerRow& row) {
  require(row.units > restore_epoch_, row, "the restore epoch only rises");
  restore_epoch_ = row.units;
  holds_.clear();
  holds_of_.clear();
  for (auto* users : {&users_, &high_users_}) {
    for (UserFact& user : *users) {
      if (user.token_epoch != 0) user.token_epoch = std::max(user.token_epoch + 1, row.at.value);
    }
  }
}

}  // namespace coupon::store
