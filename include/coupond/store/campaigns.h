// Campaigns in the database. Reads work on any connection; what writes takes a Tx.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coupond/core/hash.h"
#include "coupond/domain/campaign.h"
#include "coupond/store/connection.h"
#include "coupond/store/tx.h"

namespace coupon::store {

std::optional<domain::Campaign> find_campaign(Connection& connection, core::CampaignId id);
std::optional<domain::Campaign> find_campaign_by_uuid(Connection& connection,
                                                      std::string_view uuid);
std::optional<domain::Campaign> find_campaign_by_slug(Connection& connection,
                                                      std::string_view slug);
// Whether a live claim campaign, another than that one, has the name in whatever case.
bool claim_name_taken(Connection& connection, std::string_view name,
                      core::CampaignId by_other_than);

struct CampaignFilter {
  std::optional<domain::Mode> mode = {};
  bool archived = false;  // true: archived ones too
  std::optional<bool> active = {};
  core::CampaignId after = {};
  std::int64_t limit = 100;
};
// In order of id.
std::vector<domain::Campaign> list_campaigns(Connection& connection, const CampaignFilter& filter);
// Every slug, in order of id.
void visit_slugs(Connection& connection,
                 const std::function<void(core::CampaignId, const std::string&)>& visit);
std::int64_t count_campaigns(Connection& connection, const CampaignFilter& filter);

// Holds of the campaign that have not run out.
std::int64_t count_live_holds(Connection& connection, core::CampaignId id, core::UnixMs now);

// What a campaign's ledger entries fix of it: everything but its counters, times and name. Pinned
// by the entry's digest, so that `verify` notices a policy changed behind our back.
core::Digest policy_digest(const domain::Campaign& campaign);

// Campaigns are numbered 1, 2, 3; 0 when there is none.
core::CampaignId last_campaign_id(Connection& connection);
// The id the next campaign gets.
core::CampaignId next_campaign_id(Tx& tx);
// Stores a new campaign; its counters are ignored. Id, slug, uuid and claim name must be free.
void insert_campaign(Tx& tx, const domain::Campaign& campaign);
// Stores slug, name, description, policy, archived_at, last_seq and updated_at of an existing one.
void update_campaign(Tx& tx, const domain::Campaign& campaign);

// The statements that are made from the table of policy fields, for the tests that hold every
// statement to the schema.
std::vector<std::string> campaign_statements();

}  // namespace coupon::store
