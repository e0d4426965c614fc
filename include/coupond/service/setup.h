// The set-up link: a first start without an administrator prints one, and whoever opens it within
// 30 minutes makes the administrator. Its token is 32 random bytes, good for one use, kept as a
// hash, and worth nothing once there is an administrator, however made. A restart prints a new one
// and ends the old.
//
// An invitation is the same for a customer whom staff or a program made and who has no password
// yet: whoever opens its link within 14 days sets one. It ends by its use, by another invitation of
// the account, and as soon as the account has a password.
#pragma once

#include <string>
#include <string_view>

#include "coupond/core/result.h"
#include "coupond/service/accounts.h"
#include "coupond/service/engine.h"

namespace coupon::service {

// A new token, which ends all earlier ones. For a start that has found no administrator; any
// thread.
core::Result<std::string> make_setup_token(Engine& engine);

// Whether the token would make an administrator now: asked before a password is hashed for it.
// kInvalidToken otherwise, with a sentence that says what to do.
core::Result<core::Done> check_setup_token(Engine& engine, std::string_view token);

// Uses the token up and makes the first administrator, both or neither; of several that race, one
// wins. kInvalidToken as above; kInvalidRequest, kEmailTaken, and then the token stays good.
// Belongs into a body of Writer::run().
core::Result<UserChange> set_up(store::Tx& tx, Engine& engine, std::string_view token,
                                const NewUser& wanted);

struct Invitation {
  std::string token;
  core::UnixMs expires_at;
};
// A new one in place of the account's earlier one; administrators only. kForbidden, kUnknownUser;
// kInvalidRequest where there is no address, or a password already. Belongs into Writer::run().
core::Result<Invitation> invite(store::Tx& tx, Engine& engine, const Caller& caller,
                                core::UserId id);
// Whether it would set a password now. kInvalidToken.
core::Result<core::Done> check_invitation(Engine& engine, std::string_view token);
// Uses it up and sets the password, both or neither. kInvalidToken. Belongs into Writer::run().
core::Result<UserChange> accept_invitation(store::Tx& tx, Engine& engine, std::string_view token,
                                           const std::string& password_hash);

}  // namespace coupon::service
