// A coupon, its hold and its redemptions. Values only: safe on any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "coupond/core/types.h"
#include "coupond/domain/campaign.h"

namespace coupon::domain {

enum class CouponState {
  kAvailable,
  kAssigned,
  kRedeemed,
  kVoid,
  kFreed,  // void, and its code is free to be stored anew
};
std::string_view name(CouponState state);
std::optional<CouponState> parse_coupon_state(std::string_view text);

using CodeHash = std::array<unsigned char, 24>;
using TokenHash = std::array<unsigned char, 32>;

// What a coupon that is spent in parts has, in minor units of its campaign's currency.
struct Funds {
  std::int64_t value = 0;      // it was made with
  std::int64_t topped_up = 0;  // put on it since, less what was moved to another
  std::int64_t balance = 0;    // what is left
  std::int64_t put_on() const { return value + topped_up; }
  friend bool operator==(const Funds&, const Funds&) = default;
};

struct Coupon {
  core::CouponId id = {};
  core::CampaignId campaign_id = {};
  std::int64_t number = 0;  // 1, 2, 3 … within the campaign
  CodeHash code_hash{};
  std::string code_sealed = {};
  CouponState state = CouponState::kAvailable;
  std::optional<core::UserId> user_id = {};
  std::int64_t uses = 0;
  std::optional<std::int64_t> max_uses = {};  // absent: unlimited
  std::optional<std::int64_t> pool_slot = {};
  std::optional<core::UnixMs> assigned_at = {};
  std::optional<core::UnixMs> expires_at = {};
  core::Seq last_seq = {};
  std::optional<Funds> funds = {};        // absent: it has no balance
  std::optional<std::int64_t> tail = {};  // core::CodeVault::tail(); written, never read
};

// Void or freed: it can never be used.
inline bool is_ended(const Coupon& coupon) {
  return coupon.state == CouponState::kVoid || coupon.state == CouponState::kFreed;
}
// What a freed coupon stores in place of its code's hash, so that the code can be stored anew:
// different for each coupon. Applied twice it gives the hash back.
CodeHash disguised(CodeHash hash, core::CouponId id);
// The hash of its code, freed or not.
CodeHash hash_of_code(const Coupon& coupon);

// Keeps one use of a coupon.
struct Hold {
  core::Seq id = {};  // the ledger entry that made it
  core::CouponId coupon_id = {};
  core::CampaignId campaign_id = {};
  core::UserId user_id = {};  // 0: nobody's account
  TokenHash token_hash{};
  core::UnixMs expires_at = {};  // over at this instant, not after it
};

struct Redemption {
  core::Seq id = {};  // the ledger entry that made it
  core::CouponId coupon_id = {};
  core::CampaignId campaign_id = {};
  std::optional<core::UserId> user_id = {};  // absent: a walk-in, nobody's account
  core::Credit amount = {};
  std::optional<std::int64_t> taken = {};  // from the coupon's balance, where it has one
  Reward reward = {};
  std::optional<std::string> order_id = {};
  std::optional<std::string> metadata = {};
  core::UnixMs redeemed_at = {};
  std::optional<core::UnixMs> rolled_back_at = {};
};

}  // namespace coupon::domain
