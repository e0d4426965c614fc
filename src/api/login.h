// Logging in and registering, as every family of endpoints does it: rate limits first, then the
// password's hash, then the session. Used on the worker that runs the request.
#pragma once

#include <string>
#include <string_view>

#include "coupond/service/accounts.h"
#include "coupond/service/sessions.h"
#include "src/api/call.h"

namespace coupon::api {

// kRateLimited, kInvalidCredentials, kBusy. A login that succeeds does not count against the limit.
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
