// The set-up link: a first start without an administrator prints one, and whoever opens it within
// 30 minutes makes the administrator. Its token is 32 random bytes, good for one use, kept as a
// hash, and worth nothing once there is an administrator, however made. A restart prints a new one
// and ends the old.
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

}  // namespace coupon::service
