#include "coupond/service/campaigns.h"

#include <algorithm>
#include <set>
#include <utility>

#include "coupond/core/count_text.h"
#include "coupond/core/ids.h"
#include "coupond/core/limits.h"
#include "coupond/domain/policy.h"
#include "coupond/service/changes.h"
#include "coupond/store/campaigns.h"
#include "coupond/store/coupons.h"
#include "coupond/store/redemptions.h"

namespace coupon::service {
namespace {

using core::Reason;

core::Error below_used(std::int64_t used, const char* what) {
  return {.reason = Reason::kCapBelowUsed,
          .message = std::string(what) + " cannot be lowered below the " + std::to_string(used) +
                     " already used",
          .number = used};
}

bool lowered(std::optional<std::int64_t> before, std::optional<std::int64_t> after) {
  return after && (!before || *after < *before);
}

// `old_slug` may stay whatever it is: earlier versions allowed more.
std::optional<core::Error> field_refusal(const domain::Campaign& campaign,
                                         std::string_view old_slug = {}) {
  auto problems = domain::campaign_problems(campaign);
  if (campaign.slug != old_slug && core::could_be_id(campaign.slug)) {
    problems.push_back({.field = "slug",
                        .message = "must not look like an id: a number, a UUID or 24 hex digits"});
  }
  if (problems.empty()) return std::nullopt;
  return core::Error{
      .reason = Reason::kInvalidRequest, .message = {}, .fields = std::move(problems)};
}

// Whether another campaign has the slug or, among live claim campaigns, the name.
bool is_taken(store::Connection& connection, const domain::Campaign& campaign) {
  const auto by_slug = store::find_campaign_by_slug(connection, campaign.slug);
  if (by_slug && by_slug->id != campaign.id) return true;
  if (!domain::traits(campaign.mode).named) return false;
  return store::claim_name_taken(connection, campaign.name, campaign.id);
}

// A shared campaign is one code for everybody.
void complete(domain::Campaign& campaign) {
  if (domain::traits(campaign.mode).one_code) campaign.policy.max_issued = 1;
  // What has a value lasts as long as that: the ordinary limit of one use is not meant for it.
  auto& uses = campaign.policy.max_redemptions_per_coupon;
  if (campaign.policy.value && uses == domain::Policy{}.max_redemptions_per_coupon) uses.reset();
}

std::string free_slug(store::Connection& connection, const std::string& name) {
  std::string base = domain::slug_of(name);
  if (base.empty()) base = "campaign";
  if (core::could_be_id(base)) base = "campaign-" + base;
  constexpr std::size_t kRoomForNumber = 10;
  base.resize(std::min(base.size(), std::size_t{64} - kRoomForNumber));
  while (base.back() == '-') base.pop_back();
  const auto slug = [&](std::int64_t i) { return i < 2 ? base : base + "-" + std::to_string(i); };
  const auto taken = [&](std::int64_t i) {
    return store::find_campaign_by_slug(connection, slug(i)).has_value();
  };
  if (!taken(1)) return slug(1);
  // The end of those that are taken, in steps that double and then halve.
  std::int64_t low = 1;
  std::int64_t high = 2;
  while (taken(high)) {
    low = high;
    high *= 2;
  }
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (taken(middle) ? low : high) = middle;
  }
  return slug(high);
}

// Codes that exist keep what they were made with, and their balances their currency.
std::optional<core::Error> value_refusal(const domain::Campaign& before,
                                         const domain::Policy& after) {
  if (before.counters.issued == 0) return std::nullopt;
  core::Error error{.reason = Reason::kInvalidRequest, .message = {}};
  if (before.policy.value.has_value() != after.value.has_value()) {
    error.fields.push_back({.field = "value",
                            .message = "cannot be set or taken away once there are codes: make "
                                       "another campaign"});
  }
  if (before.policy.currency != after.currency) {
    error.fields.push_back({.field = "currency", .message = "cannot change once there are codes"});
  }
  if (error.fields.empty()) return std::nullopt;
  return error;
}

// The same figures as of now, from the entries that came since. kBusy when those are many: they
// would keep the writer.
core::Result<MostHad> brought_up_to_now(store::Tx& tx, core::CampaignId id, MostHad had) {
  constexpr std::int64_t kEntriesMax = 10'000;
  if (tx.last_seq().value - had.as_of.value > kEntriesMax) return Reason::kBusy;
  std::set<core::UserId> users;
  store::for_each_entry(tx.db(), had.as_of, tx.last_seq(), [&](const store::LedgerRow& row) {
    if (row.campaign_id == id && row.user_id) users.insert(*row.user_id);
    return true;
  });
  for (const core::UserId user : users) {
    had.coupons = std::max(had.coupons, store::count_coupons(tx.db(), id, user));
    had.redemptions = std::max(had.redemptions, store::count_redemptions(tx.db(), id, user));
  }
  return had;
}

std::optional<core::Error> user_cap_refusal(store::Tx& tx, const domain::Campaign& before,
                                            const domain::Policy& after,
                                            const std::optional<MostHad>& seen) {
  if (!lowers_user_cap(before.policy, after)) return std::nullopt;
  // Redemptions are counted by user where there is a cap: the first one counts them all.
  const bool first = !before.policy.max_redemptions_per_user && after.max_redemptions_per_user;
  const auto had = seen && !first ? brought_up_to_now(tx, before.id, *seen)
                                  : core::Result<MostHad>(most_had(tx.db(), before.id));
  if (!had.ok()) return had.error();
  if (lowered(before.policy.max_per_user, after.max_per_user) &&
      had->coupons > *after.max_per_user) {
    return below_used(had->coupons, "max_per_user");
  }
  if (lowered(before.policy.max_redemptions_per_user, after.max_redemptions_per_user) &&
      had->redemptions > *after.max_redemptions_per_user) {
    return below_used(had->redemptions, "max_redemptions_per_user");
  }
  return std::nullopt;
}

std::optional<core::Error> cap_refusal(store::Tx& tx, const domain::Campaign& before,
                                       const domain::Policy& after,
                                       const std::optional<MostHad>& seen) {
  const std::int64_t issued = before.counters.issued;
  if (after.max_issued && *after.max_issued < issued) return below_used(issued, "max_issued");
  return user_cap_refusal(tx, before, after, seen);
}

// The one code of a shared campaign, once it has one.
std::optional<domain::Coupon> shared_coupon(store::Tx& tx, const domain::Campaign& campaign) {
  if (!domain::traits(campaign.mode).one_code) return std::nullopt;
  return store::find_coupon(tx.db(), campaign.id, 1);
}

// What a new number of uses does to the shared coupon's place among the available ones.
std::int64_t available_change(const domain::Coupon& coupon, std::optional<std::int64_t> max_uses) {
  if (domain::is_ended(coupon)) return 0;
  const bool before = coupon.state == domain::CouponState::kAvailable;
  const bool after = max_uses != coupon.uses;
  return static_cast<std::int64_t>(after) - static_cast<std::int64_t>(before);
}

core::Result<CampaignWritten> written(store::Tx& tx, core::CampaignId id, core::Seq seq) {
  return CampaignWritten{.campaign = *tx.campaign(id), .seq = seq};
}

core::Seq append(store::Tx& tx, const Caller& caller, std::string_view operation,
                 const domain::Campaign& campaign, std::int64_t available = 0) {
  const core::Digest digest = store::policy_digest(campaign);
  return tx.append({.operation = operation,
                    .actor = caller.actor,
                    .campaign_id = campaign.id,
                    .available = available,
                    .digest = digest});
}

// Whether codes that exist must change with the policy.
bool codes_follow(const domain::Campaign& before, const domain::Campaign& after) {
  return before.policy.max_redemptions_per_coupon != after.policy.max_redemptions_per_coupon &&
         !domain::traits(after.mode).one_code && before.counters.issued > 0 && !after.policy.value;
}

std::optional<core::Error> uses_refusal(store::Tx& tx, const domain::Campaign& before,
                                        const domain::Policy& after) {
  if (before.counters.issued > core::limits::kCodesThatFollowMax) {
    return core::Error{
        .reason = Reason::kTooManyCodes,
        .message = "The campaign has " + core::count_text(before.counters.issued, "code") +
                   ". Change their uses by a job, which changes the campaign, too: POST " +
                   "/api/v1/campaigns/" + before.slug + "/codes/change, or `coupond codes change " +
                   before.slug + " --uses N`",
        .number = before.counters.issued};
  }
  if (!after.max_redemptions_per_coupon) return std::nullopt;
  const std::int64_t used_more =
      store::count_used_more(tx.db(), before.id, *after.max_redemptions_per_coupon);
  if (used_more == 0) return std::nullopt;
  return core::Error{
      .reason = Reason::kCapBelowUsed,
      .message = "Used more often than that already: " + core::count_text(used_more, "code"),
      .number = used_more};
}

// Gives every code the uses that the policy says now.
core::Result<core::Done> let_codes_follow(store::Tx& tx, const Caller& caller,
                                          const domain::Campaign& after) {
  Terms terms;
  terms.max_uses.emplace(after.policy.max_redemptions_per_coupon);
  const auto page =
      store::list_coupons(tx.db(), after.id, 0, core::limits::kCodesThatFollowMax).coupons;
  for (const domain::Coupon& coupon : page) {
    const bool same = coupon.max_uses == after.policy.max_redemptions_per_coupon;
    if (same || domain::is_ended(coupon)) continue;
    if (auto changed = change_terms(tx, caller, coupon.id, terms, {}); !changed) {
      return changed.error();
    }
  }
  return core::Done{};
}

core::Result<CampaignWritten> store_change(store::Tx& tx, const Caller& caller,
                                           domain::Campaign after) {
  const auto coupon = shared_coupon(tx, after);
  const auto max_uses = after.policy.max_redemptions_per_coupon;
  const bool uses_change = coupon && coupon->max_uses != max_uses;
  if (uses_change && max_uses && *max_uses < coupon->uses) {
    return below_used(coupon->uses, "max_redemptions_per_coupon");
  }
  const std::int64_t available = uses_change ? available_change(*coupon, max_uses) : 0;
  after.updated_at = tx.now();
  after.last_seq = append(tx, caller, store::operation::kCampaignUpdate, after, available);
  store::update_campaign(tx, after);
  if (uses_change) {
    store::set_max_uses(tx, *coupon, max_uses);
    tx.count(after.id, {.available = available});
  }
  return written(tx, after.id, after.last_seq);
}

}  // namespace

