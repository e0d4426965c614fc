// What the columns of an import are called, and what their cells say. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "coupond/core/result.h"
#include "coupond/core/types.h"

namespace coupon::service {

// What a column says of its row's code.
enum class ColumnRole {
  kNote,  // nothing that changes the code: left out, and named
  kCode,
  kState,      // available, used, void, assigned, reserved
  kWorks,      // yes: it can be used; no: it is void
  kUsedBy,     // when, or by whom, it was used; empty: it was not
  kExpiresAt,  // the instant, or the day, after which it is worth nothing
  kMaxUses,
  kUses,
  kValue,    // money that was on it
  kBalance,  // money that is left on it
  kOwner,    // the address of whom it is for
  kUnclear,  // by its name it may be one of the above, and nobody can tell which
};

// A header's name without case, blanks and punctuation: "Promo Code" is "promocode".
std::string folded_name(std::string_view name);

// The role of a column of that name, in English or German; kNote for a name that is not known and
// has no word of state, end, use or money in it.
ColumnRole role_of(std::string_view name);

enum class ImportedState { kAvailable, kUsed, kVoid, kAssigned, kReserved };
// The state that a cell names; nothing for a word that is not known. Empty: available.
std::optional<ImportedState> parse_state(std::string_view cell);
// The same of a cell that says whether a code works.
std::optional<ImportedState> parse_works(std::string_view cell);

// The end that a cell names: RFC 3339, or a day as 2027-12-31, 31.12.2027 or 31/12/2027, which ends
// with its last moment in this machine's zone.
core::Result<core::UnixMs> parse_end(std::string_view cell);

// Whether a cell says that there is no end, or no limit: "never", "unlimited", "-", "0000-00-00".
bool says_none(std::string_view cell);

// A count of uses; nothing for a cell that is none. "1", "1.0" and "1,0" are one.
std::optional<std::int64_t> parse_uses(std::string_view cell);

}  // namespace coupon::service
