// One coupon as an object of its own, for the search of linear orders: its state, and what each
// request does to it. Rules written down apart from the reference model's, so that a mistake in one
// shows as a difference from the other. Values; pure.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>

#include "coupond/core/error.h"
#include "tests/support/command.h"

namespace coupon::test {

struct CodeState {
  bool exists = false;
  bool is_void = false;
  World::Id owner = 0;
  std::map<World::Id, std::int64_t> standing = {};    // redemptions, with what each took
  std::int64_t put_on = 0;                            // of a code with a balance
  std::map<domain::TokenHash, World::Id> holds = {};  // whose, by token

  auto operator<=>(const CodeState&) const = default;

  std::int64_t balance() const {
    std::int64_t left = put_on;
    for (const auto& [redemption, taken] : standing) left -= taken;
    return left;
  }
};

// What does not change of a code.
struct CodeRules {
  bool bearer = false;
  bool minted = false;
  bool hold_required = false;
  std::optional<std::int64_t> max_uses = {};
  std::optional<std::int64_t> value = {};  // it is made with; absent: it has no balance
};

// Does to the code what an accepted request did, in the ledger entry `seq`; false when it could not
// have been accepted in this state.
bool done(const CodeRules& rules, CodeState& code, const Command& command, World::Id seq);

// Whether the code's state allows that refusal; what rests on other objects is judged there.
bool may_refuse(const CodeRules& rules, const CodeState& code, const Command& command,
                core::Reason reason);

}  // namespace coupon::test
