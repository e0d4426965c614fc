#include "src/api/gate/login.h"

#include <utility>

namespace coupon::api {

core::Result<service::Session> log_in(Call& call, std::string_view identifier,
                                      std::string_view password) {
  return try_password<service::Session>(
      call, identifier, [&] { return service::log_in(call.engine, identifier, password); });
}

core::Result<service::NewUser> new_account(Call& call, std::string email, std::string_view password,
                                           std::string name) {
  auto hash = service::hash_new_password(call.engine, password);
  if (!hash.ok()) return hash.error();
  return service::NewUser{
      .email = std::move(email), .name = std::move(name), .password_hash = std::move(*hash)};
}

core::Result<service::Session> open_account(store::Tx& tx, Call& call,
                                            const service::NewUser& wanted) {
  auto made = service::create_user(tx, call.engine, call.caller, wanted);
  if (!made.ok()) return made.error();
  return service::start_session(tx, call.engine, made->user);
}

}  // namespace coupon::api
