// What the book service's endpoints take and give. Its ids are opaque texts; objects carry both
// `_id` and `id`.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "coupond/core/limits.h"
#include "coupond/core/time_text.h"
#include "coupond/core/types.h"
#include "coupond/domain/campaign.h"
#include "coupond/domain/user.h"
#include "coupond/http/shape.h"
#include "src/api/services/shared.h"

namespace coupon::api::book_shapes {

// Its clients read times as JavaScript writes them.
constexpr core::TimeStyle kIso = core::TimeStyle::kIsoMillis;

constexpr http::Text kId{.min = 1, .max = 64};
constexpr http::Text kCode{.min = 1, .max = 128};
constexpr http::Integer kLimit{.min = 0, .max = core::limits::kUserCapMax};

constexpr http::Text kDate{
    .min = 1,
    .max = 100,
    .check = [](std::string_view text) { return core::parse_javascript_time(text).ok(); },
    .expected = "a time such as 2026-11-20T14:00:00.000Z, or a date"};

struct LoginInput {
  std::string email, password;
  static http::Object<LoginInput> shape() {
    return {"BookLogin",
            "Who logs in.",
            {
                text("email", &LoginInput::email, "E-mail address.", {.min = 1, .max = 254}),
                text("password", &LoginInput::password, "The password.", {.min = 8, .max = 1024}),
            }};
  }
};

struct LoginReply {
  std::string token, refresh_token;
  static http::Object<LoginReply> shape() {
    return {"BookSession",
            "A session.",
            {
                text("token", &LoginReply::token, "For 90 days.", {.max = 1024}),
                text("refreshToken", &LoginReply::refresh_token, "For the next one, once.",
                     {.max = 64}),
            }};
  }
};

struct NewUser {
  std::string first_name, last_name, email, password;
  static http::Object<NewUser> shape() {
    return {"BookNewUser",
            "An account.",
            {
                text("firstName", &NewUser::first_name, "First name.", {.min = 1, .max = 127}),
                text("lastName", &NewUser::last_name, "Last name.", {.min = 1, .max = 127}),
                text("email", &NewUser::email, "E-mail address.", {.min = 1, .max = 254}),
                text("password", &NewUser::password, "8 bytes at least, a letter and a digit.",
                     {.max = 1024}),
            }};
  }
};

struct UserReply {
  std::string object_id, id, first_name, last_name, email;
  domain::Role role = domain::Role::kUser;
  core::UnixMs created_at;
  static http::Object<UserReply> shape() {
    using R = UserReply;
    return {"BookUser",
            "An account, without its password's hash.",
            {
                text("_id", &R::object_id, "Its id.", kId),
                text("id", &R::id, "The same.", kId),
                text("firstName", &R::first_name, "First name.", {.max = 127}),
                text("lastName", &R::last_name, "Last name.", {.max = 127}),
                text("email", &R::email, "E-mail address.", {.max = 254}),
                http::choice("role", &R::role, "What it may do.",
                             {{"user", domain::Role::kUser},
                              {"staff", domain::Role::kStaff},
                              {"admin", domain::Role::kAdmin}}),
                timestamp("createdAt", &R::created_at, "When it was made.", kIso),
            }};
  }
};

// The fields a new book and the book itself share.
struct BookFields {
  std::string name;
  std::string description;
  std::string start_date, end_date;  // as JavaScript reads them, and writes them in a reply
  bool is_active = true;
  std::int64_t max_redemptions_per_user = 1, max_codes_per_user = 1;
  bool allow_multiple_redemptions = false;
  std::optional<std::string> code_pattern;
  static http::Object<BookFields> shape() {
    using B = BookFields;
    return {
        "BookNewBook",
        "A book of coupons; 0 means no limit.",
        {
            text("name", &B::name, "Its name.", {.min = 1, .max = 256}).example("Summer"),
            text("description", &B::description, "What it is for.", {.max = 4096}).optional(),
            text("startDate", &B::start_date, "Open from then on.", kDate)
                .example("2026-01-01T00:00:00.000Z"),
            text("endDate", &B::end_date, "Closed from then on.", kDate)
                .example("2027-01-01T00:00:00.000Z"),
            boolean("isActive", &B::is_active, "Whether it can be used.").optional(),
            integer("maxRedemptionsPerUser", &B::max_redemptions_per_user,
                    "Uses of one coupon by its user, where several are allowed.",
                    {.min = 0, .max = core::limits::kCountMax})
                .optional(),
            integer("maxCodesPerUser", &B::max_codes_per_user, "Coupons a user may get.", kLimit)
                .alias("maxCodesPerUsers")
                .optional(),
            boolean("allowMultipleRedemptions", &B::allow_multiple_redemptions,
                    "Whether a coupon can be used more than once.")
                .optional(),
            text("codePattern", &B::code_pattern, "What codes look like, as in SUMMER-{RANDOM:8}.",
                 {.max = kCode.max}),
        }};
  }
};

struct BookReply {
  std::string object_id, id;
  BookFields fields;
  std::int64_t total_codes = 0;
  core::UnixMs created_at, updated_at;
  static http::Object<BookReply> shape() {
    using R = BookReply;
    return {"Book",
            "A book of coupons.",
            {
                text("_id", &R::object_id, "Its id.", kId),
                text("id", &R::id, "The same.", kId),
                http::include(&R::fields),
                integer("totalCodes", &R::total_codes, "Coupons in it."),
                timestamp("createdAt", &R::created_at, "When it was made.", kIso),
                timestamp("updatedAt", &R::updated_at, "When it was last changed.", kIso),
            }};
  }
};

struct UploadReply {
  std::string book;
  std::int64_t uploaded = 0, total = 0;
  std::string status = "completed";
  static http::Object<UploadReply> shape() {
    using R = UploadReply;
    return {"BookUploaded",
            "The codes are in the book.",
            {
                text("couponBookId", &R::book, "Which book.", kId),
                integer("uploadedCodes", &R::uploaded, "Codes uploaded."),
                integer("totalCodes", &R::total, "Coupons in the book now."),
                text("status", &R::status, "completed"),
            }};
  }
};

struct RandomInput {
  std::string book;
  std::int64_t quantity = 1;
  static http::Object<RandomInput> shape() {
    return {
        "BookRandomCodes",
        "Random codes for a book.",
        {
            text("couponBookId", &RandomInput::book, "Which book.", kId),
            integer("quantity", &RandomInput::quantity, "How many.", {.min = 1, .max = 10'000'000}),
        }};
  }
};

// Done at once, or under way in the background.
struct RandomReply {
  std::string book;
  std::optional<std::int64_t> generated, total;
  std::string status;
  std::optional<std::string> message, job_id;
  static http::Object<RandomReply> shape() {
    using R = RandomReply;
    return {"BookGenerated",
            "Codes made, or being made.",
            {
                text("couponBookId", &R::book, "Which book.", kId),
                integer("generatedCodes", &R::generated, "Codes made.").omit_empty(),
                integer("totalCodes", &R::total, "Coupons in the book now.").omit_empty(),
                text("status", &R::status, "completed or processing"),
                text("message", &R::message, "What goes on in the background.").omit_empty(),
                text("jobId", &R::job_id, "How to follow it.", kId).omit_empty(),
            }};
  }
};

struct AssignInput {
  std::string book, user;
  static http::Object<AssignInput> shape() {
    return {"BookAssign",
            "A random coupon of a book, and for whom.",
            {
                text("couponBookId", &AssignInput::book, "Which book.", kId),
                text("userId", &AssignInput::user, "For whom.", kId).alias("user_id").or_integer(),
            }};
  }
};

struct CodeInput {
  std::string code, user;
  static http::Object<CodeInput> shape() {
    return {"BookCode",
            "A coupon, and for whom.",
            {
                text("code", &CodeInput::code, "The code.", kCode),
                text("userId", &CodeInput::user, "For whom.", kId).alias("user_id").or_integer(),
            }};
  }
};

struct LockInput {
  std::string code, user;
  std::optional<std::int64_t> seconds;
  static http::Object<LockInput> shape() {
    return {"BookLock",
            "A coupon to be locked.",
            {
                text("code", &LockInput::code, "The code.", kCode),
                text("userId", &LockInput::user, "For whom.", kId).alias("user_id").or_integer(),
                integer("lockDurationSeconds", &LockInput::seconds,
                        "How long; the book's own maximum unless said.", {.min = 1, .max = 86'400}),
            }};
  }
};

struct AssignedReply {
  std::string user, coupon_id, book, code;
  core::UnixMs assigned_at;
  static http::Object<AssignedReply> shape() {
    using R = AssignedReply;
    return {"BookAssigned",
            "A coupon has got its owner.",
            {
                text("userId", &R::user, "Its owner.", kId),
                text("couponId", &R::coupon_id, "Its id.", kId),
                text("couponBookId", &R::book, "Its book.", kId),
                text("code", &R::code, "Its code.", kCode),
                timestamp("assignedAt", &R::assigned_at, "When.", kIso),
            }};
  }
};

struct LockReply {
  std::string code, user;
  core::UnixMs locked_until;
  std::string transaction_id;
  static http::Object<LockReply> shape() {
    using R = LockReply;
    return {"BookLocked",
            "The coupon is locked.",
            {
                text("code", &R::code, "The code.", kCode),
                text("userId", &R::user, "Who holds it.", kId),
                timestamp("lockedUntil", &R::locked_until, "The lock ends by itself then.", kIso),
                text("transactionId", &R::transaction_id, "Its ledger entry.", kId),
            }};
  }
};

struct UnlockReply {
  std::string code, user;
  bool released = true;
  static http::Object<UnlockReply> shape() {
    using R = UnlockReply;
    return {"BookUnlocked",
            "The lock is given back.",
            {
                text("code", &R::code, "The code.", kCode),
                text("userId", &R::user, "Who held it.", kId),
                boolean("released", &R::released, "true"),
            }};
  }
};

struct RedeemReply {
  std::string code, user;
  core::UnixMs redeemed_at;
  std::string transaction_id;
  std::optional<std::int64_t> remaining;
  static http::Object<RedeemReply> shape() {
    using R = RedeemReply;
    return {"BookRedeemed",
            "The coupon has been used.",
            {
                text("code", &R::code, "The code.", kCode),
                text("userId", &R::user, "Who used it.", kId),
                timestamp("redeemedAt", &R::redeemed_at, "When.", kIso),
                text("transactionId", &R::transaction_id, "The redemption's id.", kId),
                integer("remainingRedemptions", &R::remaining, "Uses left; null: no limit."),
            }};
  }
};

struct UserName {
  std::string id;
  core::CouponId before = {std::numeric_limits<std::int64_t>::max()};
  std::int64_t limit = kRowsUnlessSaid;
  static http::Object<UserName> shape() {
    using U = UserName;
    return {"BookUserName",
            "Whose, and which.",
            {
                text("id", &U::id, "The user's id.", kId),
                integer("before", &U::before, "Those before this place.").optional(),
                integer("limit", &U::limit, "How many at the most.", kRows).optional(),
            }};
  }
};

struct RedemptionRow {
  core::UnixMs redeemed_at;
  std::string transaction_id;
  static http::Object<RedemptionRow> shape() {
    using R = RedemptionRow;
    return {"BookRedemption",
            "One use.",
            {
                timestamp("redeemedAt", &R::redeemed_at, "When.", kIso),
                text("transactionId", &R::transaction_id, "Its id.", kId),
            }};
  }
};

struct CouponRow {
  std::string coupon_id, book, code, book_name;
  core::UnixMs assigned_at;
  bool is_redeemed = false;
  std::vector<RedemptionRow> redemptions;
  static http::Object<CouponRow> shape() {
    using R = CouponRow;
    return {"BookCoupon",
            "A user's coupon.",
            {
                text("couponId", &R::coupon_id, "Its id.", kId),
                text("couponBookId", &R::book, "Its book.", kId),
                text("code", &R::code, "Its code.", kCode),
                text("bookName", &R::book_name, "Its book's name.", {.max = 256}),
                timestamp("assignedAt", &R::assigned_at, "When the user got it.", kIso),
                boolean("isRedeemed", &R::is_redeemed, "Whether it has been used."),
                list("redemptions", &R::redemptions, "Its uses, newest first."),
            }};
  }
};

}  // namespace coupon::api::book_shapes
