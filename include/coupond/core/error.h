// The closed list of everything coupond can refuse, and why. Every layer speaks it; the API turns a
// Reason into a status and a sentence. Values only: safe on any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coupond/core/types.h"

namespace coupon::core {

// What the caller should do next. One Kind covers many reasons.
enum class Kind {
  kInvalid,          // Correct the request; sending it again unchanged will fail again.
  kUnauthenticated,  // Log in, then send it again.
  kForbidden,        // Ask somebody with the right role; nothing was looked at.
  kNotFound,         // Check the name, id or code.
  kConflict,         // Read the current state first: it rules the request out.
  kExhausted,        // A cap is used up. Do not retry unless the cap is raised.
  kTooEarly,         // Send it again at `retry_at`.
  kTooLate,          // The campaign or coupon has ended for good.
  kRateLimited,      // Not executed. Send it again at `retry_at`.
  kBusy,             // Not executed. Send it again after a moment.
  kUnknown,          // May or may not have happened: read the state, or retry with the same
                     // Idempotency-Key.
  kStorageFull,      // Not executed. The owner has to free disk space.
  kInternal,         // A fault of ours. Report the request id.
};

// Stable reasons: their names in snake_case go over the wire and must never change meaning.
enum class Reason {
  // The request itself.
  kInvalidRequest,
  kInvalidJson,
  kInvalidCursor,
  kInvalidPattern,
  kInvalidCode,
  kIdempotencyMismatch,
  kIdempotencyRunning,
  // Who is asking.
  kNotAuthenticated,
  kInvalidToken,
  kInvalidCredentials,
  kForbidden,
  kRateLimited,
  // Things that are not there, or are already.
  kNotFound,
  kUnknownUser,
  kUnknownCampaign,
  kUnknownCode,
  kUnknownRedemption,
  kUnknownJob,
  kUnknownApiKey,
  kEmailTaken,
  kUsernameTaken,
  kSlugTaken,
  kDuplicateCode,
  // Rules of a campaign.
  kWrongMode,
  kInactive,
  kArchived,
  kNotArchived,
  kNotStarted,
  kEnded,
  kCampaignCapReached,
  kUserCapReached,
  kNoCouponsLeft,
  kCouponRedemptionCapReached,
  kUserRedemptionCapReached,
  kInsufficientCredit,
  kInsufficientBalance,
  kNoBalance,
  kCurrencyMismatch,
  kBalanceLimitReached,
  kCapBelowUsed,
  kTooManyCodes,
  kPatternExhausted,
  // States of a coupon.
  kNotOwner,
  kNotAssigned,
  kAlreadyAssigned,
  kAlreadyRedeemed,
  kVoid,
  kNotVoid,
  kExpired,
  kHeldByOther,
  kNotHeld,
  kHoldRequired,
  kInvalidHoldToken,
  kHoldLimitReached,
  kAlreadyRolledBack,
  kJobFinished,
  kJobRunning,
  // The machine.
  kBusy,
  kOutcomeUnknown,
  kStorageFull,
  kCopyGone,  // answers wait for the copy elsewhere, and it cannot be written
  kShuttingDown,
  kInternal,
};

// One bad field of a request.
struct FieldProblem {
  std::string field;
  std::string message;
};

struct Error {
  Reason reason = Reason::kInternal;
  std::string message;                    // One sentence for a person; empty: the reason's own.
  std::vector<FieldProblem> fields = {};  // Filled for kInvalidRequest only.
  std::optional<UnixMs> retry_at = {};    // When the same request would pass, where that is known.
  std::optional<std::int64_t> number = {};  // The figure the sentence is about: a cap, a balance.
};

// What stops a start, a command or a copy, in a sentence for the person who runs it.
Error refuse(std::string message, Reason reason = Reason::kInternal);
// kInvalidRequest because of one field; `message` names it.
Error invalid_field(std::string field, std::string message);
// The same, where `problem` goes on after the name: wrong_field("to", "must be later than from").
Error wrong_field(const std::string& field, std::string problem);

// The reason's stable name on the wire, for example "campaign_cap_reached".
std::string_view name(Reason reason);
// The sentence used where an Error carries none.
std::string_view sentence(Reason reason);
Kind kind(Reason reason);

}  // namespace coupon::core
