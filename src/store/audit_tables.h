// The tables against what the ledger says they must hold: no row too many, none missing, none
// different. Each throws Divergence and gives back how many rows it saw. Private to the audit.
#pragma once

#include <cstdint>

#include "coupond/store/connection.h"
#include "src/store/audit_replay.h"

namespace coupon::store {

std::int64_t compare_campaigns(Connection& connection, const Replay& replay);
void compare_api_keys(Connection& connection, const Replay& replay);
void compare_restore_epoch(Connection& connection, const Replay& replay);

// Of the replay's window only.
std::int64_t compare_users(Connection& connection, const Replay& replay);
std::int64_t compare_coupons(Connection& connection, const Replay& replay);
std::int64_t compare_holds(Connection& connection, const Replay& replay);

// Slots of the draw: as many as coupons to be drawn, without gaps.
void compare_slots(Connection& connection);
// How many redemptions of a user stand, where that is counted.
void compare_user_redemptions(Connection& connection);

}  // namespace coupon::store
