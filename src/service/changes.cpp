#include "coupond/service/changes.h"

#include <algorithm>
#include <utility>

#include "coupond/core/count_text.h"
#include "src/service/loading.h"

namespace coupon::service {
namespace {

using core::Reason;
using domain::CouponState;

// A coupon's history is short; one longer than this was in use.
constexpr std::size_t kHistoryMax = 10'000;

bool was_ever_used(store::Connection& db, const domain::Coupon& coupon) {
  if (coupon.uses > 0) return true;
  const auto history = store::ledger_of_coupon(db, coupon.last_seq, kHistoryMax);
  return history.size() == kHistoryMax ||
         std::any_of(history.begin(), history.end(), [](const store::LedgerRow& row) {
           return row.operation == store::operation::kRedeem;
         });
}

std::int64_t available_change(CouponState before, CouponState after) {
  return std::int64_t{after == CouponState::kAvailable} -
         std::int64_t{before == CouponState::kAvailable};
}

// The coupon's part of an entry; the rest is each operation's own.
store::Entry entry_of(const Caller& caller, std::string_view operation,
                      const domain::Coupon& coupon, const std::optional<std::string>& why) {
  return {.operation = operation,
          .actor = caller.actor,
          .campaign_id = coupon.campaign_id,
          .coupon_id = coupon.id,
          .user_id = coupon.user_id,
          .coupon_prev = coupon.last_seq,
          .detail = why};
}

CouponChanged changed(const LoadedCoupon& loaded, core::Seq seq) {
  CouponChanged after{.coupon = loaded.coupon,
                      .campaign_slug = loaded.campaign->slug,
                      .currency = loaded.campaign->policy.currency,
                      .seq = seq};
  after.coupon.last_seq = seq;
  return after;
}

std::optional<core::Error> uses_refusal(const LoadedCoupon& loaded,
                                        std::optional<std::int64_t> max_uses) {
  const domain::Coupon& coupon = loaded.coupon;
  if (domain::traits(loaded.campaign->mode).one_code) {
    return core::Error{.reason = Reason::kWrongMode,
                       .message =
                           "The uses of a shared code are its campaign's: change "
                           "max_redemptions_per_coupon there"};
  }
  if (coupon.funds) {
    return core::Error{.reason = Reason::kInvalidRequest,
                       .message = {},
                       .fields = {{"max_uses",
                                   "must be left out: a code with a balance is used until that is "
                                   "spent"}}};
  }
  if (!max_uses || *max_uses >= coupon.uses) return std::nullopt;
  return core::Error{.reason = Reason::kCapBelowUsed,
                     .message = "The code was used " + core::count_text(coupon.uses, "time"),
                     .number = coupon.uses};
}

core::Result<LoadedCoupon> load_for_change(store::Tx& tx, const Caller& caller, core::CouponId id) {
  if (!caller.may(Scope::kIssue)) return Reason::kForbidden;
  auto loaded = load_coupon(tx, id);
  if (!loaded) return Reason::kUnknownCode;
  return *std::move(loaded);
}

}  // namespace

core::Result<core::CouponId> coupon_of(store::Tx& tx, const domain::CodeHash& code) {
  const auto coupon = store::find_coupon(tx.db(), code);
  if (!coupon) return Reason::kUnknownCode;
  return coupon->id;
}

core::Result<CouponChanged> change_terms(store::Tx& tx, const Caller& caller, core::CouponId id,
                                         const Terms& terms,
                                         const std::optional<std::string>& why) {
  auto loaded = load_for_change(tx, caller, id);
  if (!loaded) return loaded.error();
  domain::Coupon& coupon = loaded->coupon;
  if (loaded->campaign->archived_at) return Reason::kArchived;
  if (domain::is_ended(coupon)) return Reason::kVoid;
  if (terms.max_uses) {
    if (auto error = uses_refusal(*loaded, *terms.max_uses)) return *error;
    coupon.max_uses = *terms.max_uses;
  }
  if (terms.expires_at) coupon.expires_at = *terms.expires_at;
  const CouponState before = std::exchange(coupon.state, domain::state_in_use(coupon));
  const std::int64_t available = available_change(before, coupon.state);
  const bool one_code = domain::traits(loaded->campaign->mode).one_code;
  const core::Digest digest =
      store::terms_digest(one_code ? std::nullopt : coupon.max_uses, coupon.expires_at);
  store::Entry entry = entry_of(caller, store::operation::kTerms, coupon, why);
  entry.available = available;
  entry.digest = digest;
  const core::Seq seq = tx.append(entry);
  store::change_terms(tx, coupon, seq);
  CouponChanged after = changed(*loaded, seq);
  tx.count(coupon.campaign_id, {.available = available});
  return after;
}

core::Result<CouponChanged> restore_coupon(store::Tx& tx, const Caller& caller, core::CouponId id,
                                           const std::optional<std::string>& why) {
  auto loaded = load_for_change(tx, caller, id);
  if (!loaded) return loaded.error();
  domain::Coupon& coupon = loaded->coupon;
  if (loaded->campaign->archived_at) return Reason::kArchived;
  if (coupon.state == CouponState::kFreed) return Reason::kVoid;
  if (coupon.state != CouponState::kVoid) return Reason::kNotVoid;
  if (was_ever_used(tx.db(), coupon)) return Reason::kAlreadyRedeemed;
  coupon.state = domain::state_in_use(coupon);
  const std::int64_t available = available_change(CouponState::kVoid, coupon.state);
  if (available == 1 && domain::traits(loaded->campaign->mode).drawn) {
    coupon.pool_slot = loaded->campaign->counters.available;
  }
  store::Entry entry = entry_of(caller, store::operation::kRestoreCoupon, coupon, why);
  entry.available = available;
  const core::Seq seq = tx.append(entry);
  store::restore_coupon(tx, coupon, seq);
  CouponChanged after = changed(*loaded, seq);
  tx.count(coupon.campaign_id, {.available = available, .voided = -1});
  return after;
}

core::Result<CouponChanged> free_coupon(store::Tx& tx, const Caller& caller, core::CouponId id,
                                        const std::optional<std::string>& why) {
  auto loaded = load_for_change(tx, caller, id);
  if (!loaded) return loaded.error();
  domain::Coupon& coupon = loaded->coupon;
  if (coupon.state == CouponState::kFreed) return Reason::kVoid;
  if (was_ever_used(tx.db(), coupon)) return Reason::kAlreadyRedeemed;
  const bool was_void = coupon.state == CouponState::kVoid;
  const std::int64_t available = available_change(coupon.state, CouponState::kFreed);
  store::Entry entry = entry_of(caller, store::operation::kFree, coupon, why);
  entry.units = was_void ? 0 : 1;
  entry.available = available;
  const core::Seq seq = tx.append(entry);
  const std::int64_t last_slot = loaded->campaign->counters.available - 1;
  store::free_coupon(tx, coupon, seq);
  if (coupon.pool_slot) store::move_slot(tx, coupon.campaign_id, last_slot, *coupon.pool_slot);
  for (const domain::Hold& hold : loaded->holds) store::remove_hold(tx, hold.id);
  coupon.code_hash = domain::disguised(coupon.code_hash, coupon.id);
  coupon.state = CouponState::kFreed;
  coupon.pool_slot.reset();
  CouponChanged after = changed(*loaded, seq);
  tx.count(coupon.campaign_id, {.available = available, .voided = entry.units});
  return after;
}

core::Result<CouponChanged> reassign(store::Tx& tx, const Caller& caller, core::CouponId id,
                                     core::UserId user, const std::optional<std::string>& why) {
  auto loaded = load_for_change(tx, caller, id);
  if (!loaded) return loaded.error();
  domain::Coupon& coupon = loaded->coupon;
  const domain::Campaign& campaign = *loaded->campaign;
  const domain::ModeTraits& mode = domain::traits(campaign.mode);
  if (mode.bearer || mode.token) return Reason::kWrongMode;
  if (campaign.archived_at) return Reason::kArchived;
  if (domain::is_ended(coupon)) return Reason::kVoid;
  if (coupon.uses > 0) return Reason::kAlreadyRedeemed;
  if (!coupon.user_id) return Reason::kNotAssigned;
  if (*coupon.user_id == user) {
    return core::Error{.reason = Reason::kInvalidRequest,
                       .message = {},
                       .fields = {{"user_id", "has the coupon already"}}};
  }
  if (const auto& cap = campaign.policy.max_per_user) {
    const std::int64_t had = store::count_coupons(tx.db(), campaign.id, user);
    if (had >= *cap) {
      return core::Error{.reason = Reason::kUserCapReached, .message = {}, .number = *cap};
    }
    const std::int64_t left = store::count_coupons(tx.db(), campaign.id, *coupon.user_id) - 1;
    tx.note_user(campaign.id, user, had + 1, true);
    tx.note_user(campaign.id, *coupon.user_id, left, true);
  }
  store::Entry entry = entry_of(caller, store::operation::kReassign, coupon, why);
  entry.units = coupon.user_id->value;
  entry.user_id = user;
  const core::Seq seq = tx.append(entry);
  store::reassign_coupon(tx, coupon.id, user, seq);
  for (const domain::Hold& hold : loaded->holds) store::remove_hold(tx, hold.id);
  coupon.user_id = user;
  return changed(*loaded, seq);
}

}  // namespace coupon::service
