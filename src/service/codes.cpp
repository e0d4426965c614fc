#include "coupond/service/codes.h"

#include <cstring>
#include <optional>
#include <unordered_set>

#include "coupond/core/limits.h"
#include "coupond/core/pattern.h"
#include "coupond/domain/decide.h"
#include "coupond/store/campaigns.h"
#include "coupond/store/coupons.h"

namespace coupon::service {
namespace {

using core::Reason;

using Chosen = std::vector<const FreshCode*>;

// Hashes are random already: any eight of their bytes will do.
struct FirstBytes {
  std::size_t operator()(const core::CodeVault::CodeHash& hash) const {
    std::size_t bytes = 0;
    std::memcpy(&bytes, hash.data(), sizeof bytes);
    return bytes;
  }
};

// Which codes can be stored, given room for `room`.
Chosen choose(store::Tx& tx, std::span<const FreshCode> codes, std::int64_t room,
              std::vector<LeftOut>& left_out) {
  Chosen chosen;
  chosen.reserve(codes.size());
  std::unordered_set<core::CodeVault::CodeHash, FirstBytes> seen;
  seen.reserve(codes.size());
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const auto holder = holder_of(tx.db(), codes[i]);
    if (holder || !seen.insert(codes[i].hash).second) {
      left_out.push_back({.position = i, .reason = Reason::kDuplicateCode, .holder = holder});
    } else if (static_cast<std::int64_t>(chosen.size()) == room) {
      left_out.push_back({.position = i, .reason = Reason::kCampaignCapReached});
    } else {
      chosen.push_back(&codes[i]);
    }
  }
  return chosen;
}

// What a coupon made of the code has on it; nothing where the campaign's have no balance.
std::optional<std::int64_t> value_of(const domain::Campaign& campaign, const FreshCode& code) {
  if (!campaign.policy.value) return std::nullopt;
  return code.value ? code.value : campaign.policy.value;
}

core::Digest digest_of(const domain::Campaign& campaign, const Chosen& codes) {
  std::optional<std::int64_t> max_uses;
  if (!domain::traits(campaign.mode).one_code) {
    max_uses = campaign.policy.max_redemptions_per_coupon;
  }
  core::Hasher lot;
  for (const FreshCode* code : codes) {
    store::add_to_lot_digest(lot, core::as_text(code->hash), max_uses, code->expires_at,
                             value_of(campaign, *code));
  }
  return lot.finish();
}

// How many more coupons the campaign may have.
std::int64_t room_of(const domain::Campaign& campaign) {
  return campaign.policy.max_issued.value_or(core::limits::kCountMax) - campaign.counters.issued;
}

Generated write(store::Tx& tx, const Caller& caller, const domain::Campaign& campaign,
                const Chosen& codes) {
  const auto count = static_cast<std::int64_t>(codes.size());
  const core::CouponId first_id = store::next_coupon_id(tx);
  const core::Digest digest = digest_of(campaign, codes);
  std::int64_t value = 0;
  for (const FreshCode* code : codes) value += value_of(campaign, *code).value_or(0);
  const core::Seq seq = tx.append({.operation = store::operation::kGenerate,
                                   .actor = caller.actor,
                                   .campaign_id = campaign.id,
                                   .coupon_id = first_id,
                                   .units = count,
                                   .available = count,
                                   .value = value,
                                   .digest = digest});
  const Generated generated{
      .first_number = campaign.counters.issued + 1, .count = count, .seq = seq};
  std::vector<domain::Coupon> coupons(codes.size());
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const auto place = static_cast<std::int64_t>(i);
    coupons[i] = {.id = {first_id.value + place},
                  .campaign_id = campaign.id,
                  .number = generated.first_number + place,
                  .code_hash = codes[i]->hash,
                  .code_sealed = codes[i]->sealed,
                  .state = domain::CouponState::kAvailable,
                  .max_uses = campaign.policy.max_redemptions_per_coupon,
                  .expires_at = codes[i]->expires_at,
                  .last_seq = seq,
                  .tail = codes[i]->tail};
    if (const auto funds = value_of(campaign, *codes[i])) {
      coupons[i].funds = {.value = *funds, .balance = *funds};
    }
    if (domain::traits(campaign.mode).drawn) {
      coupons[i].pool_slot = campaign.counters.available + place;
    }
  }
  store::insert_coupons(tx, coupons);
  tx.count(campaign.id, {.issued = count, .available = count});
  return generated;
}

std::optional<core::Error> closed(const domain::Campaign* campaign) {
  if (campaign == nullptr) return core::Error{.reason = Reason::kUnknownCampaign, .message = {}};
  if (domain::traits(campaign->mode).minted) {
    return core::Error{.reason = Reason::kWrongMode, .message = {}};
  }
  if (campaign->archived_at) return core::Error{.reason = Reason::kArchived, .message = {}};
  return std::nullopt;
}

}  // namespace

core::Result<FreshCode> seal_code(const core::CodeVault& vault, std::string_view display) {
  auto canonical = core::canonical(display);
  if (!canonical) return canonical.error();
  const auto hash = vault.hash(*canonical);
  FreshCode code{.display = std::string(display),
                 .hash = hash,
                 .sealed = vault.seal(display, hash),
                 .vault = &vault,
                 .tail = vault.tail(*canonical)};
  const std::string folded = core::fold_lookalikes(*canonical);
  if (folded != *canonical) code.folded = vault.hash(folded);
  return code;
}

std::optional<core::CampaignId> holder_of(store::Connection& connection, const FreshCode& code) {
  if (const auto coupon = store::find_coupon(connection, code.hash)) return coupon->campaign_id;
  if (!code.folded) return std::nullopt;
  const auto coupon = store::find_coupon(connection, *code.folded);
  if (!coupon) return std::nullopt;
  const auto display = code.vault->open(coupon->code_sealed, *code.folded);
  const bool is_same = display.ok() && *core::canonical(*display) == *core::canonical(code.display);
  return is_same ? std::optional(coupon->campaign_id) : std::nullopt;
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
                                    std::span<const FreshCode> codes) {
  const domain::Campaign* campaign = tx.campaign(campaign_id);
  if (auto error = closed(campaign)) return *error;
  const auto count = static_cast<std::int64_t>(codes.size());
  if (count == 0) {
    return core::Error{.reason = Reason::kInvalidRequest, .message = "there are no codes to store"};
  }
  if (auto error = domain::first_refusal(domain::make_rules(*campaign, count))) return *error;
  std::vector<LeftOut> left_out;
  const Chosen chosen = choose(tx, codes, count, left_out);
  if (!left_out.empty()) {
    return core::Error{.reason = left_out.front().reason,
                       .message = {},
                       .number = static_cast<std::int64_t>(left_out.front().position)};
  }
  return write(tx, caller, *campaign, chosen);
}

std::string where_code_is(store::Connection& connection, const LeftOut& left) {
  if (!left.holder) return "it comes twice";
  const auto holder = store::find_campaign(connection, *left.holder);
  return "it is in campaign " + (holder ? holder->slug : std::string("?"));
}

core::Result<StoredSome> store_new_codes(store::Tx& tx, const Caller& caller,
                                         core::CampaignId campaign_id,
                                         std::span<const FreshCode> codes) {
  const domain::Campaign* campaign = tx.campaign(campaign_id);
  if (auto error = closed(campaign)) return *error;
  StoredSome some;
  const Chosen chosen = choose(tx, codes, room_of(*campaign), some.left_out);
  some.generated.seq = tx.last_seq();
  if (!chosen.empty()) some.generated = write(tx, caller, *campaign, chosen);
  return some;
}

}  // namespace coupon::service
