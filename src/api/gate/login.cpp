#include "src/api/gate/login.h"

#include <utility>

#include "coupond/core/email.h"

namespace coupon::api {
namespace {

// Of a name that is nobody's, so much tells one from another.
constexpr std::size_t kNameBytes = 256;

}  // namespace

std::string account_key(core::UserId id) { return std::to_string(id.value); }

core::Result<std::string> account_key(Call& call, std::string_view identifier) {
  return call.read([&](store::Connection& db) -> core::Result<std::string> {
    if (const auto user = service::find_login(db, identifier)) return account_key(user->id);
    const auto email = core::canonical_email(identifier);
    return "nobody " + (email.ok() ? core::account_email(*email)
                                   : std::string(identifier.substr(0, kNameBytes)));
  });
}

core::Result<service::Session> log_in(Call& call, std::string_view identifier,
                                      std::string_view password, service::SessionKind kind) {
  const auto account = account_key(call, identifier);
  if (!account.ok()) return account.error();
  return try_password<service::Session>(call, *account, [&](bool known) {
    return service::log_in(call.engine, identifier, password, known, kind);
  });
}

core::Result<service::NewUser> new_account(Call& call, std::string email, std::string_view password,
                                           std::string name) {
  auto hash = service::hash_new_password(call.engine, password);
  if (!hash.ok()) return hash.error();
  return service::NewUser{
      .email = std::move(email), .name = std::move(name), .password_hash = std::move(*hash)};
}

core::Result<service::Session> open_account(store::Tx& tx, Call& call,
                                            const service::NewUser& wanted,
                                            service::SessionKind kind) {
  auto made = service::create_user(tx, call.engine, call.caller, wanted);
  if (!made.ok()) return made.error();
  return service::start_session(tx, call.engine, made->user, kind);
}

}  // namespace coupon::api
