#include <nlohmann/json.hpp>

#include "coupond/core/time_text.h"
#include "coupond/service/accounts.h"
#include "src/app/action_list.h"

namespace coupon::app {
namespace {

using service::Caller;
using service::UserChange;

core::Result<domain::User> find_user(service::Engine& engine, const std::string& named) {
  return engine.readers().read<domain::User>(
      [&](store::Connection& connection) -> core::Result<domain::User> {
        return service::find_user_named(connection, named);
      });
}

}  // namespace

core::Result<Json> user_list(service::Engine& engine, const Json& in) {
  const store::UserFilter filter{.after = {in.at("after").get<std::int64_t>()},
                                 .limit = in.at("limit").get<std::int64_t>()};
  const auto users = engine.readers().read<std::vector<domain::User>>(
      [&](store::Connection& connection) -> core::Result<std::vector<domain::User>> {
        return list_users(connection, filter);
      });
  if (!users.ok()) return users.error();
  Json items = Json::array();
  for (const domain::User& user : *users) {
    items.push_back({{"id", user.id.value},
                     {"email", user.email},
                     {"name", user.name},
                     {"role", name(user.role)},
                     {"active", user.active},
                     {"credit", user.credit.value},
                     {"created_at", core::to_rfc3339(user.created_at)}});
  }
  return Json{{"items", std::move(items)}};
}

core::Result<Json> user_set_role(service::Engine& engine, const Json& in) {
  const auto role = domain::parse_role(in.at("role").get<std::string>());
  if (!role) {
    return core::Error{.reason = core::Reason::kInvalidRequest,
                       .message = "A role is user, staff or admin."};
  }
  const auto user = find_user(engine, in.at("user").get<std::string>());
  if (!user.ok()) return user.error();
  const auto changed = engine.writer().run<UserChange>("user.set_role", [&](store::Tx& tx) {
    return update_user(tx, engine, Caller::cli(), user->id, {.role = *role});
  });
  if (!changed.ok()) return changed.error();
  return Json{{"email", changed->user.email}, {"role", name(changed->user.role)}};
}

core::Result<Json> user_set_credit(service::Engine& engine, const Json& in) {
  const core::Credit delta{in.at("add").get<std::int64_t>()};
  const std::string reason = in.at("reason").get<std::string>();
  const auto user = find_user(engine, in.at("user").get<std::string>());
  if (!user.ok()) return user.error();
  const auto changed = engine.writer().run<UserChange>("user.set_credit", [&](store::Tx& tx) {
    return change_credit(tx, engine, Caller::cli(), user->id, delta, reason);
  });
  if (!changed.ok()) return changed.error();
  return Json{{"email", changed->user.email}, {"credit", changed->user.credit.value}};
}

}  // namespace coupon::app
