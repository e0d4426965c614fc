// The ledger: every effect, in order, for ever, each entry chained to the one before by its hash.
// Entries are written by Tx::append() only; the functions here read and check. They may be used on
// any connection by the thread that holds it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coupond/core/hash.h"
#include "coupond/core/types.h"
#include "coupond/store/connection.h"

namespace coupon::store {

// The operations an entry can record. Names are for ever: they are hashed into the chain.
namespace operation {
inline constexpr std::string_view kUserCreate = "user.create";
inline constexpr std::string_view kUserUpdate = "user.update";  // role, active, name, e-mail
inline constexpr std::string_view kUserErase = "user.erase";    // all that names the person
inline constexpr std::string_view kUserPassword = "user.password";
inline constexpr std::string_view kUserCredit = "user.credit";
inline constexpr std::string_view kKeyCreate = "api_key.create";
inline constexpr std::string_view kKeyRevoke = "api_key.revoke";
inline constexpr std::string_view kCampaignCreate = "campaign.create";
inline constexpr std::string_view kCampaignUpdate = "campaign.update";
inline constexpr std::string_view kCampaignArchive = "campaign.archive";
inline constexpr std::string_view kCampaignUnarchive = "campaign.unarchive";
inline constexpr std::string_view kGenerate =
    "coupon.generate";                                      // `units` coupons from coupon_id on
inline constexpr std::string_view kIssue = "coupon.issue";  // minted for user_id
inline constexpr std::string_view kAssign = "coupon.assign";
inline constexpr std::string_view kHold = "coupon.hold";
inline constexpr std::string_view kRelease = "coupon.release";
inline constexpr std::string_view kRedeem = "coupon.redeem";
inline constexpr std::string_view kRollback = "coupon.rollback";  // of redemption `units`
inline constexpr std::string_view kVoid = "coupon.void";
inline constexpr std::string_view kRestoreCoupon = "coupon.restore";  // void no more
inline constexpr std::string_view kFree = "coupon.free";    // `units` 1: it was not void before
inline constexpr std::string_view kTerms = "coupon.terms";  // its uses and its end are others
inline constexpr std::string_view kReassign = "coupon.reassign";  // to user_id, from `units`
inline constexpr std::string_view kTopUp = "coupon.top_up";
inline constexpr std::string_view kMoveOut = "coupon.move_out";  // to the coupon of the next entry,
inline constexpr std::string_view kMoveIn = "coupon.move_in";    // which is of this
inline constexpr std::string_view kRestore = "database.restore";
// A member began to lead its cluster, for the time that `units` counts; `detail` is its name.
inline constexpr std::string_view kTakeover = "cluster.takeover";
}  // namespace operation

// What an operation records. The sequence number, time and hashes are the ledger's own.
struct Entry {
  std::string_view operation = {};
  std::string_view actor = {};
  std::optional<core::CampaignId> campaign_id = {};
  std::optional<core::CouponId> coupon_id = {};
  std::optional<core::UserId> user_id = {};
  std::int64_t units = 0;
  core::Credit credit = {};
  std::int64_t days = 0;
  std::int64_t available = 0;  // added to the campaign's count of coupons in state available
  std::int64_t value = 0;      // added to balances of coupons, in minor units
  std::optional<core::Seq> coupon_prev = {};  // the coupon's last_seq before this entry
  std::optional<Blob> digest = {};
  std::optional<std::string_view> detail = {};
};

// An entry as stored.
struct LedgerRow {
  core::Seq seq = {};
  core::UnixMs at = {};
  std::string operation = {};
  std::string actor = {};
  std::optional<core::CampaignId> campaign_id = {};
  std::optional<core::CouponId> coupon_id = {};
  std::optional<core::UserId> user_id = {};
  std::int64_t units = 0;
  core::Credit credit = {};
  std::int64_t days = 0;
  std::int64_t available = 0;
  std::int64_t value = 0;
  std::optional<core::Seq> coupon_prev = {};
  std::optional<std::string> digest = {};
  std::optional<std::string> detail = {};
  core::Digest hash{};
};

// Where the ledger stands.
struct LedgerHead {
  core::Seq seq = {};
  core::UnixMs at = {};  // of the last entry
  core::Digest hash{};
};

using Signature = core::Block<64>;

// Sign with, and check against, the database's checkpoint key (Ed25519). Any thread may call them.
using Signer = std::function<Signature(std::string_view message)>;
using Verifier = std::function<bool(std::string_view message, const Signature& signature)>;

// The hash of an entry: over the hash before it and every field.
core::Digest chain(const core::Digest& previous, core::Seq seq, core::UnixMs at,
                   const Entry& entry);
core::Digest chain(const core::Digest& previous, const LedgerRow& row);

// The message a head's signature covers.
std::string signed_message(const LedgerHead& head);

// The last row; seq 0 and a hash of zeros for an empty ledger.
LedgerHead last_entry(Connection& connection);

// Up to `limit` rows after `after`, in order.
std::vector<LedgerRow> ledger_after(Connection& connection, core::Seq after, std::int64_t limit);
std::optional<LedgerRow> ledger_row(Connection& connection, core::Seq seq);
// A coupon's own history, newest first, by following coupon_prev from its last_seq.
std::vector<LedgerRow> ledger_of_coupon(Connection& connection, core::Seq last_seq,
                                        std::size_t limit);
// Calls `visit` with every row after `after` up to `last`, until it returns false.
void for_each_entry(Connection& connection, core::Seq after, core::Seq last,
                    const std::function<bool(const LedgerRow&)>& visit);

}  // namespace coupon::store
