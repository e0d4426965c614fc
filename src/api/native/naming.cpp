#include "src/api/native/naming.h"

#include "coupond/core/ids.h"
#include "coupond/service/naming.h"
#include "coupond/service/reads.h"

namespace coupon::api {

using core::Reason;

core::Result<domain::CodeHash> code_hash(Call& call, std::string_view code) {
  const auto canonical = core::canonical(code);
  if (!canonical.ok()) return Reason::kUnknownCode;
  const core::CodeVault& vault = call.engine.vault();
  const auto hash = vault.hash(*canonical);
  const std::string folded = core::fold_lookalikes(*canonical);
  if (folded == *canonical) return hash;
  return call.read([&](store::Connection& db) -> core::Result<domain::CodeHash> {
    if (service::code_exists(db, hash)) return hash;
    const auto second = vault.hash(folded);
    return service::code_exists(db, second) ? second : hash;
  });
}

core::Result<domain::Campaign> campaign_named(Call& call, std::string_view name) {
  return call.read([&](store::Connection& db) { return service::find_campaign(db, name); });
}

core::Result<domain::User> user_named(Call& call, std::string_view id_or_uuid) {
  return call.read([&](store::Connection& db) { return service::find_user_by_id(db, id_or_uuid); });
}

core::Result<domain::User> account_named(Call& call, std::string_view name) {
  return call.read([&](store::Connection& db) { return service::find_user_named(db, name); });
}

core::Result<domain::User> subject(Call& call, const std::optional<std::string>& id_or_uuid) {
  if (id_or_uuid) return user_named(call, *id_or_uuid);
  if (call.caller.kind != service::Caller::Kind::kUser || !call.caller.scopes.empty()) {
    return core::Error{.reason = Reason::kInvalidRequest,
                       .message = {},
                       .fields = {{.field = "user_id",
                                   .message = "is required: staff and API keys are never the "
                                              "customer unless they are named"}}};
  }
  return user_named(call, std::to_string(call.caller.user_id->value));
}

core::Error as_told(Call& call, core::Error error) {
  const bool of_another = error.reason == Reason::kNotOwner || error.reason == Reason::kNotAssigned;
  if (!of_another || call.caller.may_explain()) return error;
  call.code_exists = true;
  return {.reason = Reason::kUnknownCode, .message = {}};
}

std::string shown_code(const service::Engine& engine, const domain::Coupon& coupon) {
  auto code = engine.vault().open(coupon.code_sealed, coupon.code_hash);
  return code.ok() ? *std::move(code) : std::string();
}

std::string random_token(const service::Engine& engine) {
  core::Block<24> bytes{};
  engine.random()(bytes);
  return core::to_base64url(bytes);
}

}  // namespace coupon::api
