// What happens to a coupon, one function per use case: load, decide, store, inside one write
// operation. Each takes the writer's Tx and runs on its thread; each either does all it says and
// writes one ledger entry, or refuses and leaves no trace (the writer undoes a refused operation).
//
// Who may: a user for themself, and callers whose scope covers others; otherwise kForbidden. A
// coupon is named by the keyed hash of its code, made on the caller's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "coupond/core/result.h"
#include "coupond/domain/campaign.h"
#include "coupond/domain/coupon.h"
#include "coupond/domain/decide.h"
#include "coupond/service/caller.h"
#include "coupond/service/codes.h"
#include "coupond/store/redemptions.h"
#include "coupond/store/tx.h"

namespace coupon::service {

// ---- Getting one ----

// Where new codes and draws come from. Both live in the engine.
struct Mint {
  const core::CodeVault& vault;
  const core::Random& random;
};

struct IssueRequest {
  core::CampaignId campaign_id;
  core::UserId user_id;
  // Modes token and claim store this code,
  std::optional<FreshCode> code = {};
  // or, where the code follows from the coupon (its number, times and owner), what this makes of
  // it. Called on the writer's thread: a few microseconds.
  std::function<FreshCode(const domain::Coupon&)> code_of = {};
  // Mode pool draws with this: 64 random bits.
  std::uint64_t draw = 0;
};

struct Issued {
  domain::Coupon coupon;
  std::string code;  // as displayed
  std::string campaign_slug;
  std::optional<std::string> currency;    // of the coupon's balance
  std::optional<std::int64_t> remaining;  // of the campaign after this; absent: unlimited
  core::UnixMs at;
  core::Seq seq;
};

// Draws and seals what issuing needs, off the writer's thread.
core::Result<IssueRequest> prepare_issue(const Mint& mint, const domain::Campaign& campaign,
                                         core::UserId user_id);

// One coupon for the user: minted (token, claim) or drawn at random (pool). A minted code that
// exists already is made anew, or kBusy where it follows from the coupon; kPatternExhausted when
// there seems to be no free one.
core::Result<Issued> issue(store::Tx& tx, const Caller& caller, const Mint& mint,
                           const IssueRequest& request);

// A certain coupon of a pool for the user. kAlreadyAssigned when it has an owner. Whose a code was
// before it came here can be kept while the campaign is not open.
enum class Campaigns { kOpen, kOpenOrNot };
core::Result<Issued> assign(store::Tx& tx, const Caller& caller, const Mint& mint,
                            const domain::CodeHash& code, core::UserId user_id,
                            Campaigns campaigns = Campaigns::kOpen);

// ---- Holding one ----

struct HoldRequest {
  domain::CodeHash code{};
  core::UserId user_id;  // 0: nobody's account, by staff; of what has an owner, the owner's
  domain::TokenHash token_hash{};
  std::optional<std::int64_t> ttl_s = {};  // at most the campaign's; absent: the campaign's
  // Not a new hold: the one with token_hash goes on from now.
  bool renews = false;
};

struct Held {
  core::UnixMs until;
  core::Seq seq;
};

// Keeps one use. kHeldByOther, with the time the first hold ends, when all that are left are held.
// Only who could redeem it now gets one. To renew: kNotHeld, kHeldByOther, kInvalidHoldToken.
core::Result<Held> hold(store::Tx& tx, const Caller& caller, const HoldRequest& request);

// How a caller shows that a hold is theirs: by its token or, where the protocol has none, by being
// the user who made it.
struct HoldProof {
  std::optional<domain::TokenHash> token_hash = {};
  bool by_name = false;
};

// Ends whoever's holds are on it, or only those of this user, or with this token: for staff, who
// know that the customer has gone. kNotHeld, kHeldByOther, kInvalidHoldToken.
core::Result<Held> release_any(store::Tx& tx, const Caller& caller, const domain::CodeHash& code,
                               std::optional<core::UserId> user,
                               std::optional<domain::TokenHash> token);

core::Result<Held> release(store::Tx& tx, const Caller& caller, const domain::CodeHash& code,
                           core::UserId user_id, const HoldProof& proof);

// ---- Using one ----

struct RedeemRequest {
  domain::CodeHash code{};
  // Absent: the coupon's owner; for tokens, which whoever holds them may use.
  std::optional<core::UserId> user_id = {};
  // With neither: for nobody's account, by staff or a till. kInvalidRequest where the campaign's
  // price, reward or limit is somebody's.
  bool walk_in = false;
  HoldProof proof = {};
  std::optional<std::string> order_id = {};
  std::optional<std::string> metadata = {};  // a JSON object
  // Of a coupon with a balance: to be taken from it, in minor units, at least 1; absent: all of it.
  std::optional<std::int64_t> amount = {};
  // Refuse kUnknownCode unless the coupon belongs to a campaign of this mode.
  std::optional<domain::Mode> mode = {};
};

struct Redeemed {
  domain::Redemption redemption;
  domain::Coupon coupon;  // as it is after
  std::string campaign_slug;
  std::optional<std::int64_t> remaining_uses;  // of the coupon; absent: unlimited
  store::Balance balance;                      // of the user, after
  std::optional<std::string> currency;         // of the coupon's balance
};

// kInsufficientBalance, with what is left as number, for more than a coupon's balance; kNoBalance
// for an amount of a coupon that has none.
core::Result<Redeemed> redeem(store::Tx& tx, const Caller& caller, const RedeemRequest& request);

struct RolledBack {
  domain::Redemption redemption;
  store::Balance balance;
  std::optional<domain::Funds> funds;  // of the coupon, after
  std::optional<std::string> currency;
  core::Seq seq;
};

// Ends a redemption for ever: returns the use, the price or what it took from the coupon's balance,
// and takes back the credit or days it gave. kAlreadyRolledBack the second time;
// kInsufficientCredit when the credit it gave has been spent.
core::Result<RolledBack> roll_back(store::Tx& tx, const Caller& caller, core::Seq redemption_id,
                                   const std::optional<std::string>& why);
// The same, and ends the code with it: a refund without return. What either refuses.
core::Result<RolledBack> roll_back_and_void(store::Tx& tx, const Caller& caller,
                                            core::Seq redemption_id,
                                            const std::optional<std::string>& why);

struct Voided {
  domain::Coupon coupon;
  core::Seq seq;
};

// Ends a coupon that is not used up, for ever.
core::Result<Voided> void_coupon(store::Tx& tx, const Caller& caller, const domain::CodeHash& code,
                                 const std::optional<std::string>& why);

// ---- Reading one ----

// A coupon with everything a decision about it rests on, at one moment.
struct CouponView {
  domain::Campaign campaign;
  domain::Coupon coupon;
  std::vector<domain::Hold> holds;  // live ones
};
core::Result<CouponView> view_coupon(store::Connection& connection, const domain::CodeHash& code,
                                     core::UnixMs now);
// The rules a redemption by this user would be judged by now, in the order they refuse.
domain::Rules explain_redeem(store::Connection& connection, const CouponView& view,
                             core::UserId user_id, core::UnixMs now);

}  // namespace coupon::service
