#include "coupond/core/error.h"

#include <array>
#include <cstddef>
#include <utility>

namespace coupon::core {
namespace {

struct Row {
  Reason reason;
  Kind kind;
  std::string_view name;      // on the wire, for ever
  std::string_view sentence;  // for a person, without a full stop
};

// In the order of the enumeration, so that a reason is its own index (checked below).
constexpr std::array kRows = {
    Row{Reason::kInvalidRequest, Kind::kInvalid, "invalid_request", "The request is not valid"},
    Row{Reason::kInvalidJson, Kind::kInvalid, "invalid_json", "The body is not valid JSON"},
    Row{Reason::kInvalidCursor, Kind::kInvalid, "invalid_cursor",
        "The cursor is not one this list gave out"},
    Row{Reason::kInvalidPattern, Kind::kInvalid, "invalid_pattern",
        "The code pattern is not valid"},
    Row{Reason::kInvalidCode, Kind::kInvalid, "invalid_code", "The text cannot be a coupon code"},
    Row{Reason::kIdempotencyMismatch, Kind::kInvalid, "idempotency_mismatch",
        "This Idempotency-Key was used for another request"},
    Row{Reason::kIdempotencyRunning, Kind::kConflict, "idempotency_running",
        "The request with this Idempotency-Key is still running"},

    Row{Reason::kNotAuthenticated, Kind::kUnauthenticated, "not_authenticated",
        "Not authenticated"},
    Row{Reason::kInvalidToken, Kind::kUnauthenticated, "invalid_token", "Invalid or expired token"},
    Row{Reason::kInvalidCredentials, Kind::kUnauthenticated, "invalid_credentials",
        "Invalid credentials"},
    Row{Reason::kForbidden, Kind::kForbidden, "forbidden", "Not allowed"},
    Row{Reason::kRateLimited, Kind::kRateLimited, "rate_limited", "Too many requests"},

    Row{Reason::kNotFound, Kind::kNotFound, "not_found", "Not found"},
    Row{Reason::kUnknownUser, Kind::kNotFound, "unknown_user", "User not found"},
    Row{Reason::kUnknownCampaign, Kind::kNotFound, "unknown_campaign", "Campaign not found"},
    Row{Reason::kUnknownCode, Kind::kNotFound, "unknown_code", "Coupon not found"},
    Row{Reason::kUnknownRedemption, Kind::kNotFound, "unknown_redemption", "Redemption not found"},
    Row{Reason::kUnknownJob, Kind::kNotFound, "unknown_job", "Job not found"},
    Row{Reason::kUnknownApiKey, Kind::kNotFound, "unknown_api_key", "API key not found"},
    Row{Reason::kEmailTaken, Kind::kConflict, "email_taken", "Email already registered"},
    Row{Reason::kUsernameTaken, Kind::kConflict, "username_taken", "Username already taken"},
    Row{Reason::kSlugTaken, Kind::kConflict, "slug_taken",
        "A campaign with this slug already exists"},
    Row{Reason::kDuplicateCode, Kind::kConflict, "duplicate_code", "The code already exists"},

    Row{Reason::kWrongMode, Kind::kConflict, "wrong_mode",
        "The campaign's mode does not allow this"},
    Row{Reason::kInactive, Kind::kConflict, "inactive", "The campaign is not active"},
    Row{Reason::kArchived, Kind::kTooLate, "archived", "The campaign is archived"},
    Row{Reason::kNotArchived, Kind::kConflict, "not_archived", "The campaign is not archived"},
    Row{Reason::kNotStarted, Kind::kTooEarly, "not_started", "The campaign has not started"},
    Row{Reason::kEnded, Kind::kTooLate, "ended", "The campaign has ended"},
    Row{Reason::kCampaignCapReached, Kind::kExhausted, "campaign_cap_reached",
        "The campaign's limit of coupons is reached"},
    Row{Reason::kUserCapReached, Kind::kExhausted, "user_cap_reached",
        "The user's limit of coupons in this campaign is reached"},
    Row{Reason::kNoCouponsLeft, Kind::kExhausted, "no_coupons_left", "No coupons available"},
    Row{Reason::kCouponRedemptionCapReached, Kind::kExhausted, "coupon_redemption_cap_reached",
        "The maximum redemptions for this coupon have been reached"},
    Row{Reason::kUserRedemptionCapReached, Kind::kExhausted, "user_redemption_cap_reached",
        "The user's limit of redemptions in this campaign is reached"},
    Row{Reason::kInsufficientCredit, Kind::kConflict, "insufficient_credit",
        "The credit is too small"},
    Row{Reason::kInsufficientBalance, Kind::kConflict, "insufficient_balance",
        "The coupon's balance is too small"},
    Row{Reason::kNoBalance, Kind::kConflict, "no_balance",
        "The coupon has no balance: its campaign has no value"},
    Row{Reason::kCurrencyMismatch, Kind::kConflict, "currency_mismatch",
        "The two codes are of different currencies"},
    Row{Reason::kBalanceLimitReached, Kind::kConflict, "balance_limit_reached",
        "The credit, subscription or balance would be larger than any may be"},
    Row{Reason::kCapBelowUsed, Kind::kConflict, "cap_below_used",
        "A limit cannot be lower than what is already used"},
    Row{Reason::kTooManyCodes, Kind::kConflict, "too_many_codes",
        "The campaign has too many codes to change them in one request"},
    Row{Reason::kPatternExhausted, Kind::kConflict, "pattern_exhausted",
        "The code pattern has no room for that many codes"},

    Row{Reason::kNotOwner, Kind::kForbidden, "not_owner", "The coupon belongs to somebody else"},
    Row{Reason::kNotAssigned, Kind::kConflict, "not_assigned", "The coupon has no owner yet"},
    Row{Reason::kAlreadyAssigned, Kind::kConflict, "already_assigned",
        "The coupon already has an owner"},
    Row{Reason::kAlreadyRedeemed, Kind::kConflict, "already_redeemed",
        "The coupon has already been redeemed"},
    Row{Reason::kVoid, Kind::kTooLate, "void", "The coupon is void"},
    Row{Reason::kNotVoid, Kind::kConflict, "not_void", "The coupon is not void"},
    Row{Reason::kExpired, Kind::kTooLate, "expired", "The coupon has expired"},
    Row{Reason::kHeldByOther, Kind::kConflict, "held_by_other",
        "Another customer holds the coupon for a while"},
    Row{Reason::kNotHeld, Kind::kConflict, "not_held", "The coupon is not held"},
    Row{Reason::kHoldRequired, Kind::kConflict, "hold_required",
        "The coupon must be held before it is redeemed"},
    Row{Reason::kInvalidHoldToken, Kind::kConflict, "invalid_hold_token",
        "The hold token is not that of the current hold"},
    Row{Reason::kHoldLimitReached, Kind::kExhausted, "hold_limit_reached",
        "The user holds too many coupons of this campaign"},
    Row{Reason::kAlreadyRolledBack, Kind::kConflict, "already_rolled_back",
        "The redemption has already been rolled back"},
    Row{Reason::kJobFinished, Kind::kConflict, "job_finished", "The job has already ended"},
    Row{Reason::kJobRunning, Kind::kConflict, "job_running", "The job has not ended yet"},

    Row{Reason::kBusy, Kind::kBusy, "busy", "The server is busy"},
    Row{Reason::kOutcomeUnknown, Kind::kUnknown, "outcome_unknown",
        "It is not known whether this happened"},
    Row{Reason::kStorageFull, Kind::kStorageFull, "storage_full", "The disk is full"},
    Row{Reason::kCopyGone, Kind::kBusy, "copy_gone", "The copy of this shop cannot be written"},
    Row{Reason::kShuttingDown, Kind::kBusy, "shutting_down", "The server is shutting down"},
    Row{Reason::kInternal, Kind::kInternal, "internal", "Internal error"},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<std::size_t>(kRows[i].reason) != i) return false;
  }
  return true;
}
static_assert(in_order(), "the table must list every reason in the order of the enumeration");
static_assert(kRows.size() == static_cast<std::size_t>(Reason::kInternal) + 1,
              "kInternal is the last reason");

const Row& row(Reason reason) { return kRows.at(static_cast<std::size_t>(reason)); }

}  // namespace

Error refuse(std::string message, Reason reason) {
  return {.reason = reason, .message = std::move(message)};
}

Error invalid_field(std::string field, std::string message) {
  return {.reason = Reason::kInvalidRequest,
          .message = message,
          .fields = {{.field = std::move(field), .message = message}}};
}

Error wrong_field(const std::string& field, std::string problem) {
  Error error = invalid_field(field, field + " " + problem);
  error.fields.front().message = std::move(problem);
  return error;
}

std::string_view name(Reason reason) { return row(reason).name; }
std::string_view sentence(Reason reason) { return row(reason).sentence; }
Kind kind(Reason reason) { return row(reason).kind; }

}  // namespace coupon::core
