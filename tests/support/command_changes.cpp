// The commands that change a coupon that is out.
#include "coupond/service/changes.h"
#include "tests/support/command.h"

namespace coupon::test {
namespace {

using Kind = Command::Kind;

std::optional<std::int64_t> uses_of(const Command& command) {
  return command.number > 0 ? std::optional(command.number) : std::nullopt;
}

core::Result<service::CouponChanged> change(store::Tx& tx, const service::Caller& caller,
                                            core::CouponId id, const Command& command) {
  if (command.kind == Kind::kRestore) {
    return service::restore_coupon(tx, caller, id, std::nullopt);
  }
  if (command.kind == Kind::kFree) return service::free_coupon(tx, caller, id, std::nullopt);
  if (command.kind == Kind::kReassign) {
    return service::reassign(tx, caller, id, {command.user}, std::nullopt);
  }
  service::Terms terms;
  terms.max_uses.emplace(uses_of(command));
  if (command.until) terms.expires_at.emplace(command.until);
  return service::change_terms(tx, caller, id, terms, std::nullopt);
}

}  // namespace

bool is_change(Kind kind) {
  return kind == Kind::kRestore || kind == Kind::kFree || kind == Kind::kTerms ||
         kind == Kind::kReassign;
}

core::Result<Effect> execute_change(store::Tx& tx, const service::Caller& caller,
                                    const Command& command) {
  const auto id = service::coupon_of(tx, command.code.value());
  if (!id.ok()) return id.error();
  const auto done = change(tx, caller, *id, command);
  if (!done.ok()) return done.error();
  return Effect{.seq = done->seq, .at = tx.now(), .coupons = {{done->coupon.code_hash, id->value}}};
}

ReferenceModel::Verdict expected_change(const World& world, World::Id coupon,
                                        const Command& command) {
  switch (command.kind) {
    case Kind::kRestore:
      return world.model.may_restore(command.who, coupon);
    case Kind::kFree:
      return world.model.may_free(command.who, coupon);
    case Kind::kTerms:
      return world.model.may_set_uses(command.who, coupon, uses_of(command));
    default:
      return world.model.may_reassign(command.who, coupon, command.user);
  }
}

void apply_change(World& world, World::Id coupon, const Command& command, const Effect& effect) {
  ReferenceModel::Coupon& target = world.model.coupons.at(coupon);
  switch (command.kind) {
    case Kind::kRestore:
      target.is_void = false;
      return;
    case Kind::kFree:
      target.is_void = target.is_freed = true;
      target.holds.clear();
      world.coupons.erase(command.code.value());
      world.coupons.emplace(effect.coupons.at(0).first, coupon);
      return;
    case Kind::kTerms:
      target.max_uses = uses_of(command);
      if (command.until) target.expires_at = command.until;
      return;
    default:
      target.owner = command.user;
      target.holds.clear();
  }
}

}  // namespace coupon::test
