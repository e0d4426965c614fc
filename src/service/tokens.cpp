#include "coupond/service/tokens.h"

#include <algorithm>
#include <utility>

namespace coupon::service {
namespace {

constexpr std::int64_t kForeverMs = 36'500 * core::kMsPerDay;
constexpr std::int64_t kMicros = 1000;

core::UnixMs end_of(const domain::Coupon& coupon, core::UnixMs issued_at) {
  return coupon.expires_at.value_or(issued_at + kForeverMs);
}

// The microseconds keep tokens of two campaigns apart that agree in all else.
std::string plain_token(const core::Jwt& tokens, const domain::Coupon& coupon,
                        const std::string& owner_uuid) {
  const core::UnixMs issued_at = coupon.assigned_at.value();
  return tokens.sign_plain_coupon({.token_number = coupon.number,
                                   .user_id = owner_uuid,
                                   .issued_at = issued_at,
                                   .expires_at = end_of(coupon, issued_at),
                                   .issued_us = coupon.campaign_id.value % kMicros});
}

std::string code_from(const core::CodeVault& vault, std::string_view token) {
  const core::CodeVault::CodeHash hash = vault.hash(token);
  return core::make_card_code([&](std::span<unsigned char> out) {
    std::copy_n(hash.begin(), std::min(hash.size(), out.size()), out.begin());
  });
}

}  // namespace

core::Result<IssueRequest> prepare_token(const Engine& engine, const domain::Campaign& campaign,
                                         core::UserId user_id, std::string owner_uuid) {
  if (!domain::traits(campaign.mode).token || domain::signs_offline(campaign.policy)) {
    return prepare_issue({engine.vault(), engine.random()}, campaign, user_id);
  }
  IssueRequest request{.campaign_id = campaign.id, .user_id = user_id};
  request.code_of = [&engine, uuid = std::move(owner_uuid)](const domain::Coupon& coupon) {
    const std::string token = plain_token(engine.tokens(), coupon, uuid);
    return seal_code(engine.vault(), code_from(engine.vault(), token)).value();
  };
  return request;
}

std::string sign_token(const Engine& engine, const domain::Campaign& campaign,
                       std::string owner_uuid, const Issued& issued) {
  if (!domain::signs_offline(campaign.policy)) {
    return plain_token(engine.tokens(), issued.coupon, owner_uuid);
  }
  return engine.tokens().sign_coupon({.campaign_uuid = campaign.uuid,
                                      .code = issued.code,
                                      .token_number = issued.coupon.number,
                                      .user_id = std::move(owner_uuid),
                                      .issued_at = issued.at,
                                      .expires_at = token_ends_at(issued)});
}

core::UnixMs token_ends_at(const Issued& issued) { return end_of(issued.coupon, issued.at); }

core::Result<domain::CodeHash> coupon_of_token(const Engine& engine, std::string_view token,
                                               const core::CouponClaims& claims) {
  const std::string code = claims.code.empty() ? code_from(engine.vault(), token) : claims.code;
  const auto canonical = core::canonical(code);
  if (!canonical.ok()) return core::Reason::kUnknownCode;
  return engine.vault().hash(*canonical);
}

}  // namespace coupon::service
