// What the token service's endpoints take and give.
#pragma once

#include <optional>
#include <string>

#include "coupond/http/shape.h"
#include "src/api/native/account_shapes.h"
#include "src/api/services/shared.h"

namespace coupon::api {

struct TokenRegisterInput {
  std::string email;
  std::string password;
  std::string name;
  static http::Object<TokenRegisterInput> shape() {
    using R = TokenRegisterInput;
    return {
        "TokenRegisterRequest",
        "A new account.",
        {
            http::text("email", &R::email, "Its address.", email_rule()).example("ada@example.com"),
            http::text("password", &R::password, "A new one.", new_password_rule())
                .example("correct horse 1"),
            http::text("name", &R::name, "What to call you.", {.max = 256}).optional(),
        }};
  }
};

struct TokenLoginInput {
  std::string email;
  std::string password;
  static http::Object<TokenLoginInput> shape() {
    return {"TokenLoginRequest",
            "Who logs in.",
            {
                http::text("email", &TokenLoginInput::email, "The address.", {.max = 254})
                    .example("ada@example.com"),
                http::text("password", &TokenLoginInput::password, "The password.",
                           {.max = core::limits::kPasswordMaxBytes, .format = "password"})
                    .example("correct horse 1"),
            }};
  }
};

struct TokenUser {
  core::UserId id;
  std::string user_id;
  std::string email;
  std::string name;
  domain::Role role = domain::Role::kUser;
  core::UnixMs created_at;
  static http::Object<TokenUser> shape() {
    using U = TokenUser;
    return {"TokenUser",
            "An account.",
            {
                http::integer("id", &U::id, "Its number."),
                http::text("user_id", &U::user_id, "Its UUID."),
                http::text("email", &U::email, "Its address."),
                http::text("name", &U::name, "What to call its owner."),
                http::choice("role", &U::role, "What it may do.", capital_role_choices()),
                http::timestamp("created_at", &U::created_at, "When it was made.", kNaive),
            }};
  }
};

struct TokenSession {
  std::string access_token;
  std::string token_type = "bearer";
  std::int64_t expires_in = 0;
  std::string refresh_token;
  std::string token;
  TokenUser user;
  core::UserId id;
  std::string email;
  domain::Role role = domain::Role::kUser;
  static http::Object<TokenSession> shape() {
    using S = TokenSession;
    return {"TokenSession",
            "Somebody logged in.",
            {
                http::text("access_token", &S::access_token, "Send it as Authorization: Bearer.",
                           {.max = 1024}),
                http::text("token_type", &S::token_type, "Always bearer."),
                http::integer("expires_in", &S::expires_in, "Seconds it is good for."),
                http::text("refresh_token", &S::refresh_token, "For one use within 30 days."),
                http::text("token", &S::token, "The access token again.", {.max = 1024}),
                http::object("user", &S::user, "Who."),
                http::integer("id", &S::id, "The account's number again."),
                http::text("email", &S::email, "The address again."),
                http::choice("role", &S::role, "The role again.", capital_role_choices()),
            }};
  }
};

struct IssuedToken {
  std::string token;
  core::UnixMs expires_at;
  std::int64_t token_number = 0;
  std::optional<std::int64_t> remaining_tokens;
  std::string user_id;
  static http::Object<IssuedToken> shape() {
    using T = IssuedToken;
    return {"IssuedToken",
            "A token that has just been issued.",
            {
                http::text("token", &T::token, "The signed token.", {.max = 1024}),
                http::timestamp("expires_at", &T::expires_at, "When it is over.", kNaive),
                http::integer("token_number", &T::token_number, "1, 2, 3, without a gap."),
                http::integer("remaining_tokens", &T::remaining_tokens,
                              "Left for everybody; null: no limit."),
                http::text("user_id", &T::user_id, "Whose: a UUID."),
            }};
  }
};

struct TokenInput {
  std::string token;
  static http::Object<TokenInput> shape() {
    return {"TokenRequest",
            "Which token.",
            {http::text("token", &TokenInput::token, "As issued.", {.min = 1, .max = 4096})}};
  }
};

struct TokenValidity {
  bool valid = false;
  std::string message;
  std::optional<std::int64_t> token_number = {};
  std::optional<std::string> user_id = {};
  static http::Object<TokenValidity> shape() {
    using V = TokenValidity;
    return {"TokenValidity",
            "What a token is worth now.",
            {
                http::boolean("valid", &V::valid, "Whether it could be used."),
                http::text("message", &V::message, "Why, or why not."),
                http::integer("token_number", &V::token_number, "Null: unreadable."),
                http::text("user_id", &V::user_id, "Whose; null: unreadable."),
            }};
  }
};

struct UsedToken {
  std::string message = "Token successfully used";
  std::int64_t token_number = 0;
  std::string user_id;
  core::UnixMs used_at;
  static http::Object<UsedToken> shape() {
    using U = UsedToken;
    return {"UsedToken",
            "A token that has just been used.",
            {
                http::text("message", &U::message, "That it worked."),
                http::integer("token_number", &U::token_number, "Its number."),
                http::text("user_id", &U::user_id, "Whose: a UUID."),
                http::timestamp("used_at", &U::used_at, "When.", kNaive),
            }};
  }
};

struct TokenStats {
  std::int64_t tokens_issued = 0;
  std::optional<std::int64_t> tokens_remaining;
  std::optional<std::int64_t> max_tokens;
  std::optional<std::int64_t> max_tokens_per_user;
  bool limit_reached = false;
  core::UnixMs timestamp;
  static http::Object<TokenStats> shape() {
    using S = TokenStats;
    return {"TokenStats",
            "How many tokens there are; null: no limit.",
            {
                http::integer("tokens_issued", &S::tokens_issued, "So far."),
                http::integer("tokens_remaining", &S::tokens_remaining, "Left for everybody."),
                http::integer("max_tokens", &S::max_tokens, "Ever."),
                http::integer("max_tokens_per_user", &S::max_tokens_per_user, "For each user."),
                http::boolean("limit_reached", &S::limit_reached, "Whether none is left."),
                http::timestamp("timestamp", &S::timestamp, "Now.", kNaive),
            }};
  }
};

struct TokenUserStats {
  std::string user_id;
  std::int64_t user_tokens_issued = 0;
  std::optional<std::int64_t> user_tokens_remaining;
  std::optional<std::int64_t> max_tokens_per_user;
  bool user_limit_reached = false;
  core::UnixMs timestamp;
  static http::Object<TokenUserStats> shape() {
    using S = TokenUserStats;
    return {
        "TokenUserStats",
        "How many tokens the caller has had; null: no limit.",
        {
            http::text("user_id", &S::user_id, "Whose: a UUID."),
            http::integer("user_tokens_issued", &S::user_tokens_issued, "So far."),
            http::integer("user_tokens_remaining", &S::user_tokens_remaining, "Left for them."),
            http::integer("max_tokens_per_user", &S::max_tokens_per_user, "For each user."),
            http::boolean("user_limit_reached", &S::user_limit_reached, "Whether none is left."),
            http::timestamp("timestamp", &S::timestamp, "Now.", kNaive),
        }};
  }
};

struct TokenHealth {
  std::string status;
  bool redis_connected = false;
  core::UnixMs timestamp;
  static http::Object<TokenHealth> shape() {
    using H = TokenHealth;
    return {"TokenHealth",
            "Whether the service works.",
            {
                http::text("status", &H::status, "healthy or unhealthy."),
                http::boolean("redis_connected", &H::redis_connected,
                              "Whether the in-process counter table works; it took the place of "
                              "the Redis this service once needed."),
                http::timestamp("timestamp", &H::timestamp, "Now.", kNaive),
            }};
  }
};

}  // namespace coupon::api
