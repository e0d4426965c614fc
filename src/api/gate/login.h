// Logging in and registering, as every family of endpoints does it: limits first, then the
// password's hash, then the session. Used on the worker that runs the request.
#pragma once

#include <string>
#include <string_view>

#include "coupond/service/accounts.h"
#include "coupond/service/sessions.h"
#include "src/api/gate/call.h"

namespace coupon::api {

// Runs `attempt(known)`, which compares a password and returns Result<T>, unless too many were
// wrong for this account. `known`: somebody who logged in from there before; they have a place at
// the hashers when strangers are many. Only kInvalidCredentials counts, and it is not told where so
// many came at once that it must not be heard. `account`: from account_key().
template <class T, class Attempt>
core::Result<T> try_password(Call& call, const std::string& account, Attempt&& attempt) {
  using Outcome = Limits::LoginOutcome;
  const auto login = call.limits.begin_login(account, call.request);
  if (!login.ok()) return login.error();
  core::Result<T> done = attempt(login->known);
  const bool wrong = !done.ok() && done.error().reason == core::Reason::kInvalidCredentials;
  const Outcome outcome = done.ok() ? Outcome::kRight : wrong ? Outcome::kWrong : Outcome::kUntried;
  if (auto late = call.limits.end_login(*login, outcome)) return *std::move(late);
  return done;
}

// The one name of an account under which wrong passwords for it are counted, whether it was named
// by username or e-mail and however that was written.
std::string account_key(core::UserId id);
core::Result<std::string> account_key(Call& call, std::string_view identifier);

// kRateLimited, kInvalidCredentials, kBusy.
core::Result<service::Session> log_in(Call& call, std::string_view identifier,
                                      std::string_view password,
                                      service::SessionKind kind = service::SessionKind::kNative);

// A new account, in two steps:
//   const auto wanted = new_account(call, in.email, in.password, in.name);
//   call.write("user.create", [&](store::Tx& tx) { return open_account(tx, call, *wanted); }, …)
// Hashes the password. kInvalidRequest, kBusy.
core::Result<service::NewUser> new_account(Call& call, std::string email, std::string_view password,
                                           std::string name = {});
// The account with a first session. kInvalidRequest, kEmailTaken.
core::Result<service::Session> open_account(
    store::Tx& tx, Call& call, const service::NewUser& wanted,
    service::SessionKind kind = service::SessionKind::kNative);

}  // namespace coupon::api
