#include "coupond/service/codes.h"

#include <set>

#include "coupond/core/pattern.h"
#include "coupond/domain/decide.h"
#include "coupond/store/campaigns.h"
#include "coupond/store/coupons.h"

namespace coupon::service {
namespace {

using core::Reason;

// The position of the first code that is there already or comes twice.
std::optional<std::int64_t> first_duplicate(store::Tx& tx, const std::vector<FreshCode>& codes) {
  std::set<core::CodeVault::CodeHash> seen;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (!seen.insert(codes[i].hash).second || store::code_exists(tx.db(), codes[i].hash)) {
      return static_cast<std::int64_t>(i);
    }
  }
  return std::nullopt;
}

core::Digest digest_of(const std::vector<FreshCode>& codes) {
  core::Hasher hasher;
  for (const FreshCode& code : codes) hasher.add(core::as_text(code.hash));
  return hasher.finish();
}

std::optional<core::Error> refusal(store::Tx& tx, const domain::Campaign& campaign,
                                   const std::vector<FreshCode>& codes) {
  const auto count = static_cast<std::int64_t>(codes.size());
  if (domain::is_minted(campaign.mode))
    return core::Error{.reason = Reason::kWrongMode, .message = {}};
  if (campaign.archived_at) return core::Error{.reason = Reason::kArchived, .message = {}};
  if (auto error = domain::first_refusal(domain::make_rules(campaign, count))) return error;
  if (const auto duplicate = first_duplicate(tx, codes)) {
    return core::Error{.reason = Reason::kDuplicateCode, .message = {}, .number = duplicate};
  }
  return std::nullopt;
}

}  // namespace

core::Result<FreshCode> seal_code(const core::CodeVault& vault, std::string_view display) {
  auto canonical = core::canonical(display);
  if (!canonical) return canonical.error();
  const auto hash = vault.hash(*canonical);
  return FreshCode{
      .display = std::string(display), .hash = hash, .sealed = vault.seal(display, hash)};
}

core::Result<FreshCode> make_code(const core::CodeVault& vault, const core::Random& random,
                                  const domain::Campaign& campaign) {
  if (!campaign.policy.code_pattern) return seal_code(vault, core::make_card_code(random));
  auto pattern = core::Pattern::parse(*campaign.policy.code_pattern);
  if (!pattern) return pattern.error();
  return seal_code(vault, pattern->generate(random));
}

core::Result<Generated> store_codes(store::Tx& tx, const Caller& caller,
                                    core::CampaignId campaign_id,
                                    const std::vector<FreshCode>& codes) {
  const domain::Campaign* campaign = tx.campaign(campaign_id);
  if (campaign == nullptr) return Reason::kUnknownCampaign;
  if (auto error = refusal(tx, *campaign, codes)) return *error;

  const auto count = static_cast<std::int64_t>(codes.size());
  const core::CouponId first_id = store::next_coupon_id(tx);
  const core::Digest digest = digest_of(codes);
  const core::Seq seq = tx.append({.operation = store::operation::kGenerate,
                                   .actor = caller.actor,
                                   .campaign_id = campaign_id,
                                   .coupon_id = first_id,
                                   .units = count,
                                   .available = count,
                                   .digest = digest});
  domain::Coupon coupon{.campaign_id = campaign_id,
                        .state = domain::CouponState::kAvailable,
                        .max_uses = campaign->policy.max_redemptions_per_coupon,
                        .last_seq = seq};
  const std::int64_t first_number = campaign->counters.issued + 1;
  const std::int64_t first_slot = campaign->counters.available;
  for (std::int64_t i = 0; i < count; ++i) {
    const FreshCode& code = codes[static_cast<std::size_t>(i)];
    coupon.id = {first_id.value + i};
    coupon.number = first_number + i;
    coupon.code_hash = code.hash;
    coupon.code_sealed = code.sealed;
    if (campaign->mode == domain::Mode::kPool) coupon.pool_slot = first_slot + i;
    store::insert_coupon(tx, coupon);
  }
  tx.count(campaign_id, {.issued = count, .available = count});
  return Generated{.first_number = first_number, .count = count, .seq = seq};
}

}  // namespace coupon::service