core::Result<CampaignWritten> create_campaign(store::Tx& tx, const Caller& caller,
                                              domain::Campaign campaign) {
  if (!caller.is_admin()) return Reason::kForbidden;
  complete(campaign);
  if (campaign.slug.empty()) campaign.slug = free_slug(tx.db(), campaign.name);
  if (auto error = field_refusal(campaign)) return *error;
  campaign.id = {};
  if (is_taken(tx.db(), campaign)) return Reason::kSlugTaken;
  campaign.created_at = tx.now();
  campaign.updated_at = tx.now();
  campaign.id = store::next_campaign_id(tx);
  campaign.last_seq = append(tx, caller, store::operation::kCampaignCreate, campaign);
  store::insert_campaign(tx, campaign);
  return written(tx, campaign.id, campaign.last_seq);
}

bool lowers_user_cap(const domain::Policy& before, const domain::Policy& after) {
  return lowered(before.max_per_user, after.max_per_user) ||
         lowered(before.max_redemptions_per_user, after.max_redemptions_per_user);
}

MostHad most_had(store::Connection& connection, core::CampaignId id) {
  return {.as_of = store::last_entry(connection).seq,
          .coupons = store::most_coupons_of_a_user(connection, id),
          .redemptions = store::most_redemptions_of_a_user(connection, id)};
}

