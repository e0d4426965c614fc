#include "src/api/naming.h"

#include <charconv>

#include "coupond/core/ids.h"
#include "coupond/service/campaigns.h"
#include "coupond/store/users.h"

namespace coupon::api {
namespace {

using core::Reason;

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

core::Result<domain::CodeHash> code_hash(Call& call, std::string_view code) {
  const auto canonical = core::canonical(code);
  if (!canonical.ok()) return Reason::kUnknownCode;
  return call.engine.vault().hash(*canonical);
}

core::Result<domain::Campaign> campaign_named(Call& call, std::string_view name) {
  return call.read([&](store::Connection& db) { return service::find_campaign(db, name); });
}

core::Result<domain::User> user_named(Call& call, std::string_view id_or_uuid) {
  return call.read([&](store::Connection& db) -> core::Result<domain::User> {
    const auto id = whole_number(id_or_uuid);
    auto user =
        id ? store::find_user(db, core::UserId{*id}) : store::find_user_by_uuid(db, id_or_uuid);
    if (!user) return Reason::kUnknownUser;
    return std::move(*user);
  });
}

core::Result<core::UserId> subject(Call& call, const std::optional<std::string>& id_or_uuid) {
  if (!id_or_uuid) {
    if (call.caller.user_id) return *call.caller.user_id;
    return core::Error{
        .reason = Reason::kInvalidRequest,
        .message = {},
        .fields = {{.field = "user_id", .message = "is required when an API key is used"}}};
  }
  const auto user = user_named(call, *id_or_uuid);
  if (!user.ok()) return user.error();
  return user->id;
}

core::Error as_told_to(const service::Caller& caller, core::Error error) {
  const bool of_another = error.reason == Reason::kNotOwner || error.reason == Reason::kNotAssigned;
  if (of_another && !caller.may(service::Scope::kRead))
    return {.reason = Reason::kUnknownCode, .message = {}};
  return error;
}

std::string shown_code(const service::Engine& engine, const domain::Coupon& coupon) {
  auto code = engine.vault().open(coupon.code_sealed, coupon.code_hash);
  return code.ok() ? *std::move(code) : std::string();
}

}  // namespace coupon::api
