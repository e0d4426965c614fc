#include "src/api/native/account_shapes.h"

#include <utility>

#include "coupond/core/email.h"
#include "coupond/core/limits.h"
#include "coupond/core/password.h"
#include "src/api/gate/call.h"
#include "src/api/words.h"

namespace coupon::api {

http::Object<UserReply> UserReply::shape() {
  return {
      "User",
      "An account.",
      {
          integer("id", &UserReply::id, "Its number.").example(7),
          text("user_id", &UserReply::user_id, "Its UUID; names it as well as its number does.")
              .example("6f1c2f0e-9d5b-4f5e-8a3e-0b6d7c1a2b3c"),
          text("email", &UserReply::email, "Its address, as compared; empty: it has none.")
              .example("ada@example.com"),
          text("username", &UserReply::username, "Its other name to log in by, if it has one."),
          text("external_id", &UserReply::external_id, "What another system calls the customer."),
          http::boolean(
              "has_password", &UserReply::has_password,
              "Whether anybody can log in; customers whom staff or programs made cannot."),
          text("name", &UserReply::name, "What to call its owner."),
          http::choice("role", &UserReply::role, "What it may do.", role_choices()),
          http::boolean("active", &UserReply::active, "Whether it may log in."),
          integer("credit", &UserReply::credit, "Its balance."),
          timestamp("subscription_ends_at", &UserReply::subscription_ends_at,
                    "When its subscription ends or ended; null: it never had one."),
          timestamp("created_at", &UserReply::created_at, "When it was made."),
          integer("made_by_key", &UserReply::made_by_key,
                  "The API key that made it, or made the account that did; null: people made it."),
      }};
}

UserReply user_reply(const domain::User& user) {
  return {.id = user.id,
          .user_id = user.uuid,
          .email = user.email,
          .username = user.username,
          .external_id = user.external_id,
          .has_password = domain::has_password(user),
          .name = user.name,
          .role = user.role,
          .active = user.active,
          .credit = user.credit,
          .subscription_ends_at = user.subscription_ends_at,
          .created_at = user.created_at,
          .made_by_key = user.made_by_key};
}

http::Object<ChangedUserReply> ChangedUserReply::shape() {
  return {"ChangedUser",
          "An account as it is after a change.",
          {
              http::include(&ChangedUserReply::user),
              integer("seq", &ChangedUserReply::seq, "The change's last ledger entry."),
          }};
}

http::Object<SessionReply> SessionReply::shape() {
  using S = SessionReply;
  return {
      "Session",
      "Somebody logged in.",
      {
          text("access_token", &S::access_token, "Send it as Authorization: Bearer.",
               {.max = 1024}),
          text("token_type", &S::token_type, "Always Bearer."),
          integer("expires_in", &S::expires_in, "Seconds the access token is good for."),
          text("refresh_token", &S::refresh_token,
               "Good for one use within 30 days, at auth/refresh; absent where it is a cookie.")
              .omit_empty(),
          http::object("user", &S::user, "Who."),
          integer("seq", &S::seq, "The ledger entry, where the account was changed.").omit_empty(),
      }};
}

SessionReply session_reply(service::Session session, std::optional<core::Seq> seq) {
  return {.access_token = std::move(session.access_token),
          .expires_in = session.expires_in_s,
          .refresh_token = std::move(session.refresh_token),
          .user = user_reply(session.user),
          .seq = seq};
}

SessionReply opened_session(const Call& call, const service::Session& session, core::Seq seq) {
  SessionReply reply = session_reply(session, seq);
  if (call.dry_run) {
    reply.access_token = "none: this was a dry run";
    reply.refresh_token = reply.access_token;
  }
  return reply;
}

http::Choices<domain::Role> role_choices() {
  return {{"user", domain::Role::kUser},
          {"staff", domain::Role::kStaff},
          {"admin", domain::Role::kAdmin}};
}

http::Choices<domain::Role> capital_role_choices() {
  return {{"USER", domain::Role::kUser},
          {"STAFF", domain::Role::kStaff},
          {"ADMIN", domain::Role::kAdmin}};
}

http::Text email_rule() {
  return {.min = 1,
          .max = core::limits::kEmailMaxBytes,
          .format = "email",
          .check = [](std::string_view text) { return core::canonical_email(text).ok(); },
          .expected = "an e-mail address"};
}

http::Text new_password_rule() {
  return {.min = core::limits::kPasswordMinBytes,
          .max = core::limits::kPasswordMaxBytes,
          .format = "password",
          .check = [](std::string_view text) { return !core::password_problem(text); },
          .expected = "8 to 1024 bytes with a letter and a digit, and not a common one"};
}

http::Text native_password_rule() {
  http::Text rule = new_password_rule();
  rule.check = [](std::string_view text) {
    return !core::password_problem(text) && !core::is_common_password(text);
  };
  rule.expected =
      "8 to 1024 bytes with a letter and a digit, and not a common one, however disguised";
  return rule;
}

http::Text password_rule() {
  return {.min = 1, .max = core::limits::kPasswordMaxBytes, .format = "password"};
}

}  // namespace coupon::api
