// Changing what is out: a coupon's uses and end, taking a void back, giving a code free, another
// owner. Each runs on the writer's thread, inside one write operation, and writes one ledger entry
// or refuses and leaves no trace. Callers need the scope issue; a coupon is named by its id.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "coupond/core/result.h"
#include "coupond/domain/coupon.h"
#include "coupond/service/caller.h"
#include "coupond/store/tx.h"

namespace coupon::service {

struct CouponChanged {
  domain::Coupon coupon;  // as it is after
  std::string campaign_slug;
  std::optional<std::string> currency;
  core::Seq seq;
};

// kUnknownCode when no coupon has the code.
core::Result<core::CouponId> coupon_of(store::Tx& tx, const domain::CodeHash& code);

// What shall be another; what is absent stays. An empty inner value: no limit, no end.
struct Terms {
  std::optional<std::optional<std::int64_t>> max_uses = {};
  std::optional<std::optional<core::UnixMs>> expires_at = {};
};
// More uses revive a used-up coupon. kCapBelowUsed, with its uses; kVoid, kArchived; kWrongMode for
// the uses of a shared campaign's code, which follow the campaign; kInvalidRequest for those of a
// coupon with a balance.
core::Result<CouponChanged> change_terms(store::Tx& tx, const Caller& caller, core::CouponId id,
                                         const Terms& terms, const std::optional<std::string>& why);

// Takes a void back. kAlreadyRedeemed when the coupon was ever used, also where that was rolled
// back; kConflict reasons: kNotVoid, kVoid (freed), kArchived.
core::Result<CouponChanged> restore_coupon(store::Tx& tx, const Caller& caller, core::CouponId id,
                                           const std::optional<std::string>& why);

// Ends the coupon, if it is not void already, and lets its code be stored anew, in this campaign or
// another. kAlreadyRedeemed when it was ever used; kVoid when it was freed before.
core::Result<CouponChanged> free_coupon(store::Tx& tx, const Caller& caller, core::CouponId id,
                                        const std::optional<std::string>& why);

// Gives an assigned coupon to another user, and ends its hold. kNotAssigned, kAlreadyRedeemed,
// kVoid, kArchived, kUserCapReached; kWrongMode where codes have no owner, or name them.
core::Result<CouponChanged> reassign(store::Tx& tx, const Caller& caller, core::CouponId id,
                                     core::UserId user, const std::optional<std::string>& why);

}  // namespace coupon::service
