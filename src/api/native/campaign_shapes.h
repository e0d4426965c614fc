// Campaigns as the native API writes and reads them.
#pragma once

#include <optional>
#include <string>

#include "coupond/domain/campaign.h"
#include "coupond/http/shape.h"

namespace coupon::api {

struct RewardShape {
  domain::RewardKind kind = domain::RewardKind::kNone;
  std::int64_t value = 0;
  static http::Object<RewardShape> shape();
};

// A campaign with its policy, and its counters exact at one ledger entry.
struct CampaignReply {
  core::CampaignId id;
  std::string uuid, slug;
  domain::Mode mode = domain::Mode::kPool;
  std::string name, description;
  std::optional<std::int64_t> max_issued, max_per_user;
  std::optional<std::int64_t> max_redemptions_per_coupon, max_redemptions_per_user;
  std::int64_t max_holds_per_user = 0;
  std::optional<core::UnixMs> starts_at, ends_at;
  bool active = true;
  bool hold_required = false;
  std::int64_t hold_ttl_s = 0;
  std::optional<std::int64_t> token_ttl_s;
  std::optional<std::string> code_pattern;
  core::Credit price;
  RewardShape reward;
  std::string metadata;
  std::int64_t issued = 0, assigned = 0, available = 0, held = 0;
  std::int64_t redeemed = 0, rolled_back = 0, voided = 0;
  std::optional<std::int64_t> remaining;
  core::Seq as_of_seq;
  core::UnixMs created_at, updated_at;
  std::optional<core::UnixMs> archived_at;
  std::optional<core::Seq> seq;  // of the change this answers
  static http::Object<CampaignReply> shape();
};
CampaignReply campaign_reply(const domain::Campaign& campaign, std::int64_t held, core::Seq as_of);

// What may be said of a new campaign; what is left out has the default of domain::Policy.
struct NewCampaign {
  domain::Mode mode = domain::Mode::kPool;
  std::string name;
  std::optional<std::string> slug, description;
  std::optional<std::int64_t> max_issued, max_per_user;
  http::Patch<std::int64_t> max_redemptions_per_coupon;
  std::optional<std::int64_t> max_redemptions_per_user, max_holds_per_user;
  std::optional<core::UnixMs> starts_at, ends_at;
  std::optional<bool> active, hold_required;
  std::optional<std::int64_t> hold_ttl_s, token_ttl_s;
  std::optional<std::string> code_pattern;
  std::optional<core::Credit> price;
  std::optional<RewardShape> reward;
  std::optional<std::string> metadata;
  static http::Object<NewCampaign> shape();
};
domain::Campaign new_campaign(const NewCampaign& in, std::string uuid);

// A change: what is absent stays, null means unlimited.
struct CampaignPatch {
  std::string campaign;
  http::Patch<std::string> name, slug, description;
  http::Patch<std::int64_t> max_issued, max_per_user;
  http::Patch<std::int64_t> max_redemptions_per_coupon, max_redemptions_per_user;
  http::Patch<std::int64_t> max_holds_per_user;
  http::Patch<core::UnixMs> starts_at, ends_at;
  http::Patch<bool> active, hold_required;
  http::Patch<std::int64_t> hold_ttl_s, token_ttl_s;
  http::Patch<std::string> code_pattern;
  http::Patch<core::Credit> price;
  http::Patch<RewardShape> reward;
  http::Patch<std::string> metadata;
  static http::Object<CampaignPatch> shape();
};
void apply(const CampaignPatch& patch, domain::Campaign& campaign);

// The names of enumerations, as choices.
http::Choices<domain::Mode> mode_choices();
http::Choices<domain::RewardKind> reward_choices();

}  // namespace coupon::api
