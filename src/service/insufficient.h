// The refusal of an amount that is not there, with what is left in words and as its number.
#pragma once

#include <utility>

#include "coupond/domain/money.h"
#include "src/service/loading.h"

namespace coupon::service {

// Any other error stays as it is.
inline core::Error explain_insufficient(core::Error error, const LoadedCoupon& loaded) {
  if (error.reason != core::Reason::kInsufficientBalance) return error;
  const std::int64_t left = loaded.coupon.funds.value().balance;
  error.message = left == 0
                      ? "Nothing is left on this code"
                      : "The balance is too small: " +
                            domain::money_text(left, loaded.campaign->policy.currency) + " left";
  error.number = left;
  return error;
}

}  // namespace coupon::service
