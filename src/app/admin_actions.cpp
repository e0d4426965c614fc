#include <nlohmann/json.hpp>

#include "coupond/core/time_text.h"
#include "coupond/service/accounts.h"
#include "src/app/action_list.h"

namespace coupon::app {
namespace {

using service::UserChange;

core::Result<UserChange> set_password(service::Engine& engine, const domain::User& user,
                                      const std::string& hash) {
  return engine.writer().run<UserChange>("admin.reset_password", [&](store::Tx& tx) {
    return change_password(tx, engine, service::Caller::cli(), user.id, hash);
  });
}

}  // namespace

core::Result<Json> admin_create(service::Engine& engine, const Json& in) {
  const auto hash = hash_new_password(engine, in.at("password").get<std::string>());
  if (!hash.ok()) return hash.error();
  const service::NewUser wanted{.email = in.at("email").get<std::string>(),
                                .name = in.at("name").get<std::string>(),
                                .password_hash = *hash,
                                .role = domain::Role::kAdmin};
  const auto made = engine.writer().run<UserChange>("admin.create", [&](store::Tx& tx) {
    return create_user(tx, engine, service::Caller::cli(), wanted);
  });
  if (!made.ok()) return made.error();
  return Json{{"id", made->user.id.value}, {"email", made->user.email}};
}

core::Result<Json> admin_reset_password(service::Engine& engine, const Json& in) {
  const std::string email = in.at("email").get<std::string>();
  const auto user = engine.readers().read<domain::User>(
      [&](store::Connection& connection) { return service::find_user_named(connection, email); });
  if (!user.ok()) return user.error();
  const auto hash = hash_new_password(engine, in.at("password").get<std::string>());
  if (!hash.ok()) return hash.error();
  const auto changed = set_password(engine, *user, *hash);
  if (!changed.ok()) return changed.error();
  return Json{{"id", user->id.value}, {"email", user->email}, {"role", name(user->role)}};
}

core::Result<Json> admin_list(service::Engine& engine, const Json&) {
  const auto users = engine.readers().read<std::vector<domain::User>>(
      [](store::Connection& connection) -> core::Result<std::vector<domain::User>> {
        return list_users(connection, {.role = domain::Role::kAdmin, .limit = 1000});
      });
  if (!users.ok()) return users.error();
  Json items = Json::array();
  for (const domain::User& user : *users) {
    items.push_back({{"id", user.id.value},
                     {"email", user.email},
                     {"name", user.name},
                     {"active", user.active},
                     {"created_at", core::to_rfc3339(user.created_at)}});
  }
  return Json{{"items", std::move(items)}};
}

}  // namespace coupon::app
