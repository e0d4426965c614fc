// The fields of a campaign as the command line writes them: a name and a text each. Pure functions
// and constants: safe on any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "coupond/core/error.h"
#include "coupond/domain/campaign.h"

namespace coupon::app {

struct CampaignField {
  const char* name;  // "max_issued"; on the command line "--max-issued"
  const char* type;  // for the help: "N", "TIME", …
  const char* help;
};

std::span<const CampaignField> campaign_fields();

// Sets one field; "none" clears what may be absent. kInvalidRequest for a text that does not fit.
std::optional<core::Error> set_campaign_field(domain::Campaign& campaign, std::string_view name,
                                              const std::string& text);

}  // namespace coupon::app
