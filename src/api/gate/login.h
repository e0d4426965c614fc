// Logging in and registering, as every family of endpoints does it: rate limits first, then the
// password's hash, then the session. Used on the worker that runs the request.
#pragma once

#include <string>
#include <string_view>

#include "coupond/service/accounts.h"
#include "coupond/service/sessions.h"
#include "src/api/gate/call.h"

namespace coupon::api {

// Runs `attempt`, which compares a password and returns Result<T>, unless too many were wrong for
// this account. Counted as wrong before it runs; only kInvalidCredentials keeps it counted: being
// busy is our fault, and a right one is nobody's.
template <class T, class Attempt>
core::Result<T> try_password(Call& call, std::string_view identifier, Attempt&& attempt) {
  const auto begun = call.rates.begin_login(identifier, call.request);
  if (!begun.ok()) return begun.error();
  core::Result<T> done = attempt();
  const bool wrong = !done.ok() && done.error().reason == core::Reason::kInvalidCredentials;
  call.rates.end_login(*begun, done.ok() ? Rates::LoginOutcome::kRight
                               : wrong   ? Rates::LoginOutcome::kWrong
                                         : Rates::LoginOutcome::kUntried);
  return done;
}

// kRateLimited, kInvalidCredentials, kBusy.
core::Result<service::Session> log_in(Call& call, std::string_view identifier,
                                      std::string_view password);

// A new account, in two steps:
//   const auto wanted = new_account(call, in.email, in.password, in.name);
//   call.write("user.create", [&](store::Tx& tx) { return open_account(tx, call, *wanted); }, …)
// Hashes the password. kInvalidRequest, kBusy.
core::Result<service::NewUser> new_account(Call& call, std::string email, std::string_view password,
                                           std::string name = {});
// The account with a first session. kInvalidRequest, kEmailTaken.
core::Result<service::Session> open_account(store::Tx& tx, Call& call,
                                            const service::NewUser& wanted);

}  // namespace coupon::api
