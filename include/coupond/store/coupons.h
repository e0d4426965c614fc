// Coupons and their holds in the database. Reads work on any connection; what writes takes a Tx and
// expects the caller to have decided that it may and to have appended the ledger entry.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "coupond/core/hash.h"
#include "coupond/domain/coupon.h"
#include "coupond/store/connection.h"
#include "coupond/store/tx.h"

namespace coupon::store {

std::optional<domain::Coupon> find_coupon(Connection& connection, core::CouponId id);
std::optional<domain::Coupon> find_coupon(Connection& connection, const domain::CodeHash& code);
std::optional<domain::Coupon> find_coupon(Connection& connection, core::CampaignId campaign,
                                          std::int64_t number);
// Those whose code has that tail, newest first, with ids below `before`.
std::vector<domain::Coupon> coupons_ending_in(Connection& connection, std::int64_t tail,
                                              core::CouponId before, std::int64_t limit);
bool code_exists(Connection& connection, const domain::CodeHash& code);
// Ids are given without gaps and coupons never deleted, so this is also how many there are.
std::int64_t last_coupon_id(Connection& connection);

// How many coupons of the campaign the user has ever been given.
std::int64_t count_coupons(Connection& connection, core::CampaignId campaign, core::UserId user);

// The most any one user has had of the campaign. Reads all of its coupons: nothing for the writer.
std::int64_t most_coupons_of_a_user(Connection& connection, core::CampaignId campaign);

// Coupons of a campaign in order of number, after `after`. With a state, only such: then at most
// `scan_max` coupons are looked at, and fewer than `limit` may come back although there are more.
struct CouponPage {
  std::vector<domain::Coupon> coupons;
  std::optional<std::int64_t> next;  // continue after this number; absent: that was all
};
CouponPage list_coupons(Connection& connection, core::CampaignId campaign, std::int64_t after,
                        std::int64_t limit, std::optional<domain::CouponState> state = {},
                        std::int64_t scan_max = 20'000);
// The same from the newest down, before `before`.
CouponPage list_coupons_newest_first(Connection& connection, core::CampaignId campaign,
                                     std::int64_t before, std::int64_t limit,
                                     std::optional<domain::CouponState> state = {},
                                     std::int64_t scan_max = 20'000);

// A user's own coupons, newest first, with ids below `before`.
std::vector<domain::Coupon> list_coupons_of_user(Connection& connection, core::UserId user,
                                                 core::CouponId before, std::int64_t limit);

// A coupon of a claim campaign, as its owner remembers it.
struct Claim {
  core::CouponId id;
  std::string name;  // the campaign's
  core::UnixMs at;
};
// The user's, newest first, with ids below `before`.
std::vector<Claim> list_claims_of_user(Connection& connection, core::UserId user,
                                       core::CouponId before, std::int64_t limit);

// The id the next coupon gets. Coupons made in one operation have ids without gaps.
core::CouponId next_coupon_id(Tx& tx);
void insert_coupon(Tx& tx, const domain::Coupon& coupon);
// The same for many, at half the cost of each.
void insert_coupons(Tx& tx, std::span<const domain::Coupon> coupons);
void assign_coupon(Tx& tx, core::CouponId id, core::UserId user, core::Seq seq);
void void_coupon(Tx& tx, core::CouponId id, core::Seq seq);
// What the entry that mints a coupon fixes of it by its digest, so that `verify` notices one whose
// life was made longer behind our back.
core::Digest minted_digest(const domain::CodeHash& code, std::optional<std::int64_t> max_uses,
                           std::optional<core::UnixMs> expires_at);
// The same for a lot of codes, to which one of them is added. `max_uses`: empty in mode shared,
// where it follows the policy. `value`: of a coupon that has a balance, what it was made with.
void add_to_lot_digest(core::Hasher& lot, std::string_view code_hash,
                       std::optional<std::int64_t> max_uses, std::optional<core::UnixMs> expires_at,
                       std::optional<std::int64_t> value);

// The same for an entry that changes them. `max_uses`: as in a lot.
core::Digest terms_digest(std::optional<std::int64_t> max_uses,
                          std::optional<core::UnixMs> expires_at);
// Stores the coupon's uses, end and state as they are in `coupon`, and keeps what it was made with.
void change_terms(Tx& tx, const domain::Coupon& coupon, core::Seq seq);
// Void no more: state and slot are those of `coupon`.
void restore_coupon(Tx& tx, const domain::Coupon& coupon, core::Seq seq);
// Ends the coupon and disguises its code's hash.
void free_coupon(Tx& tx, const domain::Coupon& coupon, core::Seq seq);
void reassign_coupon(Tx& tx, core::CouponId id, core::UserId user, core::Seq seq);
// Coupons of the campaign that were used more often than that. Looks at all of them.
std::int64_t count_used_more(Connection& connection, core::CampaignId campaign, std::int64_t uses);

// Notes a ledger entry that changed nothing else of the coupon.
void touch_coupon(Tx& tx, core::CouponId id, core::Seq seq);
// Changes how often a coupon may be used, and its state where that follows. `max_uses` must not be
// below its uses.
void set_max_uses(Tx& tx, const domain::Coupon& coupon, std::optional<std::int64_t> max_uses);

// Adds to the balance of a coupon that has one; a negative amount takes from it. The coupon's state
// becomes that of `coupon`.
void put_on(Tx& tx, const domain::Coupon& coupon, std::int64_t amount, core::Seq seq);

// The coupon in a slot of the draw, and filling the place that a drawn coupon left: the last slot's
// coupon moves there. Slots are 0 … available-1, without gaps.
std::optional<domain::Coupon> find_coupon_in_slot(Connection& connection, core::CampaignId campaign,
                                                  std::int64_t slot);
void move_slot(Tx& tx, core::CampaignId campaign, std::int64_t from, std::int64_t to);

// The coupon's hold, run out or not.
std::vector<domain::Hold> find_holds(Connection& connection, core::CouponId id);
std::int64_t count_live_holds(Connection& connection, core::CampaignId campaign, core::UserId user,
                              core::UnixMs now);
// Takes the place of one that has run out.
void put_hold(Tx& tx, const domain::Hold& hold);
void renew_hold(Tx& tx, core::Seq id, core::UnixMs until);
void remove_hold(Tx& tx, core::Seq id);

}  // namespace coupon::store