core::Result<CampaignWritten> change_campaign(store::Tx& tx, const Caller& caller,
                                              core::CampaignId id,
                                              const std::function<void(domain::Campaign&)>& change,
                                              Codes codes, const std::optional<MostHad>& had) {
  if (!caller.is_admin()) return Reason::kForbidden;
  const domain::Campaign* before = tx.campaign(id);
  if (before == nullptr) return Reason::kUnknownCampaign;
  if (before->archived_at) return Reason::kArchived;
  domain::Campaign after = *before;
  change(after);
  // Without a value the ordinary limit holds again.
  if (before->policy.value && !after.policy.value) {
    auto& uses = after.policy.max_redemptions_per_coupon;
    if (!uses) uses = domain::Policy{}.max_redemptions_per_coupon;
  }
  complete(after);
  if (auto error = field_refusal(after, before->slug)) return *error;
  if (is_taken(tx.db(), after)) return Reason::kSlugTaken;
  if (auto error = value_refusal(*before, after.policy)) return *error;
  if (auto error = cap_refusal(tx, *before, after.policy, had)) return *error;
  const bool follow = codes == Codes::kFollow && codes_follow(*before, after);
  if (follow) {
    if (auto error = uses_refusal(tx, *before, after.policy)) return *error;
  }
  auto written = store_change(tx, caller, std::move(after));
  if (!written || !follow) return written;
  if (auto done = let_codes_follow(tx, caller, written->campaign); !done) return done.error();
  return CampaignWritten{.campaign = *tx.campaign(id), .seq = tx.last_seq()};
}

core::Result<CampaignWritten> archive_campaign(store::Tx& tx, const Caller& caller,
                                               core::CampaignId id) {
  if (!caller.is_admin()) return Reason::kForbidden;
  const domain::Campaign* campaign = tx.campaign(id);
  if (campaign == nullptr) return Reason::kUnknownCampaign;
  if (campaign->archived_at) return Reason::kArchived;
  domain::Campaign after = *campaign;
  after.archived_at = tx.now();
  after.updated_at = tx.now();
  after.last_seq = append(tx, caller, store::operation::kCampaignArchive, after);
  store::update_campaign(tx, after);
  return written(tx, id, after.last_seq);
}

core::Result<CampaignWritten> unarchive_campaign(store::Tx& tx, const Caller& caller,
                                                 core::CampaignId id) {
  if (!caller.is_admin()) return Reason::kForbidden;
  const domain::Campaign* campaign = tx.campaign(id);
  if (campaign == nullptr) return Reason::kUnknownCampaign;
  if (!campaign->archived_at) return Reason::kNotArchived;
  domain::Campaign after = *campaign;
  after.archived_at.reset();
  if (is_taken(tx.db(), after)) return Reason::kSlugTaken;
  after.updated_at = tx.now();
  after.last_seq = append(tx, caller, store::operation::kCampaignUnarchive, after);
  store::update_campaign(tx, after);
  return written(tx, id, after.last_seq);
}

}  // namespace coupon::service
