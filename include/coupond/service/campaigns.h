// Making and changing campaigns, inside one write operation each. Writers run on the writer's
// thread. Callers need the admin scope; otherwise kForbidden.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "coupond/core/result.h"
#include "coupond/domain/campaign.h"
#include "coupond/service/caller.h"
#include "coupond/service/naming.h"
#include "coupond/store/connection.h"
#include "coupond/store/tx.h"

namespace coupon::service {

struct CampaignWritten {
  domain::Campaign campaign;  // as it is after
  core::Seq seq;
};

// Stores a new campaign. The caller fills uuid, mode, name, description, policy and, if it wants
// one, slug, which must not look like an id; an empty slug is made from the name, with a number
// behind it when that one is taken.
// Refuses kInvalidRequest with the bad fields, kSlugTaken (also for the name of a live claim
// campaign).
core::Result<CampaignWritten> create_campaign(store::Tx& tx, const Caller& caller,
                                              domain::Campaign campaign);

// The most that one user has had of a campaign, as of an entry of the ledger.
struct MostHad {
  core::Seq as_of;
  std::int64_t coupons = 0;
  std::int64_t redemptions = 0;
};
// Whether a change lowers what one user may have.
bool lowers_user_cap(const domain::Policy& before, const domain::Policy& after);
// Reads all of the campaign: on a reader, before a cap per user is lowered.
MostHad most_had(store::Connection& connection, core::CampaignId id);

// Applies `change` to the campaign and stores the outcome; mode, uuid, counters and times cannot be
// changed. kCapBelowUsed, with the number in use, for a cap lowered too far; kArchived for a
// campaign that is. With `had`, lowering a cap per user looks only at what came since, and refuses
// kBusy when that is much; without, it reads all of the campaign on the writer's thread. Another
// max_redemptions_per_coupon is that of all its codes at once, with an entry for each:
// kCapBelowUsed, with how many of them were used more often; kTooManyCodes for more than
// limits::kCodesThatFollowMax, which are a job's (service/change_codes.h).
enum class Codes { kFollow, kStay };
core::Result<CampaignWritten> change_campaign(store::Tx& tx, const Caller& caller,
                                              core::CampaignId id,
                                              const std::function<void(domain::Campaign&)>& change,
                                              Codes codes = Codes::kFollow,
                                              const std::optional<MostHad>& had = std::nullopt);

// Ends a campaign for ever. Its coupons stay on record; none can be issued, held or redeemed.
core::Result<CampaignWritten> archive_campaign(store::Tx& tx, const Caller& caller,
                                               core::CampaignId id);
// Open again, as it was. kNotArchived; kSlugTaken when a live claim campaign has its name now.
core::Result<CampaignWritten> unarchive_campaign(store::Tx& tx, const Caller& caller,
                                                 core::CampaignId id);

}  // namespace coupon::service
