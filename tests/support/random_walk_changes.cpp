// The steps of a RandomWalk that change coupons that are out.
#include "coupond/service/changes.h"
#include "tests/support/random_walk.h"

namespace coupon::test {

std::string RandomWalk::restore() {
  if (model_.coupons.empty()) return {};
  Id coupon = any_coupon();
  for (int i = 0; i < 20 && !model_.coupons.at(coupon).is_void; ++i) coupon = any_coupon();
  const Who who = any_clerk();
  const auto expected = model_.may_restore(who, coupon);
  const auto done = fixture_.run<service::CouponChanged>([&](store::Tx& tx) {
    return service::restore_coupon(tx, caller(who, any_user()), {coupon}, std::nullopt);
  });
  if (done.ok()) model_.coupons.at(coupon).is_void = false;
  return judge("restore", expected, done);
}

std::string RandomWalk::free() {
  if (model_.coupons.empty()) return {};
  const Id coupon = any_coupon();
  const Who who = any_clerk();
  const auto expected = model_.may_free(who, coupon);
  const auto done = fixture_.run<service::CouponChanged>([&](store::Tx& tx) {
    return service::free_coupon(tx, caller(who, any_user()), {coupon}, std::nullopt);
  });
  if (done.ok()) {
    Model::Coupon& target = model_.coupons.at(coupon);
    target.is_void = target.is_freed = true;
    target.holds.clear();
    // What finds it now; its code finds nothing.
    hashes_[coupon] = done->coupon.code_hash;
  }
  return judge("free", expected, done);
}

std::string RandomWalk::set_terms() {
  if (model_.coupons.empty()) return {};
  const Id coupon = any_coupon();
  const Who who = any_clerk();
  std::optional<std::int64_t> uses;
  if (!one_in(4)) uses = 1 + below(4);
  const core::UnixMs end{model_.now.value + below(600'000)};
  service::Terms terms;
  terms.max_uses.emplace(uses);
  if (one_in(3)) terms.expires_at.emplace(end);
  const auto expected = model_.may_set_uses(who, coupon, uses);
  const auto done = fixture_.run<service::CouponChanged>([&](store::Tx& tx) {
    return service::change_terms(tx, caller(who, any_user()), {coupon}, terms, std::nullopt);
  });
  if (done.ok()) {
    model_.coupons.at(coupon).max_uses = uses;
    if (terms.expires_at) model_.coupons.at(coupon).expires_at = end;
  }
  return judge("terms", expected, done);
}

std::string RandomWalk::reassign() {
  if (model_.coupons.empty()) return {};
  const Id coupon = any_coupon();
  const Id user = any_user();
  const Who who = any_clerk();
  const auto expected = model_.may_reassign(who, coupon, user);
  const auto done = fixture_.run<service::CouponChanged>([&](store::Tx& tx) {
    return service::reassign(tx, caller(who, any_user()), {coupon}, {user}, std::nullopt);
  });
  if (done.ok()) {
    model_.coupons.at(coupon).owner = user;
    model_.coupons.at(coupon).holds.clear();
  }
  return judge("reassign", expected, done);
}

}  // namespace coupon::test
