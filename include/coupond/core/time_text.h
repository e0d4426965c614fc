// Times as text. Pure functions: safe on any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "coupond/core/result.h"
#include "coupond/core/types.h"

namespace coupon::core {

// "2026-11-20T14:00:00Z", or "…:00.123Z" when the milliseconds are not zero. Always UTC.
// Years outside 0000..9999 cannot be written: such a time is shown as the nearest that can.
std::string to_rfc3339(UnixMs at);

// How a time is written, always UTC. What clients parse differs from service to service.
enum class TimeStyle {
  kRfc3339,      // as to_rfc3339()
  kNaiveMicros,  // "2026-11-20T14:00:00.123000": six digits, no zone, as Python's isoformat()
  kIsoMillis,    // "2026-11-20T14:00:00.123Z": three digits, as JavaScript's toISOString()
  kRfc822,       // "Fri, 20 Nov 2026 14:00:00 GMT"
};
std::string to_text(UnixMs at, TimeStyle style);

// Reads RFC 3339 with `Z` or an offset ("2026-11-20T15:00:00.5+01:00"), or a date alone, which is
// midnight UTC. From 1970 to 9999; digits beyond milliseconds are dropped; a leap second (:60) and
// a time without a zone are refused. The error is kInvalidRequest with a sentence.
Result<UnixMs> parse_time(std::string_view text);

// What a date alone stands for, in the shop's zone (TZ, which `--timezone` sets).
enum class DateMeans {
  kFirstMoment,  // a start
  kLastMoment,   // an end: the first instant of the next day, which is excluded
};
// As parse_time(), but for a date alone. The error for a time without a zone shows the zone's own
// offset.
Result<UnixMs> parse_local_time(std::string_view text, DateMeans date);

// When the hour or the day that has the instant began, in the shop's zone.
enum class LocalPeriod { kHour, kDay };
UnixMs local_start(UnixMs at, LocalPeriod period);
// Its name there: "2026-11-20", or "2026-11-20T15:00:00+01:00" of an hour.
std::string local_name(UnixMs start, LocalPeriod period);

// Reads a time as JavaScript's Date does, as far as people send such: "2026-01-01T00:00:00",
// "2026/01/01", "1/31/2026 8:30", "Jan 31, 2026", "Sat Jan 31 2026 08:30:00 GMT+0100 (CET)". A time
// without a zone is UTC. Errors as above.
Result<UnixMs> parse_javascript_time(std::string_view text);

// A length of time for people, in its two largest units: "200 d 4 h", "1 h 2 min", "59 s".
std::string duration_text(std::int64_t ms);

}  // namespace coupon::core
