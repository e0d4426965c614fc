// What every operation on a coupon loads first.
#pragma once

#include <optional>
#include <utility>

#include "coupond/core/assert.h"
#include "coupond/domain/decide.h"
#include "coupond/store/coupons.h"
#include "coupond/store/tx.h"

namespace coupon::service {

struct LoadedCoupon {
  const domain::Campaign* campaign;  // the Tx's own: good until the next change to it
  domain::Coupon coupon;
  std::optional<domain::Hold> hold;

  domain::CouponFacts facts(core::UserId user_id, core::UnixMs now) const {
    return {.campaign = *campaign, .coupon = coupon, .hold = hold, .user_id = user_id, .now = now};
  }
};

inline std::optional<LoadedCoupon> load(store::Tx& tx, std::optional<domain::Coupon> coupon) {
  if (!coupon) return std::nullopt;
  const domain::Campaign* campaign = tx.campaign(coupon->campaign_id);
  if (campaign == nullptr) {
    throw store::Contradiction("coupons", coupon->id.value, "belongs to no campaign");
  }
  auto hold = store::find_hold(tx.db(), coupon->id);
  COUPOND_ASSERT(!hold || hold->coupon_id == coupon->id);
  return LoadedCoupon{.campaign = campaign, .coupon = std::move(*coupon), .hold = std::move(hold)};
}

inline std::optional<LoadedCoupon> load_coupon(store::Tx& tx, const domain::CodeHash& code) {
  return load(tx, store::find_coupon(tx.db(), code));
}

inline std::optional<LoadedCoupon> load_coupon(store::Tx& tx, core::CouponId id) {
  return load(tx, store::find_coupon(tx.db(), id));
}

}  // namespace coupon::service
