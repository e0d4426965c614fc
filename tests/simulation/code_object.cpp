#include "tests/simulation/code_object.h"

namespace coupon::test {
namespace {

using core::Reason;
using Id = World::Id;
using Kind = Command::Kind;

bool used_up(const CodeRules& rules, const CodeState& code) {
  if (rules.value) return !code.standing.empty() && code.balance() == 0;
  return rules.max_uses && std::int64_t(code.standing.size()) >= *rules.max_uses;
}
bool usable(const CodeRules& rules, const CodeState& code) {
  return code.exists && !code.is_void && !used_up(rules, code);
}
bool theirs(const CodeRules& rules, const CodeState& code, Id user) {
  return rules.bearer || code.owner == user;
}

bool give(const CodeRules& rules, CodeState& code, Id user) {
  if (!usable(rules, code) || code.owner != 0) return false;
  code.owner = user;
  return true;
}

bool make(const CodeRules& rules, CodeState& code, Id owner) {
  if (code.exists) return false;
  code.exists = true;
  code.put_on = rules.value.value_or(0);
  code.owner = owner;
  return true;
}

// Each hold keeps one use; of a balance, all of it.
bool has_room(const CodeRules& rules, const CodeState& code, std::size_t held) {
  if (rules.value && held > 0) return false;
  return !rules.max_uses || std::int64_t(code.standing.size() + held) < *rules.max_uses;
}

bool hold(const CodeRules& rules, CodeState& code, const Command& command) {
  if (!usable(rules, code) || !theirs(rules, code, command.user)) return false;
  if (!has_room(rules, code, code.holds.size())) return false;
  return code.holds.emplace(command.token.value(), command.user).second;
}

bool shows_hold(const CodeState& code, const Command& command) {
  return command.token && code.holds.contains(*command.token);
}

bool release(CodeState& code, const Command& command) {
  if (!shows_hold(code, command) || code.holds.at(*command.token) != command.user) return false;
  return code.holds.erase(*command.token) == 1;
}

bool redeem(const CodeRules& rules, CodeState& code, const Command& command, Id redemption) {
  if (!usable(rules, code) || !theirs(rules, code, command.user)) return false;
  const bool shown = shows_hold(code, command);
  if (!has_room(rules, code, code.holds.size() - (shown ? 1 : 0))) return false;
  if (!shown && (rules.hold_required || command.token)) return false;
  if (shown) code.holds.erase(*command.token);
  const std::int64_t taken = rules.value ? command.amount.value_or(code.balance()) : 0;
  if (rules.value ? taken < 1 || taken > code.balance() : command.amount.has_value()) return false;
  return code.standing.emplace(redemption, taken).second;
}

bool top_up(const CodeRules& rules, CodeState& code, const Command& command) {
  if (!code.exists || code.is_void || !rules.value) return false;
  code.put_on += command.amount.value();
  return true;
}

bool make_void(const CodeRules& rules, CodeState& code) {
  if (!usable(rules, code)) return false;
  code.is_void = true;
  code.holds.clear();
  return true;
}

}  // namespace

bool done(const CodeRules& rules, CodeState& code, const Command& command, Id seq) {
  switch (command.kind) {
    case Kind::kGenerate:
      return make(rules, code, 0);
    case Kind::kIssue:
      return rules.minted ? make(rules, code, command.user) : give(rules, code, command.user);
    case Kind::kAssign:
      return give(rules, code, command.user);
    case Kind::kHold:
      return hold(rules, code, command);
    case Kind::kRelease:
      return release(code, command);
    case Kind::kRedeem:
      return redeem(rules, code, command, seq);
    case Kind::kRollBack:
      return code.standing.erase(command.number) == 1;
    case Kind::kTopUp:
      return top_up(rules, code, command);
    default:
      return make_void(rules, code);
  }
}

bool may_refuse(const CodeRules& rules, const CodeState& code, const Command& command,
                Reason reason) {
  switch (reason) {
    case Reason::kUnknownCode:
      return !code.exists;
    case Reason::kVoid:
      return code.is_void;
    case Reason::kAlreadyRedeemed:
    case Reason::kCouponRedemptionCapReached:
      return used_up(rules, code);
    case Reason::kInsufficientBalance:
      return rules.value && (code.balance() == 0 || command.amount.value_or(1) > code.balance());
    case Reason::kNoBalance:
      return !rules.value;
    case Reason::kAlreadyAssigned:
      return code.owner != 0 || used_up(rules, code);
    case Reason::kNotOwner:
      return code.owner != 0 && code.owner != command.user;
    case Reason::kNotAssigned:
      return code.owner == 0;
    case Reason::kHeldByOther:
      return !code.holds.empty();
    case Reason::kNotHeld:
      return code.holds.empty();
    case Reason::kHoldRequired:
      return !shows_hold(code, command);
    case Reason::kInvalidHoldToken:
      return !shows_hold(code, command) || code.holds.at(*command.token) != command.user;
    default:
      return true;
  }
}

}  // namespace coupon::test
