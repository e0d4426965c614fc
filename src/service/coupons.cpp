#include "coupond/service/coupons.h"

#include <utility>

#include "coupond/store/campaigns.h"
#include "coupond/store/coupons.h"
#include "src/service/loading.h"

namespace coupon::service {
namespace {

using core::Reason;
using domain::CouponState;

// Everything about minting but the ledger entry.
domain::Coupon new_coupon(store::Tx& tx, const domain::Campaign& campaign,
                          const IssueRequest& request) {
  const domain::Policy& policy = campaign.policy;
  domain::Coupon coupon{.id = store::next_coupon_id(tx),
                        .campaign_id = campaign.id,
                        .number = campaign.counters.issued + 1,
                        .code_hash = request.code->hash,
                        .code_sealed = request.code->sealed,
                        .state = CouponState::kAssigned,
                        .user_id = request.user_id,
                        .max_uses = policy.max_redemptions_per_coupon,
                        .assigned_at = tx.now()};
  if (policy.token_ttl_s) coupon.expires_at = tx.now() + *policy.token_ttl_s * core::kMsPerSecond;
  return coupon;
}

core::Result<domain::Coupon> mint(store::Tx& tx, const Caller& caller,
                                  const domain::Campaign& campaign, const IssueRequest& request) {
  // A pattern with little room can make the same code twice; the caller makes another one.
  if (store::code_exists(tx.db(), request.code->hash)) return Reason::kDuplicateCode;
  domain::Coupon coupon = new_coupon(tx, campaign, request);
  coupon.last_seq = tx.append({.operation = store::operation::kIssue,
                               .actor = caller.actor,
                               .campaign_id = campaign.id,
                               .coupon_id = coupon.id,
                               .user_id = request.user_id,
                               .units = 1,
                               .digest = coupon.code_hash});
  store::insert_coupon(tx, coupon);
  tx.count(campaign.id, {.issued = 1, .assigned = 1});
  return coupon;
}

// Gives an available coupon of a pool to a user and closes the gap it leaves in the draw.
domain::Coupon give(store::Tx& tx, const Caller& caller, domain::Coupon coupon,
                    core::UserId user_id) {
  const std::int64_t last_slot = tx.campaign(coupon.campaign_id)->counters.available - 1;
  const core::Seq seq = tx.append({.operation = store::operation::kAssign,
                                   .actor = caller.actor,
                                   .campaign_id = coupon.campaign_id,
                                   .coupon_id = coupon.id,
                                   .user_id = user_id,
                                   .available = -1,
                                   .coupon_prev = coupon.last_seq});
  store::assign_coupon(tx, coupon.id, user_id, seq);
  store::move_slot(tx, coupon.campaign_id, last_slot, *coupon.pool_slot);
  tx.count(coupon.campaign_id, {.assigned = 1, .available = -1});
  coupon.state = CouponState::kAssigned;
  coupon.user_id = user_id;
  coupon.pool_slot.reset();
  coupon.assigned_at = tx.now();
  coupon.last_seq = seq;
  return coupon;
}

core::Result<domain::Coupon> draw(store::Tx& tx, const Caller& caller,
                                  const domain::Campaign& campaign, const IssueRequest& request) {
  const auto room = static_cast<std::uint64_t>(campaign.counters.available);
  const auto slot = static_cast<std::int64_t>(request.draw % room);
  auto coupon = store::find_coupon_in_slot(tx.db(), campaign.id, slot);
  if (!coupon) return Reason::kInternal;
  return give(tx, caller, std::move(*coupon), request.user_id);
}

Issued issued(store::Tx& tx, domain::Coupon coupon, std::int64_t user_coupons) {
  tx.note_user(coupon.campaign_id, *coupon.user_id, user_coupons, true);
  const core::Seq seq = coupon.last_seq;
  const auto remaining = domain::remaining(*tx.campaign(coupon.campaign_id));
  return {.coupon = std::move(coupon),
          .remaining = remaining,
          .user_coupons = user_coupons,
          .at = tx.now(),
          .seq = seq};
}

// How many the user has had, told to the counter table too: it holds whether this one is refused.
std::int64_t count_user_coupons(store::Tx& tx, core::CampaignId campaign, core::UserId user) {
  const std::int64_t coupons = store::count_coupons(tx.db(), campaign, user);
  tx.note_user(campaign, user, coupons, false);
  return coupons;
}

}  // namespace

core::Result<Issued> issue(store::Tx& tx, const Caller& caller, const IssueRequest& request) {
  if (!caller.may_for(request.user_id, Scope::kIssue)) return Reason::kForbidden;
  const domain::Campaign* campaign = tx.campaign(request.campaign_id);
  if (campaign == nullptr) return Reason::kUnknownCampaign;
  if (domain::is_bearer(campaign->mode)) return Reason::kWrongMode;
  const std::int64_t had = count_user_coupons(tx, campaign->id, request.user_id);
  if (auto error = domain::first_refusal(domain::issue_rules(*campaign, had, tx.now()))) {
    return *error;
  }
  auto coupon = domain::is_minted(campaign->mode) ? mint(tx, caller, *campaign, request)
                                                  : draw(tx, caller, *campaign, request);
  if (!coupon) return coupon.error();
  return issued(tx, std::move(*coupon), had + 1);
}

core::Result<Issued> assign(store::Tx& tx, const Caller& caller, const domain::CodeHash& code,
                            core::UserId user_id) {
  if (!caller.may_for(user_id, Scope::kIssue)) return Reason::kForbidden;
  auto coupon = store::find_coupon(tx.db(), code);
  if (!coupon) return Reason::kUnknownCode;
  const domain::Campaign* campaign = tx.campaign(coupon->campaign_id);
  if (campaign->mode != domain::Mode::kPool) return Reason::kWrongMode;
  const std::int64_t had = count_user_coupons(tx, campaign->id, user_id);
  domain::Rules rules = domain::open_rules(*campaign, tx.now());
  if (auto error = domain::first_refusal(rules)) return *error;
  if (coupon->state == CouponState::kVoid) return Reason::kVoid;
  if (coupon->state != CouponState::kAvailable) return Reason::kAlreadyAssigned;
  if (auto error = domain::first_refusal(domain::issue_rules(*campaign, had, tx.now()))) {
    return *error;
  }
  return issued(tx, give(tx, caller, std::move(*coupon), user_id), had + 1);
}

core::Result<Held> hold(store::Tx& tx, const Caller& caller, const HoldRequest& request) {
  if (!caller.may_for(request.user_id, Scope::kRedeem)) return Reason::kForbidden;
  const auto loaded = load_coupon(tx, request.code);
  if (!loaded) return Reason::kUnknownCode;
  domain::CouponFacts facts = loaded->facts(request.user_id, tx.now());
  facts.user_live_holds =
      store::count_live_holds(tx.db(), loaded->campaign->id, request.user_id, tx.now());
  if (auto error = domain::first_refusal(domain::hold_rules(facts))) return *error;

  const std::int64_t longest_s = loaded->campaign->policy.hold_ttl_s;
  const std::int64_t ttl_s = std::min(request.ttl_s.value_or(longest_s), longest_s);
  const core::UnixMs until = tx.now() + ttl_s * core::kMsPerSecond;
  const core::Seq seq = tx.append({.operation = store::operation::kHold,
                                   .actor = caller.actor,
                                   .campaign_id = loaded->campaign->id,
                                   .coupon_id = loaded->coupon.id,
                                   .user_id = request.user_id,
                                   .coupon_prev = loaded->coupon.last_seq});
  store::put_hold(tx, {.coupon_id = loaded->coupon.id,
                       .campaign_id = loaded->campaign->id,
                       .user_id = request.user_id,
                       .token_hash = request.token_hash,
                       .expires_at = until});
  store::touch_coupon(tx, loaded->coupon.id, seq);
  return Held{.until = until, .seq = seq};
}

core::Result<Held> release(store::Tx& tx, const Caller& caller, const domain::CodeHash& code,
                           core::UserId user_id, const HoldProof& proof) {
  if (!caller.may_for(user_id, Scope::kRedeem)) return Reason::kForbidden;
  const auto loaded = load_coupon(tx, code);
  if (!loaded) return Reason::kUnknownCode;
  if (!domain::is_live(loaded->hold, tx.now())) return Reason::kNotHeld;
  const domain::Hold& hold = *loaded->hold;
  if (hold.user_id != user_id) return Reason::kHeldByOther;
  if (proof.token_hash != hold.token_hash && !(proof.by_name && !proof.token_hash)) {
    return Reason::kInvalidHoldToken;
  }
  const core::Seq seq = tx.append({.operation = store::operation::kRelease,
                                   .actor = caller.actor,
                                   .campaign_id = hold.campaign_id,
                                   .coupon_id = hold.coupon_id,
                                   .user_id = user_id,
                                   .coupon_prev = loaded->coupon.last_seq});
  store::remove_hold(tx, hold.coupon_id);
  store::touch_coupon(tx, hold.coupon_id, seq);
  return Held{.until = tx.now(), .seq = seq};
}

core::Result<Voided> void_coupon(store::Tx& tx, const Caller& caller, const domain::CodeHash& code,
                                 const std::optional<std::string>& why) {
  if (!caller.may(Scope::kIssue)) return Reason::kForbidden;
  auto loaded = load_coupon(tx, code);
  if (!loaded) return Reason::kUnknownCode;
  domain::Coupon& coupon = loaded->coupon;
  if (auto error = domain::first_refusal(domain::void_rules(coupon))) return *error;
  const bool was_available = coupon.state == CouponState::kAvailable;
  const core::Seq seq = tx.append({.operation = store::operation::kVoid,
                                   .actor = caller.actor,
                                   .campaign_id = coupon.campaign_id,
                                   .coupon_id = coupon.id,
                                   .user_id = coupon.user_id,
                                   .available = was_available ? -1 : 0,
                                   .coupon_prev = coupon.last_seq,
                                   .detail = why});
  const std::int64_t last_slot = loaded->campaign->counters.available - 1;
  store::void_coupon(tx, coupon.id, seq);
  if (coupon.pool_slot) store::move_slot(tx, coupon.campaign_id, last_slot, *coupon.pool_slot);
  if (loaded->hold) store::remove_hold(tx, coupon.id);
  tx.count(coupon.campaign_id, {.available = was_available ? -1 : 0, .voided = 1});
  coupon.state = CouponState::kVoid;
  coupon.pool_slot.reset();
  coupon.last_seq = seq;
  return Voided{.coupon = std::move(coupon), .seq = seq};
}

core::Result<CouponView> view_coupon(store::Connection& connection, const domain::CodeHash& code,
                                     core::UnixMs now) {
  auto coupon = store::find_coupon(connection, code);
  if (!coupon) return Reason::kUnknownCode;
  auto campaign = store::find_campaign(connection, coupon->campaign_id);
  if (!campaign) return Reason::kInternal;
  auto hold = store::find_hold(connection, coupon->id);
  if (!domain::is_live(hold, now)) hold.reset();
  return CouponView{
      .campaign = std::move(*campaign), .coupon = std::move(*coupon), .hold = std::move(hold)};
}

domain::Rules explain_redeem(store::Connection& connection, const CouponView& view,
                             core::UserId user_id, core::UnixMs now) {
  const auto balance = store::find_balance(connection, user_id);
  domain::CouponFacts facts{.campaign = view.campaign,
                            .coupon = view.coupon,
                            .hold = view.hold,
                            .user_id = user_id,
                            .holder_by_name = true,
                            .user_credit = balance ? balance->credit : core::Credit{},
                            .now = now};
  facts.user_redemptions = store::count_redemptions(connection, view.campaign.id, user_id);
  return domain::redeem_rules(facts);
}

}  // namespace coupon::service
