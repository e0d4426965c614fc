// One request to the engine as a value: what a client of the simulator or of a recorded history
// asks for. The same command can be run by the engine, judged by the reference model, and, when it
// was accepted, done to the model. Values only; execute() belongs into a body of the writer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "coupond/core/result.h"
#include "coupond/service/coupons.h"
#include "tests/support/world.h"

namespace coupon::test {

struct Command {
  using Id = World::Id;
  using Who = ReferenceModel::Who;
  enum class Kind {
    kOpenCampaign,  // `opened`
    kGenerate,      // `codes`
    kSetActive,     // `number`: 0 or 1
    kSetCap,        // `number`: the cap
    kArchive,
    kIssue,  // `codes`: one; `draw`
    kAssign,
    kHold,      // `number`: seconds; `token`
    kRelease,   // `token`
    kRedeem,    // `token`, `amount`
    kRollBack,  // `number`: the redemption's id
    kVoid,
    kCredit,    // `number`: added
    kTopUp,     // `amount`
    kTransfer,  // `to`, `amount`; two ledger entries
    kRestore,
    kFree,      // its code finds nothing from then on
    kTerms,     // `number`: uses, 0: no limit; `until`
    kReassign,  // to `user`
  };
  static constexpr int kKinds = 19;

  Kind kind = Kind::kIssue;
  std::string marker = {};  // the actor of its ledger entry
  Who who = Who::kClerk;    // who asks for it, seen from the user
  Id user = 0;
  Id campaign = 0;
  std::optional<domain::CodeHash> code = {};  // of the coupon it is about
  std::optional<domain::TokenHash> token = {};
  std::optional<domain::CodeHash> to = {};
  std::optional<std::int64_t> amount = {};
  std::int64_t number = 0;
  std::optional<core::UnixMs> until = {};
  std::uint64_t draw = 0;
  std::vector<service::FreshCode> codes = {};
  domain::Campaign opened = {};
};

const char* name(Command::Kind kind);

// What an accepted command did.
struct Effect {
  core::Seq seq = {};
  core::UnixMs at = {};
  World::Id campaign = 0;  // opened
  // Made, or the one drawn; of a freed one what finds it now.
  std::vector<std::pair<domain::CodeHash, World::Id>> coupons = {};
  std::optional<core::UnixMs> until = {};   // of a hold, as told
  std::optional<std::int64_t> credit = {};  // the user's balance afterwards, as told
  std::optional<std::int64_t> left = {};    // on the coupon afterwards, as told
};

// Whether staff change a coupon that is out by it; the three below are its part of the functions of
// the same names (command_changes.cpp).
bool is_change(Command::Kind kind);
core::Result<Effect> execute_change(store::Tx& tx, const service::Caller& caller,
                                    const Command& command);
ReferenceModel::Verdict expected_change(const World& world, World::Id coupon,
                                        const Command& command);
void apply_change(World& world, World::Id coupon, const Command& command, const Effect& effect);

// Runs it with the engine.
core::Result<Effect> execute(store::Tx& tx, const service::Mint& mint, const Command& command);

// What the engine should say, at world.model.now: why it is refused, or nothing.
ReferenceModel::Verdict expected(const World& world, const Command& command);

// Does to the world what the engine says it did. What is odd about that; empty when nothing is.
std::string apply(World& world, const Command& command, const Effect& effect);

}  // namespace coupon::test
