// Times as text: RFC 3339 both ways. Pure functions: safe on any thread.
#pragma once

#include <string>
#include <string_view>

#include "coupond/core/result.h"
#include "coupond/core/types.h"

namespace coupon::core {

// "2026-11-20T14:00:00Z", or "…:00.123Z" when the milliseconds are not zero. Always UTC.
// Years outside 0000..9999 cannot be written: such a time is shown as the nearest that can.
std::string to_rfc3339(UnixMs at);

// Reads RFC 3339 with `Z` or an offset ("2026-11-20T15:00:00.5+01:00"), or a date alone, which is
// midnight UTC. From 1970 to 9999; digits beyond milliseconds are dropped; a leap second (:60) and
// a time without a zone are refused. The error is kInvalidRequest with a sentence.
Result<UnixMs> parse_time(std::string_view text);

}  // namespace coupon::core
