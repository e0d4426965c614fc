// Redemptions in the database, and the balances they move. Reads work on any connection; what
// writes takes a Tx and expects the caller to have appended the ledger entry.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "coupond/domain/coupon.h"
#include "coupond/store/clock_steps.h"
#include "coupond/store/connection.h"
#include "coupond/store/tx.h"

namespace coupon::store {

std::optional<domain::Redemption> find_redemption(Connection& connection, core::Seq id);
// Redemptions of the campaign by the user that stand. Only where the campaign caps them: elsewhere
// nobody counts.
std::int64_t count_redemptions(Connection& connection, core::CampaignId campaign,
                               core::UserId user);
// The most any one user has of the campaign. Reads all redemptions where there was no cap before:
// nothing for the writer.
std::int64_t most_redemptions_of_a_user(Connection& connection, core::CampaignId campaign);
// The redemptions of one coupon, newest first, rolled back ones too.
std::vector<domain::Redemption> redemptions_of_coupon(Connection& connection,
                                                      const domain::Coupon& coupon,
                                                      std::size_t limit);

// The first that stands with this order's number in the campaign.
std::optional<domain::Redemption> find_redemption_of_order(Connection& connection,
                                                           core::CampaignId campaign,
                                                           std::string_view order_id);

// Where and by whom it was made: the till and the cashier that its metadata names, if it does, and
// who the ledger says.
struct Place {
  std::optional<std::string> till = {}, cashier = {};
  std::string actor = {};
};
Place place_of(Connection& connection, core::Seq redemption);

struct RedemptionFilter {
  std::optional<core::CampaignId> campaign = {};
  std::optional<core::UserId> user = {};
  std::optional<core::CouponId> coupon = {};
  std::optional<std::string> order_id = {};
  std::optional<core::UnixMs> from = {};  // included
  std::optional<core::UnixMs> to = {};    // excluded
  core::Seq before = {};                  // 0: from the newest on
  std::int64_t limit = 100;
  std::int64_t scan_max = 20'000;  // rows looked at for one page at the most
};
struct RedemptionPage {
  std::vector<domain::Redemption> redemptions = {};
  std::optional<core::Seq> next = {};  // continue before this id; absent: that was all
};
// Newest first. A page may be short although there are more; `next` tells.
RedemptionPage list_redemptions(Connection& connection, const RedemptionFilter& filter);

// What the ledger says of one redemption or rollback.
struct UseEntry {
  core::UnixMs at = {};
  bool undone = false;  // a rollback
  std::string actor = {};
  core::CampaignId campaign = {};
  std::int64_t value = 0;    // added to balances of coupons: what a redemption takes is negative
  core::Credit credit = {};  // added to accounts
  std::optional<std::string> reason = {};  // of a rollback
};
// Those among the range's entries, in order.
void for_each_use(Connection& connection, const EntryRange& range,
                  const std::function<void(const UseEntry&)>& visit);

// Stores it. The schema takes the coupon's use with it, or refuses. `user_prev`: the redemption
// that was its user's latest until now.
void insert_redemption(Tx& tx, const domain::Redemption& redemption,
                       std::optional<core::Seq> user_prev);
// Ends it and gives the use back. The coupon's last_seq becomes `seq`.
void end_redemption(Tx& tx, const domain::Redemption& redemption, core::Seq seq);

// Takes the metadata off all redemptions of a user; how many had some.
std::int64_t erase_metadata_of(Tx& tx, core::UserId user);

// What redemptions move of an account. The latest of them is moved by the schema.
struct Balance {
  core::Credit credit = {};
  std::optional<core::UnixMs> subscription_ends_at = {};
  std::optional<core::Seq> last_redemption = {};
};
std::optional<Balance> find_balance(Connection& connection, core::UserId user);
void store_balance(Tx& tx, core::UserId user, const Balance& balance);

}  // namespace coupon::store
