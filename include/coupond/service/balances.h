// The balance of a coupon that is spent in parts: putting money on it, and moving what is left to
// another. (Spending is redeem() in service/coupons.h.) Each runs on the writer's thread, inside
// one write operation; callers need the scope issue. Amounts are minor units, at least 1.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "coupond/core/result.h"
#include "coupond/domain/coupon.h"
#include "coupond/service/changes.h"
#include "coupond/store/tx.h"

namespace coupon::service {

// kNoBalance for a coupon without one, kVoid, kExpired, kArchived; kBalanceLimitReached beyond
// limits::kAmountMax. One that was spent can be used again.
core::Result<CouponChanged> top_up(store::Tx& tx, const Caller& caller,
                                   const domain::CodeHash& code, std::int64_t amount,
                                   const std::optional<std::string>& why);

struct TransferRequest {
  domain::CodeHash from{};
  domain::CodeHash to{};
  std::optional<std::int64_t> amount = {};  // absent: all that is left
  std::optional<std::string> why = {};
};
struct Transferred {
  std::int64_t amount = 0;
  CouponChanged from;
  CouponChanged to;
};

// Two entries, one for each coupon. What top_up() refuses, of both; kInsufficientBalance with what
// is left as number; kHeldByOther while `from` is held; kCurrencyMismatch; kInvalidRequest for one
// coupon named twice.
core::Result<Transferred> transfer(store::Tx& tx, const Caller& caller,
                                   const TransferRequest& request);

}  // namespace coupon::service
