#include "coupond/domain/coupon.h"

#include "coupond/domain/user.h"
#include "src/domain/names.h"

namespace coupon::domain {
namespace {

constexpr Names<CouponState, 5> kStates{{{{CouponState::kAvailable, "available"},
                                          {CouponState::kAssigned, "assigned"},
                                          {CouponState::kRedeemed, "redeemed"},
                                          {CouponState::kVoid, "void"},
                                          {CouponState::kFreed, "freed"}}}};

constexpr Names<Role, 3> kRoles{
    {{{Role::kUser, "user"}, {Role::kStaff, "staff"}, {Role::kAdmin, "admin"}}}};
constexpr Names<Role, 3> kCapitalRoles{
    {{{Role::kUser, "USER"}, {Role::kStaff, "STAFF"}, {Role::kAdmin, "ADMIN"}}}};

}  // namespace

std::string_view name(CouponState state) { return kStates.name(state); }
std::optional<CouponState> parse_coupon_state(std::string_view text) { return kStates.parse(text); }

CodeHash disguised(CodeHash hash, core::CouponId id) {
  auto bits = static_cast<std::uint64_t>(id.value);
  for (unsigned char& byte : hash) {
    byte = static_cast<unsigned char>(byte ^ 0xff ^ (bits & 0xff));
    bits >>= 8;
  }
  return hash;
}

CodeHash hash_of_code(const Coupon& coupon) {
  if (coupon.state != CouponState::kFreed) return coupon.code_hash;
  return disguised(coupon.code_hash, coupon.id);
}

std::string_view name(Role role) { return kRoles.name(role); }
std::string_view capital_name(Role role) { return kCapitalRoles.name(role); }
std::optional<Role> parse_role(std::string_view text) { return kRoles.parse(text); }

}  // namespace coupon::domain
