#include "src/service/import_past.h"

#include "coupond/core/flat_json.h"
#include "coupond/service/accounts.h"
#include "coupond/service/naming.h"
#include "src/service/loading.h"

namespace coupon::service {
namespace {

using core::Result;

// The customer with that address, made now if nobody has it.
Result<core::UserId> customer(store::Tx& tx, Engine& engine, const Caller& caller,
                              const std::string& email) {
  const auto found = find_customer(tx.db(), {.email = email, .external_id = {}});
  if (found.ok()) return found->id;
  if (found.error().reason != core::Reason::kUnknownUser) return found.error();
  const auto made = create_user(tx, engine, caller, {.email = email});
  if (!made.ok()) return made.error();
  return made->user.id;
}

// Why the code cannot be its owner's. Nothing is left of the attempt then, nor of a customer.
std::optional<core::Error> give_to_owner(store::Tx& tx, Engine& engine, const Caller& caller,
                                         const domain::CodeHash& code, const std::string& email) {
  std::optional<core::Error> refused;
  tx.attempt([&] {
    const auto user = customer(tx, engine, caller, email);
    if (!user) refused = user.error();
    if (refused) return false;
    const Mint mint{.vault = engine.vault(), .random = engine.random()};
    const auto given = assign(tx, caller, mint, code, *user, Campaigns::kOpenOrNot);
    if (!given) refused = given.error();
    return !refused;
  });
  return refused;
}

// Whether all uses of the line were recorded. A campaign that is not open, or that needs to know
// who redeems, refuses the first already; nobody is paid again for what was used elsewhere.
bool record_uses(store::Tx& tx, const Caller& caller, const domain::Job& job,
                 const domain::CodeHash& code, const ImportLine& line) {
  if (line.uses == 0 || needs_customer(tx.campaign(job.campaign_id)->policy)) return false;
  RedeemRequest request{.code = code, .walk_in = true};
  request.metadata = core::FlatJsonWriter().add("imported", "used before the import").finish();
  return tx.attempt([&] {
    for (std::int64_t i = 0; i < line.uses; ++i) {
      if (!redeem(tx, caller, request)) return false;
    }
    return true;
  });
}

}  // namespace

Result<std::string> keep_past(store::Tx& tx, Engine& engine, const domain::Job& job,
                              const domain::CodeHash& code, const ImportLine& line) {
  const Caller caller = Caller::job(job.id);
  if (!line.owner.empty()) {
    if (const auto refused = give_to_owner(tx, engine, caller, code, line.owner)) {
      const std::string why(core::name(refused->reason));
      const auto ended = void_coupon(tx, caller, code, "its owner cannot have it: " + why);
      if (!ended) return ended.error();
      return "stored void: it cannot be given to " + line.owner + ": " + why;
    }
  }
  const bool is_used = line.uses > 0 || !line.ended.empty();
  if (!is_used || record_uses(tx, caller, job, code, line)) return std::string();
  const std::string why = line.ended.empty() ? "used in part before the import" : line.ended;
  const auto ended = void_coupon(tx, caller, code, why);
  if (!ended) return ended.error();
  if (!line.ended.empty()) return std::string();
  return "stored void: its " + std::to_string(line.uses) +
         " uses cannot be recorded in this campaign";
}

}  // namespace coupon::service
