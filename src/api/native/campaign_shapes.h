// Campaigns as the native API writes and reads them.
#pragma once

#include <optional>
#include <string>
#include <tuple>

#include "coupond/domain/campaign.h"
#include "coupond/domain/policy_fields.h"
#include "coupond/http/shape.h"

namespace coupon::api {

struct RewardShape {
  domain::RewardKind kind = domain::RewardKind::kNone;
  std::int64_t value = 0;
  static http::Object<RewardShape> shape();
};

// How a member of domain::Policy goes over the wire.
template <class M>
struct Wire {
  using Type = M;
};
template <>
struct Wire<domain::Reward> {
  using Type = RewardShape;
};

// One slot for each row of domain::kPolicyFields: what a reply tells, and what a request may say.
template <class Fields>
struct PolicySlots;
template <class... M>
struct PolicySlots<const std::tuple<domain::PolicyField<M>...>> {
  using Told = std::tuple<typename Wire<M>::Type...>;
  using Asked =
      std::tuple<http::Patch<typename Wire<typename domain::MemberOf<M>::Value>::Type>...>;
};
using ToldPolicy = PolicySlots<decltype(domain::kPolicyFields)>::Told;
using AskedPolicy = PolicySlots<decltype(domain::kPolicyFields)>::Asked;

// A campaign with its policy, and its counters exact at one ledger entry.
struct CampaignReply {
  core::CampaignId id;
  std::string uuid, slug;
  domain::Mode mode = domain::Mode::kPool;
  std::string name, description;
  ToldPolicy policy;
  std::int64_t issued = 0, assigned = 0, available = 0, held = 0;
  std::int64_t redeemed = 0, rolled_back = 0, voided = 0;
  std::optional<std::int64_t> remaining;
  core::Seq as_of_seq;
  core::UnixMs created_at, updated_at;
  std::optional<core::UnixMs> archived_at;
  std::optional<core::Seq> seq;               // of the change this answers
  std::optional<std::string> codes_out = {};  // what the change means for codes that exist
  static http::Object<CampaignReply> shape();
};
CampaignReply campaign_reply(const domain::Campaign& campaign, std::int64_t held, core::Seq as_of);

// What may be said of a new campaign; what is left out has the default of domain::Policy.
struct NewCampaign {
  domain::Mode mode = domain::Mode::kPool;
  std::string name;
  std::optional<std::string> slug, description;
  AskedPolicy policy;
  static http::Object<NewCampaign> shape();
};
domain::Campaign new_campaign(const NewCampaign& in, std::string uuid);

// A change: what is absent stays, null means unlimited.
struct CampaignPatch {
  std::string campaign;
  http::Patch<std::string> name, slug, description;
  AskedPolicy policy;
  static http::Object<CampaignPatch> shape();
};
void apply(const CampaignPatch& patch, domain::Campaign& campaign);

// The names of enumerations, as choices.
http::Choices<domain::Mode> mode_choices();
http::Choices<domain::RewardKind> reward_choices();

}  // namespace coupon::api
