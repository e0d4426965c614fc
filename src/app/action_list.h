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

// {after, limit} → {items: [{id, email, name, role, active, credit, created_at}]}
core::Result<Json> user_list(service::Engine& engine, const Json& in);
// {user, role} → {email, role}; a user is named by e-mail, username, id or UUID
core::Result<Json> user_set_role(service::Engine& engine, const Json& in);
// {user, add, reason} → {email, credit}
core::Result<Json> user_set_credit(service::Engine& engine, const Json& in);

// {} → {items: [{id, slug, mode, name, active, archived, issued, redeemed, remaining}]}
core::Result<Json> campaign_list(service::Engine& engine, const Json& in);
// {mode, fields: {name: text}} → {id, slug, seq}; see campaign_fields.h
core::Result<Json> campaign_create(service::Engine& engine, const Json& in);
// {campaign, fields: {name: text}} → {id, slug, seq}
core::Result<Json> campaign_set(service::Engine& engine, const Json& in);

// {campaign, count} → {codes: [text]}; up to limits::kGenerateAtOnceMax
core::Result<Json> codes_generate(service::Engine& engine, const Json& in);
// {campaign, codes: [text]} → {stored, refused: [{index, reason}]}; up to a thousand
core::Result<Json> codes_import(service::Engine& engine, const Json& in);
// {campaign, after} → {text, after}: the next lines of the CSV; an empty text is the end
core::Result<Json> codes_export(service::Engine& engine, const Json& in);

}  // namespace coupon::app
