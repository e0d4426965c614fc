#include "src/service/import_past.h"

#include "coupond/core/flat_json.h"

namespace coupon::service {
namespace {

// Whether all uses of the line were recorded. A campaign that is not open, or that needs to know
// who redeems, refuses the first already.
bool record_uses(store::Tx& tx, const Caller& caller, const domain::CodeHash& code,
                 const ImportLine& line) {
  if (line.uses == 0) return false;
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

core::Result<std::string> keep_past(store::Tx& tx, const domain::Job& job,
                                    const domain::CodeHash& code, const ImportLine& line) {
  const Caller caller = Caller::job(job.id);
  if (record_uses(tx, caller, code, line)) return std::string();
  const std::string why = line.ended.empty() ? "used in part before the import" : line.ended;
  const auto ended = void_coupon(tx, caller, code, why);
  if (!ended) return ended.error();
  if (!line.ended.empty()) return std::string();
  return "stored void: its " + std::to_string(line.uses) +
         " uses cannot be recorded in this campaign";
}

}  // namespace coupon::service
