// What the card service's endpoints take and give.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "coupond/core/types.h"
#include "coupond/domain/user.h"
#include "coupond/http/shape.h"
#include "src/api/services/shared.h"

namespace coupon::api::card_shapes {

struct Credentials {
  std::optional<std::string> email, password;
  static http::Object<Credentials> shape() {
    return {"CardCredentials",
            "An e-mail address and a password.",
            {
                text("email", &Credentials::email, "E-mail address.", {.max = 1024})
                    .example("ann@example.com"),
                text("password", &Credentials::password, "The password.", {.max = 2048}),
            }};
  }
};

struct UserReply {
  core::UserId id;
  std::string email;
  core::UnixMs created_at;
  static http::Object<UserReply> shape() {
    return {"CardUser",
            "An account.",
            {
                integer("id", &UserReply::id, "Its id."),
                text("email", &UserReply::email, "Its address."),
                timestamp("created_at", &UserReply::created_at, "When it was made.", kNaive),
            }};
  }
};

struct SessionReply {
  std::string message;
  UserReply user;
  std::string access_token, token_type = "Bearer";
  std::int64_t expires_in = 3600;
  static http::Object<SessionReply> shape() {
    using R = SessionReply;
    return {"CardSession",
            "A session.",
            {
                text("message", &R::message, "What was done."),
                object("user", &R::user, "The account."),
                text("access_token", &R::access_token, "The session's token.", {.max = 1024}),
                text("token_type", &R::token_type, "Bearer"),
                integer("expires_in", &R::expires_in, "Seconds."),
            }};
  }
};

struct ProfileReply {
  UserReply user;
  static http::Object<ProfileReply> shape() {
    return {
        "CardProfile", "One's own account.", {object("user", &ProfileReply::user, "The account.")}};
  }
};

struct UsersQuery {
  core::UserId after = {};
  std::int64_t limit = kRowsUnlessSaid;
  static http::Object<UsersQuery> shape() {
    using Q = UsersQuery;
    return {"CardUsersQuery",
            "Which accounts.",
            {
                integer("after", &Q::after, "Those with greater ids.").optional(),
                integer("limit", &Q::limit, "How many at the most.", kRows).optional(),
            }};
  }
};

struct UsersReply {
  std::vector<UserReply> users;
  static http::Object<UsersReply> shape() {
    return {"CardUsers", "Accounts.", {list("users", &UsersReply::users, "The accounts.")}};
  }
};

struct GenerateInput {
  std::int64_t count = 0;
  static http::Object<GenerateInput> shape() {
    return {"CardGenerate",
            "How many codes to make.",
            {integer("count", &GenerateInput::count, "How many: 1 at least.", {.max = 10'000})
                 .says("Count is required", "Count must be a positive integer",
                       "Count cannot exceed 10,000 codes per request")
                 .example(100)}};
  }
};

struct GenerateReply {
  std::string message;
  std::int64_t count = 0;
  std::vector<std::string> codes;
  static http::Object<GenerateReply> shape() {
    using R = GenerateReply;
    return {"CardGenerated",
            "Codes to be printed.",
            {
                text("message", &R::message, "What was done."),
                integer("count", &R::count, "How many."),
                list("codes", &R::codes, "The codes.", {.max = 10'000}, http::Text{.max = 128}),
            }};
  }
};

struct CodesQuery {
  std::optional<std::string> page, per_page, used;
  static http::Object<CodesQuery> shape() {
    using Q = CodesQuery;
    return {
        "CardCodesQuery",
        "Which codes.",
        {
            text("page", &Q::page, "From 1; 1 where it is no number.", {.max = 64}),
            text("per_page", &Q::per_page, "Codes in a page: 50 unless said, at most 1000.",
                 {.max = 64}),
            text("used", &Q::used, "true: only used ones; false: only unused ones.", {.max = 64}),
        }};
  }
};

struct CodeRow {
  core::CouponId id;
  std::string code;
  bool is_used = false;
  core::UnixMs created_at;
  std::optional<core::UnixMs> expires_at;
  std::optional<core::UserId> redeemed_by;
  std::optional<core::UnixMs> redeemed_at;
  static http::Object<CodeRow> shape() {
    using R = CodeRow;
    return {"CardCode",
            "A code.",
            {
                integer("id", &R::id, "Its id."),
                text("code", &R::code, "The code."),
                boolean("is_used", &R::is_used, "Whether it has been used."),
                timestamp("created_at", &R::created_at, "When it was made.", kNaive),
                timestamp("expires_at", &R::expires_at, "When it ends; null: never.", kNaive),
                integer("redeemed_by", &R::redeemed_by, "Who used it."),
                timestamp("redeemed_at", &R::redeemed_at, "When.", kNaive),
            }};
  }
};

struct CodesReply {
  std::vector<CodeRow> codes;
  std::int64_t total = 0, pages = 0, current_page = 1, per_page = 50;
  static http::Object<CodesReply> shape() {
    using R = CodesReply;
    return {"CardCodes",
            "A page of codes, newest first.",
            {
                list("codes", &R::codes, "The codes."),
                integer("total", &R::total, "Codes in all."),
                integer("pages", &R::pages, "Pages in all."),
                integer("current_page", &R::current_page, "This page."),
                integer("per_page", &R::per_page, "Codes in a page."),
            }};
  }
};

struct RedeemInput {
  std::optional<std::string> user_id, card_code;
  static http::Object<RedeemInput> shape() {
    using I = RedeemInput;
    return {
        "CardRedeem",
        "A card and who enters it.",
        {
            text("user_id", &I::user_id, "One's own id, as a number or its digits.", {.max = 64})
                .or_integer()
                .says("user_id is required", "user_id must be a valid integer"),
            text("card_code", &I::card_code, "The code, in any case, dashes or not.", {.max = 128})
                .or_integer()
                .says("card_code is required", "Invalid card_code format")
                .example("7ZK2M9QW4XTA-1BHC-E5N8RVD3"),
        }};
  }
};

struct RedeemReply {
  std::string message = "Code redeemed successfully";
  bool subscription_extended = true;
  std::optional<core::UnixMs> new_subscription_expiry;
  core::UnixMs redeemed_at;
  static http::Object<RedeemReply> shape() {
    using R = RedeemReply;
    return {"CardRedeemed",
            "The card is used, the subscription extended.",
            {
                text("message", &R::message, "Says so."),
                boolean("subscription_extended", &R::subscription_extended, "true"),
                timestamp("new_subscription_expiry", &R::new_subscription_expiry,
                          "When the subscription ends now.", kNaive),
                timestamp("redeemed_at", &R::redeemed_at, "When.", kNaive),
            }};
  }
};

struct OwnSubscription {
  core::UserId user_id;
  std::string email;
  bool is_subscribed = false;
  std::optional<core::UnixMs> subscription_expires_at;
  static http::Object<OwnSubscription> shape() {
    using R = OwnSubscription;
    return {"CardOwnSubscription",
            "One's own subscription.",
            {
                integer("user_id", &R::user_id, "The account."),
                text("email", &R::email, "Its address."),
                boolean("is_subscribed", &R::is_subscribed, "Whether it runs now."),
                timestamp("subscription_expires_at", &R::subscription_expires_at,
                          "When it ends or ended; null: there never was one.", kNaive),
            }};
  }
};

struct SubscriptionReply {
  core::UserId user_id;
  std::string email;
  bool is_subscribed = false;
  std::string subscription_status;
  std::optional<core::UnixMs> subscription_expires_at;
  std::optional<std::int64_t> days_remaining;
  core::UnixMs created_at;
  static http::Object<SubscriptionReply> shape() {
    using R = SubscriptionReply;
    return {"CardSubscription",
            "A subscription.",
            {
                integer("user_id", &R::user_id, "The account."),
                text("email", &R::email, "Its address."),
                boolean("is_subscribed", &R::is_subscribed, "Whether it runs now."),
                text("subscription_status", &R::subscription_status,
                     "active, expired, or inactive (there never was one)."),
                timestamp("subscription_expires_at", &R::subscription_expires_at,
                          "When it ends or ended.", kNaive),
                integer("days_remaining", &R::days_remaining,
                        "Whole days left; null: it does not run."),
                timestamp("created_at", &R::created_at, "When the account was made.", kNaive),
            }};
  }
};

struct HealthReply {
  std::string status = "healthy";
  std::string message = "User Registration API is running";
  static http::Object<HealthReply> shape() {
    return {"CardHealth",
            "Alive.",
            {
                text("status", &HealthReply::status, "healthy"),
                text("message", &HealthReply::message, "In words."),
            }};
  }
};

}  // namespace coupon::api::card_shapes
