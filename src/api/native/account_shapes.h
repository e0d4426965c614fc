// How accounts and sessions look in the native API.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "coupond/core/types.h"
#include "coupond/domain/user.h"
#include "coupond/http/shape.h"
#include "coupond/service/sessions.h"

namespace coupon::api {

struct Call;

// An account, for itself and for administrators. Never its password's hash.
struct UserReply {
  core::UserId id;
  std::string user_id;
  std::string email;
  std::optional<std::string> username;
  std::optional<std::string> external_id;
  bool has_password = true;
  std::string name;
  domain::Role role = domain::Role::kUser;
  bool active = true;
  core::Credit credit;
  std::optional<core::UnixMs> subscription_ends_at;
  core::UnixMs created_at;
  std::optional<std::int64_t> made_by_key;
  static http::Object<UserReply> shape();
};
UserReply user_reply(const domain::User& user);

// The same after a change.
struct ChangedUserReply {
  UserReply user;
  core::Seq seq;
  static http::Object<ChangedUserReply> shape();
};

struct SessionReply {
  std::string access_token;
  std::string token_type = "Bearer";
  std::int64_t expires_in = 0;
  std::optional<std::string> refresh_token;  // absent where it is a cookie
  UserReply user;
  std::optional<core::Seq> seq;  // where opening it changed the account
  static http::Object<SessionReply> shape();
};
SessionReply session_reply(service::Session session, std::optional<core::Seq> seq = {});
// The same from a write operation: a dry run shows no tokens, which would outlive it.
SessionReply opened_session(const Call& call, const service::Session& session, core::Seq seq);

// ---- Fields of requests that mean the same everywhere ----

http::Choices<domain::Role> role_choices();
http::Choices<domain::Role> capital_role_choices();  // "ADMIN"
// For a new e-mail address and a new password: their rules, as far as a shape can tell them.
http::Text email_rule();
http::Text new_password_rule();
// The native API's, which knows common passwords in disguise too; the five services' clients were
// promised the rule alone.
http::Text native_password_rule();
// For one that is only compared: no rule but a bound.
http::Text password_rule();

}  // namespace coupon::api
