#include <nlohmann/json.hpp>

#include "coupond/service/campaigns.h"
#include "coupond/service/export.h"
#include "coupond/service/generate.h"
#include "src/app/action_list.h"

namespace coupon::app {
namespace {

using service::Caller;
using service::Generated;

core::Result<domain::Campaign> find(service::Engine& engine, const Json& in) {
  const std::string named = in.at("campaign").get<std::string>();
  return engine.readers().read<domain::Campaign>(
      [&](store::Connection& connection) { return service::find_campaign(connection, named); });
}

core::Result<Generated> store_all(service::Engine& engine, core::CampaignId campaign,
                                  std::span<const service::FreshCode> codes) {
  return engine.writer().run<Generated>("codes.import", [&](store::Tx& tx) {
    return service::upload(tx, Caller::cli(), campaign, codes);
  });
}

// Stores what can be stored. Tried together first: that is one operation when all are good.
core::Result<Json> store_each(service::Engine& engine, core::CampaignId campaign,
                              const std::vector<service::FreshCode>& codes,
                              const std::vector<std::size_t>& indices, Json refused) {
  const auto together = store_all(engine, campaign, codes);
  if (together.ok()) return Json{{"stored", codes.size()}, {"refused", std::move(refused)}};
  if (together.error().reason != core::Reason::kDuplicateCode) return together.error();
  std::size_t stored = 0;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const auto alone = store_all(engine, campaign, std::span(codes).subspan(i, 1));
    if (alone.ok()) {
      ++stored;
    } else if (alone.error().reason == core::Reason::kDuplicateCode) {
      refused.push_back({{"index", indices[i]}, {"reason", "exists already"}});
    } else {
      return alone.error();
    }
  }
  return Json{{"stored", stored}, {"refused", std::move(refused)}};
}

}  // namespace

core::Result<Json> codes_generate(service::Engine& engine, const Json& in) {
  const auto campaign = find(engine, in);
  if (!campaign.ok()) return campaign.error();
  const auto made =
      service::generate(engine, Caller::cli(),
                        {.campaign_id = campaign->id, .count = in.at("count").get<std::int64_t>()});
  if (!made.ok()) return made.error();
  return Json{{"codes", made->codes}};
}

core::Result<Json> codes_import(service::Engine& engine, const Json& in) {
  const auto campaign = find(engine, in);
  if (!campaign.ok()) return campaign.error();
  std::vector<service::FreshCode> codes;
  std::vector<std::size_t> indices;
  Json refused = Json::array();
  const Json& texts = in.at("codes");
  for (std::size_t i = 0; i < texts.size(); ++i) {
    auto sealed = service::seal_code(engine.vault(), texts.at(i).get<std::string>());
    if (sealed.ok()) {
      codes.push_back(std::move(sealed.value()));
      indices.push_back(i);
    } else {
      refused.push_back({{"index", i}, {"reason", "is no code"}});
    }
  }
  if (codes.empty()) return Json{{"stored", 0}, {"refused", std::move(refused)}};
  return store_each(engine, campaign->id, codes, indices, std::move(refused));
}

core::Result<Json> codes_export(service::Engine& engine, const Json& in) {
  const auto campaign = find(engine, in);
  if (!campaign.ok()) return campaign.error();
  auto lines = service::CodeExport::open(engine, Caller::cli(), campaign->id,
                                         in.at("after").get<std::int64_t>());
  if (!lines.ok()) return lines.error();
  auto text = lines->next();
  if (!text.ok()) return text.error();
  return Json{
      {"text", *std::move(text)}, {"after", lines->after()}, {"total", campaign->counters.issued}};
}

}  // namespace coupon::app
