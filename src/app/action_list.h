// Every action, one function each; see actions.h. A missing or wrong input throws Json::exception,
// which perform() turns into an error.
#pragma once

#include "coupond/app/actions.h"

namespace coupon::app {

// {email, name, password} → {id, email}
core::Result<Json> admin_create(service::Engine& engine, const Json& in);
// {email, password} → {id, email, role}
core::Result<Json> admin_reset_password(service::Engine& engine, const Json& in);
// {} → {items: [{id, email, name, active, created_at}]}
core::Result<Json> admin_list(service::Engine& engine, const Json& in);

}  // namespace coupon::app
