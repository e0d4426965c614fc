// What every operation on a coupon loads first.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "coupond/core/assert.h"
#include "coupond/domain/decide.h"
#include "coupond/store/coupons.h"
#include "coupond/store/redemptions.h"
#include "coupond/store/tx.h"

namespace coupon::service {

struct LoadedCoupon {
  const domain::Campaign* campaign;  // the Tx's own: good until the next change to it
  domain::Coupon coupon;
  std::vector<domain::Hold> holds;  // also those that are over

  domain::CouponFacts facts(core::UserId user_id, core::UnixMs now) const {
    return {
        .campaign = *campaign, .coupon = coupon, .holds = holds, .user_id = user_id, .now = now};
  }
};

inline std::optional<LoadedCoupon> load(store::Tx& tx, std::optional<domain::Coupon> coupon) {
  if (!coupon) return std::nullopt;
  const domain::Campaign* campaign = tx.campaign(coupon->campaign_id);
  if (campaign == nullptr) {
    throw store::Contradiction("coupons", coupon->id.value, "belongs to no campaign");
  }
  auto holds = store::find_holds(tx.db(), coupon->id);
  COUPOND_ASSERT(holds.empty() || holds.front().coupon_id == coupon->id);
  return LoadedCoupon{
      .campaign = campaign, .coupon = std::move(*coupon), .holds = std::move(holds)};
}

// Holds that are over leave their use to whoever comes next.
inline void drop_ended_holds(store::Tx& tx, const LoadedCoupon& loaded) {
  for (const domain::Hold& hold : loaded.holds) {
    if (!domain::is_live(hold, tx.now())) store::remove_hold(tx, hold.id);
  }
}

// Why the campaign's coupons cannot be used for nobody's account; nothing where they can.
std::optional<core::Error> needs_customer(const domain::Policy& policy);

// What a rule of the campaign reads of an account; for nobody's, as if it could pay.
std::optional<core::Error> load_account(store::Tx& tx, core::UserId user,
                                        domain::CouponFacts& facts, store::Balance& balance);

inline std::optional<LoadedCoupon> load_coupon(store::Tx& tx, const domain::CodeHash& code) {
  return load(tx, store::find_coupon(tx.db(), code));
}

inline std::optional<LoadedCoupon> load_coupon(store::Tx& tx, core::CouponId id) {
  return load(tx, store::find_coupon(tx.db(), id));
}

}  // namespace coupon::service
