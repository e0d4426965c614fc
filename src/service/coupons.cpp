#include "coupond/service/coupons.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "coupond/core/assert.h"
#include "coupond/service/tills.h"
#include "coupond/store/campaigns.h"
#include "coupond/store/coupons.h"
#include "src/service/loading.h"

namespace coupon::service {
namespace {

using core::Reason;
using domain::CouponState;

// A coupon that has got its owner, and its code as displayed.
struct Given {
  domain::Coupon coupon;
  std::string code;
};

// Everything about minting but the ledger entry.
domain::Coupon new_coupon(store::Tx& tx, const domain::Campaign& campaign, core::UserId user_id) {
  COUPOND_ASSERT(domain::traits(campaign.mode).minted);
  COUPOND_ASSERT(user_id.value > 0);
  const domain::Policy& policy = campaign.policy;
  domain::Coupon coupon{.id = store::next_coupon_id(tx),
                        .campaign_id = campaign.id,
                        .number = campaign.counters.issued + 1,
                        .state = CouponState::kAssigned,
                        .user_id = user_id,
                        .max_uses = policy.max_redemptions_per_coupon,
                        .assigned_at = tx.now()};
  if (policy.token_ttl_s) coupon.expires_at = tx.now() + *policy.token_ttl_s * core::kMsPerSecond;
  return coupon;
}

// The prepared code or, when it exists already (a pattern with little room makes the same code
// twice), a new one.
core::Result<FreshCode> free_code(store::Tx& tx, const Mint& mint, const domain::Campaign& campaign,
                                  FreshCode code) {
  constexpr int kTries = 64;
  for (int i = 0; holder_of(tx.db(), code); ++i) {
    if (i == kTries) return Reason::kPatternExhausted;
    auto another = make_code(mint.vault, mint.random, campaign);
    if (!another) return another.error();
    code = std::move(*another);
  }
  return code;
}

core::Result<FreshCode> code_for(store::Tx& tx, const Mint& mint, const domain::Campaign& campaign,
                                 const IssueRequest& request, const domain::Coupon& coupon) {
  if (!request.code_of) return free_code(tx, mint, campaign, request.code.value());
  FreshCode code = request.code_of(coupon);
  if (store::code_exists(tx.db(), code.hash)) return Reason::kBusy;  // of another moment, it is not
  return code;
}

core::Result<Given> mint_one(store::Tx& tx, const Caller& caller, const Mint& mint,
                             const domain::Campaign& campaign, const IssueRequest& request) {
  domain::Coupon coupon = new_coupon(tx, campaign, request.user_id);
  auto code = code_for(tx, mint, campaign, request, coupon);
  if (!code) return code.error();
  coupon.code_hash = code->hash;
  coupon.code_sealed = code->sealed;
  // Who has a token shows all of it: nobody looks for its end, whose tag would cost a random page.
  if (!domain::traits(campaign.mode).token) coupon.tail = code->tail;
  const core::Digest digest =
      store::minted_digest(coupon.code_hash, coupon.max_uses, coupon.expires_at);
  coupon.last_seq = tx.append({.operation = store::operation::kIssue,
                               .actor = caller.actor,
                               .campaign_id = campaign.id,
                               .coupon_id = coupon.id,
                               .user_id = request.user_id,
                               .units = 1,
                               .digest = digest});
  store::insert_coupon(tx, coupon);
  tx.count(campaign.id, {.issued = 1, .assigned = 1});
  return Given{.coupon = std::move(coupon), .code = std::move(code->display)};
}

// Gives an available coupon of a pool to a user and closes the gap it leaves in the draw.
core::Result<Given> give(store::Tx& tx, const Caller& caller, const Mint& mint,
                         domain::Coupon coupon, core::UserId user_id) {
  COUPOND_ASSERT(user_id.value > 0);
  if (!coupon.pool_slot)
    throw store::Contradiction("coupons", coupon.id.value, "has no place in the draw");
  auto code = mint.vault.open(coupon.code_sealed, coupon.code_hash);
  if (!code) return code.error();
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
  return Given{.coupon = std::move(coupon), .code = std::move(*code)};
}

core::Result<Given> draw(store::Tx& tx, const Caller& caller, const Mint& mint,
                         const domain::Campaign& campaign, const IssueRequest& request) {
  COUPOND_ASSERT(campaign.counters.available > 0);
  const auto room = static_cast<std::uint64_t>(campaign.counters.available);
  const auto slot = static_cast<std::int64_t>(request.draw % room);
  auto coupon = store::find_coupon_in_slot(tx.db(), campaign.id, slot);
  if (!coupon) return Reason::kInternal;
  return give(tx, caller, mint, std::move(*coupon), request.user_id);
}

core::Result<Issued> issued(store::Tx& tx, core::Result<Given> given,
                            std::optional<std::int64_t> had) {
  if (!given) return given.error();
  domain::Coupon& coupon = given->coupon;
  COUPOND_ASSERT(coupon.user_id.has_value());
  COUPOND_ASSERT(!had || *had >= 0);
  if (had) tx.note_user(coupon.campaign_id, *coupon.user_id, *had + 1, true);
  const core::Seq seq = coupon.last_seq;
  const domain::Campaign& campaign = *tx.campaign(coupon.campaign_id);
  return Issued{.coupon = std::move(coupon),
                .code = std::move(given->code),
                .campaign_slug = campaign.slug,
                .currency = campaign.policy.currency,
                .remaining = domain::remaining(campaign),
                .at = tx.now(),
                .seq = seq};
}

// How many the user has had, told to the counter table too: it holds whether this one is refused.
// Only where there is a cap, which bounds what has to be counted.
std::optional<std::int64_t> count_user_coupons(store::Tx& tx, const domain::Campaign& campaign,
                                               core::UserId user) {
  if (!campaign.policy.max_per_user) return std::nullopt;
  const std::int64_t coupons = store::count_coupons(tx.db(), campaign.id, user);
  tx.note_user(campaign.id, user, coupons, false);
  return coupons;
}

}  // namespace

core::Result<IssueRequest> prepare_issue(const Mint& mint, const domain::Campaign& campaign,
                                         core::UserId user_id) {
  IssueRequest request{.campaign_id = campaign.id, .user_id = user_id};
  if (domain::traits(campaign.mode).minted) {
    auto code = make_code(mint.vault, mint.random, campaign);
    if (!code) return code.error();
    request.code = std::move(*code);
  } else {
    std::array<unsigned char, sizeof request.draw> bytes{};
    mint.random(bytes);
    std::memcpy(&request.draw, bytes.data(), bytes.size());
  }
  return request;
}

core::Result<Issued> issue(store::Tx& tx, const Caller& caller, const Mint& mint,
                           const IssueRequest& request) {
  if (!caller.may_for(request.user_id, Scope::kIssue)) return Reason::kForbidden;
  const domain::Campaign* campaign = tx.campaign(request.campaign_id);
  if (campaign == nullptr) return Reason::kUnknownCampaign;
  if (domain::traits(campaign->mode).bearer) return Reason::kWrongMode;
  const auto had = count_user_coupons(tx, *campaign, request.user_id);
  if (auto error =
          domain::first_refusal(domain::issue_rules(*campaign, had.value_or(0), tx.now()))) {
    return *error;
  }
  auto given = domain::traits(campaign->mode).minted
                   ? mint_one(tx, caller, mint, *campaign, request)
                   : draw(tx, caller, mint, *campaign, request);
  return issued(tx, std::move(given), had);
}

namespace {

bool is_about_time(const domain::Rule& rule) {
  return rule.reason == Reason::kInactive || rule.reason == Reason::kNotStarted ||
         rule.reason == Reason::kEnded;
}

}  // namespace

core::Result<Issued> assign(store::Tx& tx, const Caller& caller, const Mint& mint,
                            const domain::CodeHash& code, core::UserId user_id,
                            Campaigns campaigns) {
  if (!caller.may_for(user_id, Scope::kIssue)) return Reason::kForbidden;
  auto coupon = store::find_coupon(tx.db(), code);
  if (!coupon) return Reason::kUnknownCode;
  const domain::Campaign* campaign = tx.campaign(coupon->campaign_id);
  if (!domain::traits(campaign->mode).drawn) return Reason::kWrongMode;
  const auto had = count_user_coupons(tx, *campaign, user_id);
  const bool open = campaigns == Campaigns::kOpen;
  const auto closed = domain::first_refusal(domain::open_rules(*campaign, tx.now()));
  if (closed && (open || closed->reason == Reason::kArchived)) return *closed;
  if (domain::is_ended(*coupon)) return Reason::kVoid;
  if (coupon->state != CouponState::kAvailable) return Reason::kAlreadyAssigned;
  auto rules = domain::issue_rules(*campaign, had.value_or(0), tx.now());
  if (!open) std::erase_if(rules, [](const domain::Rule& rule) { return is_about_time(rule); });
  if (auto error = domain::first_refusal(rules)) return *error;
  return issued(tx, give(tx, caller, mint, std::move(*coupon), user_id), had);
}

namespace {

core::Seq append_about(store::Tx& tx, const Caller& caller, std::string_view operation,
                       const LoadedCoupon& loaded, core::UserId user, core::Seq hold) {
  const auto named = user.value != 0 ? std::optional(user) : std::nullopt;
  return tx.append({.operation = operation,
                    .actor = caller.actor,
                    .campaign_id = loaded.campaign->id,
                    .coupon_id = loaded.coupon.id,
                    .user_id = named,
                    .units = hold.value,
                    .coupon_prev = loaded.coupon.last_seq});
}

std::optional<core::Error> refusal_to_hold(store::Tx& tx, const LoadedCoupon& loaded,
                                           const HoldRequest& request, domain::CouponFacts& facts) {
  if (request.renews) {
    facts.hold_token = request.token_hash;
    return domain::first_refusal(domain::renew_rules(facts));
  }
  store::Balance balance;
  if (auto error = load_account(tx, facts.user_id, facts, balance)) return error;
  const bool named = facts.user_id.value != 0;
  if (named) {
    facts.user_live_holds =
        store::count_live_holds(tx.db(), loaded.campaign->id, facts.user_id, tx.now());
  }
  if (auto error = domain::first_refusal(domain::hold_rules(facts))) return error;
  return named ? std::nullopt : needs_customer(loaded.campaign->policy);
}

// Ends a hold of the coupon, whose latest entry becomes this one.
core::Seq end_hold(store::Tx& tx, const Caller& caller, LoadedCoupon& loaded,
                   const domain::Hold& hold) {
  COUPOND_ASSERT(hold.coupon_id == loaded.coupon.id);
  const core::Seq seq =
      append_about(tx, caller, store::operation::kRelease, loaded, hold.user_id, hold.id);
  store::remove_hold(tx, hold.id);
  store::touch_coupon(tx, hold.coupon_id, seq);
  loaded.coupon.last_seq = seq;
  return seq;
}

}  // namespace

core::Result<Held> hold(store::Tx& tx, const Caller& caller, const HoldRequest& request) {
  if (!caller.may_redeem_for(request.user_id)) return Reason::kForbidden;
  if (auto error = needs_cashier(tx.db(), caller)) return *error;
  const auto loaded = load_coupon(tx, request.code);
  if (!loaded) return Reason::kUnknownCode;
  // Of staff who name nobody: the owner's, as a redemption would be.
  core::UserId user = request.user_id;
  if (user.value == 0) user = loaded->coupon.user_id.value_or(user);
  domain::CouponFacts facts = loaded->facts(user, tx.now());
  if (auto error = refusal_to_hold(tx, *loaded, request, facts)) return *error;

  const std::int64_t longest_s = loaded->campaign->policy.hold_ttl_s;
  const std::int64_t ttl_s = std::min(request.ttl_s.value_or(longest_s), longest_s);
  const core::UnixMs until = tx.now() + ttl_s * core::kMsPerSecond;
  const auto renewed = domain::hold_shown(facts);
  const core::Seq seq = append_about(tx, caller, store::operation::kHold, *loaded, user,
                                     renewed ? renewed->id : core::Seq{});
  drop_ended_holds(tx, *loaded);
  if (renewed) {
    store::renew_hold(tx, renewed->id, until);
  } else {
    store::put_hold(tx, {.id = seq,
                         .coupon_id = loaded->coupon.id,
                         .campaign_id = loaded->campaign->id,
                         .user_id = user,
                         .token_hash = request.token_hash,
                         .expires_at = until});
  }
  store::touch_coupon(tx, loaded->coupon.id, seq);
  return Held{.until = until, .seq = seq};
}

core::Result<Held> release(store::Tx& tx, const Caller& caller, const domain::CodeHash& code,
                           core::UserId user_id, const HoldProof& proof) {
  if (!caller.may_redeem_for(user_id)) return Reason::kForbidden;
  if (auto error = needs_cashier(tx.db(), caller)) return *error;
  auto loaded = load_coupon(tx, code);
  if (!loaded) return Reason::kUnknownCode;
  domain::CouponFacts facts = loaded->facts(user_id, tx.now());
  facts.hold_token = proof.token_hash;
  facts.holder_by_name = proof.by_name;
  if (auto error = domain::first_refusal(domain::release_rules(facts))) return *error;
  const domain::Hold shown = domain::hold_shown(facts).value();  // or the rules had refused
  return Held{.until = tx.now(), .seq = end_hold(tx, caller, *loaded, shown)};
}

core::Result<Held> release_any(store::Tx& tx, const Caller& caller, const domain::CodeHash& code,
                               std::optional<core::UserId> user,
                               std::optional<domain::TokenHash> token) {
  if (!caller.may_redeem()) return Reason::kForbidden;
  if (auto error = needs_cashier(tx.db(), caller)) return *error;
  auto loaded = load_coupon(tx, code);
  if (!loaded) return Reason::kUnknownCode;
  if (!domain::held_until(loaded->holds, tx.now())) return Reason::kNotHeld;
  std::optional<core::Seq> last;
  for (const domain::Hold& hold : loaded->holds) {
    if (!domain::is_live(hold, tx.now()) || (user && hold.user_id != *user)) continue;
    if (token && hold.token_hash != *token) continue;
    last = end_hold(tx, caller, *loaded, hold);
  }
  if (!last) return token ? Reason::kInvalidHoldToken : Reason::kHeldByOther;
  return Held{.until = tx.now(), .seq = *last};
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
  for (const domain::Hold& hold : loaded->holds) store::remove_hold(tx, hold.id);
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
  auto holds = store::find_holds(connection, coupon->id);
  std::erase_if(holds, [&](const domain::Hold& hold) { return !domain::is_live(hold, now); });
  return CouponView{
      .campaign = std::move(*campaign), .coupon = std::move(*coupon), .holds = std::move(holds)};
}

domain::Rules explain_redeem(store::Connection& connection, const CouponView& view,
                             core::UserId user_id, core::UnixMs now) {
  const auto balance = store::find_balance(connection, user_id);
  domain::CouponFacts facts{.campaign = view.campaign,
                            .coupon = view.coupon,
                            .holds = view.holds,
                            .user_id = user_id,
                            .holder_by_name = true,
                            .user_credit = balance ? balance->credit : core::Credit{},
                            .now = now};
  if (balance) facts.subscription_ends_at = balance->subscription_ends_at;
  if (view.campaign.policy.max_redemptions_per_user) {
    facts.user_redemptions = store::count_redemptions(connection, view.campaign.id, user_id);
  }
  return domain::redeem_rules(facts);
}

}  // namespace coupon::service
