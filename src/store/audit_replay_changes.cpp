// The part of Replay that plays changes of coupons that are out, and of their balances.
#include "src/store/audit_replay.h"
#include "src/store/possible.h"

namespace coupon::store {

void Replay::restore_coupon(const LedgerRow& row) {
  if (CouponFact* coupon = chained_coupon(row)) {
    require(coupon->is_void && !coupon->is_freed, row, "its coupon is not void");
    require(coupon->uses == 0, row, "its coupon was used");
    coupon->is_void = false;
  }
  count(row);
}

void Replay::free(const LedgerRow& row) {
  if (CouponFact* coupon = chained_coupon(row)) {
    require(!coupon->is_freed && coupon->uses == 0, row, "its coupon was used, or freed before");
    require(coupon->is_void == (row.units == 0), row, "it says wrongly whether it ends its coupon");
    require(!coupon->available, row, "a freed coupon is not available");
    coupon->is_void = coupon->is_freed = true;
    end_holds_of(row.coupon_id->value, true);
  }
  count(row);
}

void Replay::change_terms(const LedgerRow& row) {
  if (CouponFact* coupon = live_coupon(row)) coupon->terms = digest_prefix(digest_of(row));
  count(row);
}

void Replay::reassign(const LedgerRow& row) {
  require(row.user_id.has_value() && row.available == 0, row, "a coupon is given to somebody");
  user_of(row);
  if (CouponFact* coupon = live_coupon(row)) {
    require(coupon->user_id != 0 && coupon->user_id == row.units, row,
            "its coupon had another owner");
    require(coupon->uses == 0, row, "its coupon was used already");
    coupon->user_id = row.user_id->value;
    end_holds_of(row.coupon_id->value, true);
  }
  count(row);
}

void Replay::top_up(const LedgerRow& row) {
  require(row.value > 0, row, "it puts nothing on its coupon");
  if (CouponFact* coupon = live_coupon(row)) coupon->topped_up += row.value;
  count(row);
}

void Replay::move_out(const LedgerRow& row) {
  require(row.value < 0, row, "it takes nothing from its coupon");
  if (CouponFact* coupon = live_coupon(row)) coupon->topped_up += row.value;
  on_the_move_ = -row.value;
  count(row);
}

void Replay::move_in(const LedgerRow& row) {
  require(row.value == on_the_move_ && row.value > 0, row,
          "the entry before does not take what it puts on its coupon");
  on_the_move_ = 0;
  if (CouponFact* coupon = live_coupon(row)) coupon->topped_up += row.value;
  count(row);
}

}  // namespace coupon::store
