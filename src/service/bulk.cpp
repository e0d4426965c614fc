#include "src/service/bulk.h"

#include <utility>

#include "coupond/core/limits.h"
#include "coupond/domain/decide.h"
#include "coupond/store/campaigns.h"
#include "coupond/store/coupons.h"
#include "coupond/store/jobs.h"

namespace coupon::service {
namespace {

using core::Reason;

core::Error count_out_of_range(std::int64_t count_max) {
  return {
      .reason = Reason::kInvalidRequest,
      .message = {},
      .fields = {{.field = "count", .message = "must be from 1 to " + std::to_string(count_max)}}};
}

core::Result<std::int64_t> coupons_at_all(Engine& engine) {
  return engine.readers().read<std::int64_t>(
      [](store::Connection& db) -> core::Result<std::int64_t> {
        return store::last_coupon_id(db);
      });
}

}  // namespace

core::Result<domain::Campaign> campaign_for_import(Engine& engine, const Caller& caller,
                                                   core::CampaignId id) {
  if (!caller.is_admin()) return Reason::kForbidden;
  return engine.readers().read<domain::Campaign>(
      [&](store::Connection& db) -> core::Result<domain::Campaign> {
        auto campaign = store::find_campaign(db, id);
        if (!campaign) return Reason::kUnknownCampaign;
        if (domain::traits(campaign->mode).minted) return Reason::kWrongMode;
        if (campaign->archived_at) return Reason::kArchived;
        return std::move(*campaign);
      });
}

core::Result<domain::Campaign> campaign_for_codes(Engine& engine, const Caller& caller,
                                                  core::CampaignId id, std::int64_t count,
                                                  std::int64_t count_max) {
  auto campaign = campaign_for_import(engine, caller, id);
  if (!campaign) return campaign.error();
  if (count < 1 || count > count_max) return count_out_of_range(count_max);
  if (auto error = domain::first_refusal(domain::make_rules(*campaign, count))) return *error;
  return campaign;
}

core::Result<std::vector<FreshCode>> unknown_of(Engine& engine, std::vector<FreshCode> codes) {
  return engine.readers().read<std::vector<FreshCode>>(
      [&](store::Connection& db) -> core::Result<std::vector<FreshCode>> {
        std::erase_if(codes,
                      [&](const FreshCode& code) { return holder_of(db, code).has_value(); });
        return std::move(codes);
      });
}

void note_lot(store::Tx& tx, std::int64_t job, const Generated& made) {
  if (made.count == 0) return;
  store::add_job_lot(tx, job, {.first_number = made.first_number, .units = made.count});
}

core::Error pattern_exhausted() { return {.reason = Reason::kPatternExhausted, .message = {}}; }

core::Result<core::Done> check_room(Engine& engine, CodeSource source, std::int64_t count) {
  if (!source.may_collide()) return core::Done{};
  const auto wanted = static_cast<std::uint64_t>(count);
  if (source.capacity() < wanted) return pattern_exhausted();
  const auto coupons = coupons_at_all(engine);
  if (!coupons) return coupons.error();
  if (source.capacity() - wanted >= static_cast<std::uint64_t>(*coupons)) return core::Done{};

  std::uint64_t found = 0;
  bool more = true;
  while (more && found < wanted) {
    std::vector<FreshCode> codes;
    while (codes.size() < kLookUps && more) {
      auto code = source.next();
      more = code.has_value();
      if (more) codes.push_back(std::move(*code));
    }
    const auto unknown = unknown_of(engine, std::move(codes));
    if (!unknown) return unknown.error();
    found += unknown->size();
  }
  if (found < wanted) return pattern_exhausted();
  return core::Done{};
}

}  // namespace coupon::service
