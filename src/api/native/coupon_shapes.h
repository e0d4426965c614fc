// Coupons, holds and redemptions as the native API writes them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "coupond/http/shape.h"
#include "coupond/service/coupons.h"
#include "coupond/service/reads.h"
#include "src/api/native/campaign_shapes.h"

namespace coupon::api {

struct CouponReply {
  std::string code;
  core::CampaignId campaign_id;
  std::string campaign;  // slug
  std::int64_t number = 0;
  domain::CouponState state = domain::CouponState::kAvailable;
  std::optional<core::UserId> user_id;
  std::int64_t uses = 0;
  std::optional<std::int64_t> max_uses;
  std::optional<core::UnixMs> assigned_at, expires_at, held_until;
  std::optional<std::int64_t> value = {}, balance = {};
  std::optional<std::string> currency = {};
  static http::Object<CouponReply> shape();
};
CouponReply coupon_reply(std::string code, const domain::Coupon& coupon, const std::string& slug,
                         const std::optional<std::string>& currency,
                         std::optional<core::UnixMs> held_until);

struct RedemptionReply {
  core::Seq id;
  std::optional<std::string> coupon;  // code
  core::CampaignId campaign_id;
  std::string campaign;  // slug
  std::optional<core::UserId> user_id;
  std::int64_t amount = 0;
  std::optional<std::int64_t> balance = {};
  std::optional<std::string> currency = {};
  RewardShape reward;
  std::optional<std::int64_t> remaining_uses;
  std::optional<std::string> order_id, metadata;
  core::UnixMs redeemed_at;
  std::optional<core::UnixMs> rolled_back_at;
  core::Seq seq;
  static http::Object<RedemptionReply> shape();
};
RedemptionReply redemption_reply(const domain::Redemption& redemption, const std::string& slug,
                                 const std::optional<std::string>& currency,
                                 std::optional<std::string> code);

struct LedgerEntryReply {
  core::Seq seq;
  core::UnixMs at;
  std::string operation, actor;
  std::optional<core::CampaignId> campaign_id;
  std::optional<core::CouponId> coupon_id;
  std::optional<core::UserId> user_id;
  std::int64_t units = 0;
  core::Credit credit;
  std::int64_t days = 0;
  std::int64_t available = 0;
  std::int64_t value = 0;
  std::optional<std::string> detail;
  std::string hash;
  static http::Object<LedgerEntryReply> shape();
};
LedgerEntryReply ledger_entry_reply(const service::LedgerRow& row);

// One rule a redemption would be judged by.
struct RuleReply {
  std::string rule;
  bool pass = true;
  std::optional<std::int64_t> value, limit;
  std::optional<core::UnixMs> passes_at;
  static http::Object<RuleReply> shape();
};
std::vector<RuleReply> rule_replies(const domain::Rules& rules);

http::Choices<domain::CouponState> state_choices();

}  // namespace coupon::api
