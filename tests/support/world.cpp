#include "tests/support/world.h"

#include <algorithm>

#include "coupond/core/limits.h"
#include "coupond/core/time_text.h"
#include "coupond/service/reports.h"
#include "coupond/store/campaigns.h"
#include "coupond/store/coupons.h"
#include "coupond/store/ledger.h"
#include "coupond/store/redemptions.h"

namespace coupon::test {
namespace {

constexpr char kCountReplies[] = "SELECT count(*) FROM idempotency";
constexpr char kReply[] = "SELECT request, reply FROM idempotency WHERE key_hash = ?";
constexpr char kCountRedemptions[] =
    "SELECT count(*), coalesce(sum(rolled_back_at IS NULL), 0) FROM redemptions";
constexpr char kCountCampaigns[] = "SELECT count(*) FROM campaigns";

using Id = World::Id;

std::string named(const char* what, Id id) {
  return std::string(what) + " " + std::to_string(id) + " differs";
}

std::string campaigns_differ(store::Connection& db, const ReferenceModel& model) {
  store::Query count(db, kCountCampaigns);
  count.next();
  if (count.integer(0) != Id(model.campaigns.size())) return "there are other campaigns";
  for (const auto& [id, campaign] : model.campaigns) {
    const auto stored = store::find_campaign(db, core::CampaignId{id});
    const bool same = stored && stored->counters == model.counters(id) &&
                      stored->archived_at.has_value() == campaign.archived &&
                      stored->policy == campaign.policy;
    if (!same) return named("campaign", id);
  }
  return {};
}

bool same_holds(store::Connection& db, core::CouponId id, const ReferenceModel::Coupon& coupon,
                core::UnixMs now) {
  std::vector<std::pair<Id, domain::TokenHash>> stored;
  std::vector<std::pair<Id, domain::TokenHash>> expected;
  for (const domain::Hold& hold : store::find_holds(db, id)) {
    if (now < hold.expires_at) stored.emplace_back(hold.user_id.value, hold.token_hash);
  }
  for (const auto& hold : coupon.holds) {
    if (now < hold.until) expected.emplace_back(hold.user, hold.token);
  }
  return stored == expected;
}

bool same_coupon(store::Connection& db, const domain::Coupon& stored,
                 const ReferenceModel::Coupon& coupon, core::UnixMs now) {
  const auto owner = stored.user_id ? std::optional(stored.user_id->value) : std::nullopt;
  return stored.state == coupon.state() && stored.uses == coupon.uses && owner == coupon.owner &&
         stored.funds.has_value() == coupon.put_on.has_value() &&
         (!stored.funds ||
          (stored.funds->put_on() == coupon.put_on && stored.funds->balance == coupon.balance())) &&
         stored.max_uses == coupon.max_uses && stored.expires_at == coupon.expires_at &&
         same_holds(db, stored.id, coupon, now);
}

std::string coupons_differ(store::Connection& db, const World& world, core::UnixMs now) {
  const auto& coupons = world.model.coupons;
  if (store::last_coupon_id(db) != Id(coupons.size())) return "there are other coupons";
  for (const auto& [code, id] : world.coupons) {
    const auto stored = store::find_coupon(db, code);
    if (!stored || stored->id.value != id || !same_coupon(db, *stored, coupons.at(id), now)) {
      return named("coupon", id);
    }
  }
  return {};
}

std::string users_differ(store::Connection& db, const ReferenceModel& model) {
  for (const auto& [id, user] : model.users) {
    const auto balance = store::find_balance(db, {id});
    if (!balance || balance->credit.value != user.credit ||
        balance->subscription_ends_at != user.subscription_ends_at) {
      return named("the balance of user", id);
    }
  }
  return {};
}

std::string redemptions_differ(store::Connection& db, const ReferenceModel& model) {
  const auto stand = std::count_if(model.redemptions.begin(), model.redemptions.end(),
                                   [](const auto& entry) { return entry.second.stands; });
  store::Query count(db, kCountRedemptions);
  count.next();
  if (count.integer(0) != Id(model.redemptions.size()) || count.integer(1) != stand) {
    return "there are other redemptions";
  }
  return {};
}

std::string replies_differ(store::Connection& db, const World& world) {
  store::Query count(db, kCountReplies);
  count.next();
  if (count.integer(0) != Id(world.replies.size())) return "there are other stored replies";
  for (const auto& [key, kept] : world.replies) {
    store::Query query(db, kReply, key);
    if (!query.next() || query.block<32>(0) != kept.request || query.blob(1) != kept.text) {
      return "the stored reply '" + kept.text + "' differs";
    }
  }
  return {};
}

}  // namespace

void World::begin_batch(core::UnixMs clock_now) {
  model.now = now(clock_now);
  if (last_at <= model.now) return;
  for (auto& [id, coupon] : model.coupons) {
    const auto& policy = model.campaigns.at(coupon.campaign).policy;
    for (auto& hold : coupon.holds) {
      hold.until = std::min(hold.until, model.now + policy.hold_ttl_s * 1000);
    }
  }
  for (auto& [key, kept] : replies) kept.at = std::min(kept.at, model.now);
}

std::string difference(store::Connection& db, const World& world, core::UnixMs now) {
  const auto head = store::last_entry(db);
  if (head.seq.value != world.last_seq) {
    return "the ledger ends at " + std::to_string(head.seq.value) + " instead of " +
           std::to_string(world.last_seq);
  }
  std::string wrong = campaigns_differ(db, world.model);
  if (wrong.empty()) wrong = coupons_differ(db, world, now);
  if (wrong.empty()) wrong = users_differ(db, world.model);
  if (wrong.empty()) wrong = redemptions_differ(db, world.model);
  if (wrong.empty()) wrong = replies_differ(db, world);
  return wrong;
}

std::string report_differs(store::Readers& readers, const ReferenceModel& model) {
  const auto report = service::make_report(
      readers, service::Caller::system(),
      {.by = core::LocalPeriod::kHour, .from = {}, .to = {core::limits::kTimeMaxMs}});
  if (!report.ok()) return "no report: " + report.error().message;
  std::map<std::pair<core::UnixMs, Id>, ReferenceModel::Totals> found;
  for (const service::ReportLine& line : report->lines) {
    ReferenceModel::Totals& hour = found[{line.start, line.campaign.value}];
    hour.redeemed += line.redeemed;
    hour.rolled_back += line.rolled_back;
    hour.taken += line.taken;
    hour.returned += line.returned;
    hour.credit += line.credit;
  }
  return found == model.reports ? "" : "the report by hours differs";
}

}  // namespace coupon::test
