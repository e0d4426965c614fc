// What the store service's endpoints take and give.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "coupond/domain/user.h"
#include "src/api/services/shared.h"

namespace coupon::api::store_shapes {

// ---- the envelope ----

struct NoData {
  static http::Object<NoData> shape() { return {"StoreNothing", "Nothing.", {}}; }
};

struct StoreError {
  std::string message, code;
  static http::Object<StoreError> shape() {
    return {"StoreErrorDetail",
            "What went wrong; empty where nothing did.",
            {
                text("message", &StoreError::message, "The sentence.").omit_empty(),
                text("code", &StoreError::code, "Its stable name.").omit_empty(),
            }};
  }
};

template <class Data>
struct Envelope {
  int http_status_code = 200;
  std::string http_status = "OK";
  Data data = {};
  NoData error = {};
  core::UnixMs timestamp_value;
  static http::Object<Envelope> shape() {
    using E = Envelope;
    return {"Store" + http::shape_of<Data>().name,
            "The store service's envelope.",
            {
                integer("http_status_code", &E::http_status_code, "The status again."),
                text("http_status", &E::http_status, "In words."),
                object("data", &E::data, "What was asked for."),
                object("error", &E::error, "Empty."),
                timestamp("timestamp", &E::timestamp_value, "When.", core::TimeStyle::kRfc822),
            }};
  }
};

struct ErrorEnvelope {
  int http_status_code = 0;
  std::string http_status;
  NoData data = {};
  StoreError error;
  core::UnixMs timestamp_value;
  static http::Object<ErrorEnvelope> shape() {
    using E = ErrorEnvelope;
    return {"StoreError",
            "The store service's envelope of an error.",
            {
                integer("http_status_code", &E::http_status_code, "The status again."),
                text("http_status", &E::http_status, "In words."),
                object("data", &E::data, "Empty."),
                object("error", &E::error, "What went wrong."),
                timestamp("timestamp", &E::timestamp_value, "When.", core::TimeStyle::kRfc822),
            }};
  }
};

template <class Data>
Envelope<Data> wrap(const Call& call, Data data) {
  return {.data = std::move(data), .timestamp_value = call.now()};
}

// ---- what its objects look like ----

struct StoreUser {
  core::UserId id;
  std::string username, name;
  core::Credit credit;
  static http::Object<StoreUser> shape() {
    using U = StoreUser;
    return {"StoreUser",
            "An account and its credit.",
            {
                integer("id", &U::id, "Its id."),
                text("username", &U::username, "What it logs in with."),
                text("name", &U::name, "Its name."),
                integer("credit", &U::credit, "Its balance."),
            }};
  }
};

inline StoreUser store_user(const domain::User& user) {
  return {.id = user.id,
          .username = user.username.value_or(user.email),
          .name = user.name,
          .credit = user.credit};
}

struct StoreCoupon {
  core::CampaignId id;
  std::string name;
  core::Credit value;
  std::optional<std::int64_t> number_left;
  std::optional<core::UnixMs> expiration_date;
  bool active = true;
  std::optional<std::string> hidden_code = {};
  static http::Object<StoreCoupon> shape() {
    using C = StoreCoupon;
    return {
        "StoreCoupon",
        "A coupon that many may use, each once.",
        {
            integer("id", &C::id, "Its id."),
            text("name", &C::name, "Its name."),
            integer("value", &C::value, "Credit a use costs."),
            integer("number_left", &C::number_left, "Uses left; null: no limit."),
            timestamp("expiration_date", &C::expiration_date, "When it ends; null: never.",
                      core::TimeStyle::kNaiveMicros),
            boolean("active", &C::active, "Whether it can be used."),
            text("hidden_code", &C::hidden_code, "The code; for administrators only.").omit_empty(),
        }};
  }
};

struct PageMeta {
  std::int64_t page = 1, pages = 1, total_count = 0;
  std::optional<std::int64_t> prev_page = {}, next_page = {};
  bool has_next = false, has_prev = false;
  static http::Object<PageMeta> shape() {
    using M = PageMeta;
    return {"StorePageMeta",
            "Where in the list this page is.",
            {
                integer("page", &M::page, "This page."),
                integer("pages", &M::pages, "Pages in all."),
                integer("total_count", &M::total_count, "Items in all."),
                integer("prev_page", &M::prev_page, "The page before."),
                integer("next_page", &M::next_page, "The page after."),
                boolean("has_next", &M::has_next, "Whether there is one after."),
                boolean("has_prev", &M::has_prev, "Whether there is one before."),
            }};
  }
};

constexpr std::int64_t kPageMax = 1'000'000'000;
struct PageInput {
  std::int64_t page = 1;
  std::int64_t per_page = 10;
  static http::Object<PageInput> shape() {
    return {
        "StorePageQuery",
        "Which page.",
        {
            integer("page", &PageInput::page, "From 1.", {.min = -kPageMax, .max = kPageMax})
                .optional(),
            integer("per_page", &PageInput::per_page, "Items in a page.", {.min = 1, .max = 1000})
                .optional(),
        }};
  }
};

inline PageMeta page_meta(const PageInput& in, std::int64_t total) {
  const std::int64_t pages = (total + in.per_page - 1) / in.per_page;
  PageMeta meta{.page = in.page, .pages = pages, .total_count = total};
  meta.has_prev = in.page > 1;
  meta.has_next = in.page < pages;
  if (meta.has_prev) meta.prev_page = in.page - 1;
  if (meta.has_next) meta.next_page = in.page + 1;
  return meta;
}

struct UserList {
  std::vector<StoreUser> users;
  PageMeta meta;
  static http::Object<UserList> shape() {
    return {"StoreUsers",
            "A page of accounts.",
            {list("users", &UserList::users, "The accounts."),
             object("meta", &UserList::meta, "Which page it is.")}};
  }
};

struct OneUser {
  StoreUser user;
  static http::Object<OneUser> shape() {
    return {"StoreOneUser", "An account.", {object("user", &OneUser::user, "The account.")}};
  }
};

struct CouponList {
  std::vector<StoreCoupon> coupons;
  PageMeta meta;
  static http::Object<CouponList> shape() {
    return {"StoreCoupons",
            "A page of coupons.",
            {list("coupons", &CouponList::coupons, "The coupons."),
             object("meta", &CouponList::meta, "Which page it is.")}};
  }
};

struct OneCoupon {
  StoreCoupon coupons;
  static http::Object<OneCoupon> shape() {
    return {"StoreOneCoupon", "A coupon.", {object("coupons", &OneCoupon::coupons, "The coupon.")}};
  }
};

struct LoginInput {
  std::optional<std::string> username, password;
  static http::Object<LoginInput> shape() {
    return {"StoreLogin",
            "Who logs in.",
            {
                text("username", &LoginInput::username, "Username or e-mail address.", {.max = 254})
                    .example("a.faghihi"),
                text("password", &LoginInput::password, "The password.", {.max = 1024}),
            }};
  }
};

struct LoginReply {
  StoreUser user;
  std::string access_token, refresh_token;
  static http::Object<LoginReply> shape() {
    return {"StoreSession",
            "A session.",
            {
                object("user", &LoginReply::user, "The account."),
                text("access_token", &LoginReply::access_token, "For 15 minutes.", {.max = 1024}),
                text("refresh_token", &LoginReply::refresh_token, "For further ones, 30 days.",
                     {.max = 1024}),
            }};
  }
};

struct TokensReply {
  std::string access_token, refresh_token;
  static http::Object<TokensReply> shape() {
    return {"StoreTokens",
            "The next tokens.",
            {
                text("access_token", &TokensReply::access_token, "For 15 minutes.", {.max = 1024}),
                text("refresh_token", &TokensReply::refresh_token, "For further ones, 30 days.",
                     {.max = 1024}),
            }};
  }
};

// What the session layer says instead of an envelope.
constexpr const char* kNoSession = "Missing Authorization Header";
struct SessionRefused {
  std::string msg;
  static http::Object<SessionRefused> shape() {
    return {"StoreSessionRefused",
            "No session, or a token of the wrong kind.",
            {text("msg", &SessionRefused::msg, "Says so.")}};
  }
};

struct CodeInput {
  std::string code;
  static http::Object<CodeInput> shape() {
    return {"StoreCodeName",
            "Which coupon.",
            {text("code", &CodeInput::code, "Its hidden code.", {.min = 1, .max = 128})}};
  }
};

}  // namespace coupon::api::store_shapes
