#include <nlohmann/json.hpp>

#include "coupond/app/campaign_fields.h"
#include "coupond/core/ids.h"
#include "coupond/service/campaigns.h"
#include "coupond/store/campaigns.h"
#include "src/app/action_list.h"

namespace coupon::app {
namespace {

using domain::Campaign;
using service::Caller;
using service::CampaignWritten;

constexpr std::int64_t kListMax = 10'000;

std::optional<core::Error> set_fields(Campaign& campaign, const Json& fields) {
  for (const auto& [name, text] : fields.items()) {
    if (auto error = set_campaign_field(campaign, name, text.get<std::string>())) return error;
  }
  return std::nullopt;
}

Json summary(const CampaignWritten& written) {
  return {{"id", written.campaign.id.value},
          {"slug", written.campaign.slug},
          {"seq", written.seq.value}};
}

Json line_of(const Campaign& campaign) {
  const auto left = remaining(campaign);
  return {{"id", campaign.id.value},
          {"slug", campaign.slug},
          {"mode", name(campaign.mode)},
          {"name", campaign.name},
          {"active", campaign.policy.active},
          {"archived", campaign.archived_at.has_value()},
          {"issued", campaign.counters.issued},
          {"redeemed", campaign.counters.redeemed},
          {"remaining", left ? Json(*left) : Json()}};
}

}  // namespace

core::Result<Json> campaign_list(service::Engine& engine, const Json&) {
  store::CampaignFilter filter;
  filter.archived = true;
  filter.limit = kListMax;
  const auto campaigns = engine.readers().read<std::vector<Campaign>>(
      [&](store::Connection& connection) -> core::Result<std::vector<Campaign>> {
        return list_campaigns(connection, filter);
      });
  if (!campaigns.ok()) return campaigns.error();
  Json items = Json::array();
  for (const Campaign& campaign : *campaigns) items.push_back(line_of(campaign));
  return Json{{"items", std::move(items)}};
}

core::Result<Json> campaign_create(service::Engine& engine, const Json& in) {
  const auto mode = domain::parse_mode(in.at("mode").get<std::string>());
  if (!mode) {
    return core::Error{.reason = core::Reason::kInvalidRequest,
                       .message = "A mode is token, pool, shared, card or claim."};
  }
  Campaign campaign;
  campaign.uuid = core::uuid4(engine.random());
  campaign.mode = *mode;
  if (auto error = set_fields(campaign, in.at("fields"))) return *error;
  const auto made = engine.writer().run<CampaignWritten>("campaign.create", [&](store::Tx& tx) {
    return create_campaign(tx, Caller::cli(), campaign);
  });
  if (!made.ok()) return made.error();
  return summary(*made);
}

core::Result<Json> campaign_set(service::Engine& engine, const Json& in) {
  const std::string named = in.at("campaign").get<std::string>();
  const auto found = engine.readers().read<Campaign>(
      [&](store::Connection& connection) { return service::find_campaign(connection, named); });
  if (!found.ok()) return found.error();
  // Tried on a copy first: what is run on the writer's thread must not fail half-way.
  Campaign tried = *found;
  if (auto error = set_fields(tried, in.at("fields"))) return *error;
  const auto changed = engine.writer().run<CampaignWritten>("campaign.set", [&](store::Tx& tx) {
    return change_campaign(tx, Caller::cli(), found->id, [&](Campaign& campaign) {
      static_cast<void>(set_fields(campaign, in.at("fields")));
    });
  });
  if (!changed.ok()) return changed.error();
  return summary(*changed);
}

}  // namespace coupon::app
