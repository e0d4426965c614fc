// The ledger, played through in memory: what must be in the tables if every entry happened exactly
// as written, and nothing else did. No SQL and no table is looked at, so that what comes out cannot
// be led astray by what is being audited. Private to the audit.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "coupond/core/hash.h"
#include "coupond/domain/campaign.h"
#include "coupond/store/ledger.h"
#include "coupond/store/users.h"

namespace coupon::store {

// Ids from `first` to `last`, both included: what a pass over the ledger keeps.
struct Window {
  std::int64_t first = 1;
  std::int64_t last = std::numeric_limits<std::int64_t>::max();
  bool contains(std::int64_t id) const { return first <= id && id <= last; }
};

struct CouponFact {
  std::int64_t last_seq = 0;
  std::int64_t user_id = 0;    // 0: no owner
  std::int64_t topped_up = 0;  // put on it since it was made, less what was moved away
  std::int64_t taken = 0;      // by redemptions that stand
  std::uint64_t terms = 0;     // of what the latest change of its terms fixed, see digest_prefix()
  std::int32_t campaign_id = 0;
  std::int32_t number = 0;
  std::int32_t uses = 0;
  bool available = false;
  bool is_void = false;
  bool is_freed = false;
};

// A hold that the ledger leaves open. Its row is there, unless it may have been over when a later
// entry of the coupon removed what was over.
struct HoldFact {
  std::int64_t id = 0;  // of its entry
  std::int64_t coupon_id = 0;
  std::int64_t campaign_id = 0;
  std::int64_t user_id = 0;
  bool may_be_gone = false;
};

struct UserFact {
  static constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::min();
  static constexpr std::int64_t kNotMade = -1;  // as credit: nobody has this id
  std::int64_t credit = 0;
  std::int64_t subscription_ends_at = kNone;
  std::int64_t token_epoch = 0;      // 0: no entry says it
  std::int64_t last_redemption = 0;  // 0: none
  std::uint64_t account = 0;         // of what user_digest() covers, see digest_prefix()
};
// Enough of a digest to notice a change, and small enough to keep for ten million users.
std::uint64_t digest_prefix(std::string_view digest);

struct CampaignFact {
  domain::Counters counters = {};
  core::Seq last_seq;             // of the entry that fixed the policy
  std::string digest;             // of the policy
  std::int64_t first_coupon = 0;  // its coupon number 1
  // Coupons with a higher number were made under the policy as it is now.
  std::int64_t made_before_change = 0;
};

struct KeyFact {
  std::string key_hash;
  std::string scopes;
  std::string maker;  // the entry's actor
  bool revoked = false;
};

class Replay {
  template <class Facts>
  auto* find(Facts& facts, std::int64_t id) const {
    return find(facts, id, window_.first);
  }
  template <class Facts>
  auto* find(Facts& facts, std::int64_t id, std::int64_t first) const {
    const auto index = static_cast<std::size_t>(id - first);
    return window_.contains(id) && index < facts.size() ? &facts[index] : nullptr;
  }
  template <class Facts>
  auto* find_high(Facts& facts, std::int64_t id) const {
    auto* fact = find(facts, id, first_high());
    return fact != nullptr && fact->credit != UserFact::kNotMade ? fact : nullptr;
  }
  std::int64_t first_high() const { return std::max(window_.first, kOrdinaryIds + 1); }

 public:
  explicit Replay(Window window) : window_(window) {}

  // Plays one entry; throws Divergence when it may not follow what came before.
  void see(const LedgerRow& row);

  const Window& window() const { return window_; }
  // Ids go from 1 to this without gaps, in all windows.
  std::int64_t coupons() const { return last_coupon_; }
  // The highest id of an account, in all windows. Up to kOrdinaryIds they have no gaps.
  std::int64_t users() const { return last_high_ > kOrdinaryIds ? last_high_ : last_user_; }

  // What the ledger says; null when it says nothing, or the id is outside the window.
  const CouponFact* coupon(std::int64_t id) const { return find(coupons_, id); }
  const std::map<std::int64_t, HoldFact>& holds() const { return holds_; }  // by id
  const UserFact* user(std::int64_t id) const {
    return id > kOrdinaryIds ? find_high(high_users_, id) : find(users_, id);
  }
  const std::map<std::int64_t, CampaignFact>& campaigns() const { return campaigns_; }
  const std::map<std::int64_t, KeyFact>& keys() const { return keys_; }
  // Whether what the last entry took from a coupon was put on another.
  bool is_complete() const { return on_the_move_ == 0; }
  std::int64_t restore_epoch() const { return restore_epoch_; }

 private:
  struct Rule {
    std::string_view operation;
    void (Replay::*play)(const LedgerRow& row);
    bool moves_balances = false;
  };
  static const Rule& rule_of(const LedgerRow& row);

  void create_user(const LedgerRow& row);
  void create_high_user(const LedgerRow& row);
  void update_user(const LedgerRow& row);
  void change_password(const LedgerRow& row);
  void touch_user(const LedgerRow& row);
  void create_key(const LedgerRow& row);
  void revoke_key(const LedgerRow& row);
  void create_campaign(const LedgerRow& row);
  void update_campaign(const LedgerRow& row);
  void generate(const LedgerRow& row);
  void issue(const LedgerRow& row);
  void assign(const LedgerRow& row);
  void hold(const LedgerRow& row);
  void release(const LedgerRow& row);
  void redeem(const LedgerRow& row);
  void rollback(const LedgerRow& row);
  void make_void(const LedgerRow& row);
  void restore_coupon(const LedgerRow& row);
  void free(const LedgerRow& row);
  void change_terms(const LedgerRow& row);
  void reassign(const LedgerRow& row);
  void top_up(const LedgerRow& row);
  void move_out(const LedgerRow& row);
  void move_in(const LedgerRow& row);
  void restore(const LedgerRow& row);
  void take_over(const LedgerRow& row);

  CampaignFact& campaign_of(const LedgerRow& row);
  void count(const LedgerRow& row);
  void make_coupons(const LedgerRow& row, std::int64_t units, const CouponFact& like);
  CouponFact* chained_coupon(const LedgerRow& row);
  CouponFact* live_coupon(const LedgerRow& row);
  static void change_available(const LedgerRow& row, CouponFact& coupon);
  UserFact* user_of(const LedgerRow& row);
  void add_to_balance(const LedgerRow& row);
  void end_hold(const LedgerRow& row);
  void end_holds_of(std::int64_t coupon, bool surely);

  const Window window_;
  std::vector<CouponFact> coupons_;                     // from window_.first on
  std::vector<UserFact> users_;                         // likewise, up to kOrdinaryIds
  std::vector<UserFact> high_users_;                    // from first_high() on
  std::map<std::int64_t, HoldFact> holds_;              // by id
  std::multimap<std::int64_t, std::int64_t> holds_of_;  // ids by coupon
  std::map<std::int64_t, CampaignFact> campaigns_;
  std::map<std::int64_t, KeyFact> keys_;
  std::int64_t last_coupon_ = 0;
  std::int64_t last_user_ = 0;  // up to kOrdinaryIds
  std::int64_t last_high_ = kOrdinaryIds;
  std::int64_t restore_epoch_ = 0;
  // What a coupon.move_out entry took, until the next entry puts it on another coupon.
  std::int64_t on_the_move_ = 0;
};

}  // namespace coupon::store
