// Which policies make sense. Pure: safe on any thread.
#pragma once

#include <string_view>
#include <vector>

#include "coupond/core/error.h"
#include "coupond/domain/campaign.h"

namespace coupon::domain {

// What is wrong with a campaign's fields, each named as the API names it; empty when it is sound.
std::vector<core::FieldProblem> campaign_problems(const Campaign& campaign);

// A slug: 1 to 64 of a-z, 0-9 and single dashes inside.
bool is_slug(std::string_view text);
// The nearest slug to a name; empty when nothing of it can be used.
std::string slug_of(std::string_view name);

}  // namespace coupon::domain
