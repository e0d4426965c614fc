// The scalar types every module shares. Each is a distinct type, so that a function taking two
// numbers cannot be called with them swapped.
// Values only: safe on any thread.
#pragma once

#include <compare>
#include <cstdint>

namespace coupon::core {

// A point in time: milliseconds since 1970-01-01T00:00:00Z. Never negative in stored data.
struct UnixMs {
  std::int64_t value = 0;
  friend constexpr auto operator<=>(UnixMs, UnixMs) = default;
};

constexpr std::int64_t kMsPerSecond = 1000;
constexpr std::int64_t kMsPerHour = 3'600'000;
constexpr std::int64_t kMsPerDay = 86'400'000;

constexpr UnixMs operator+(UnixMs at, std::int64_t delta_ms) { return {at.value + delta_ms}; }
constexpr UnixMs operator-(UnixMs at, std::int64_t delta_ms) { return {at.value - delta_ms}; }

// Integer store credit. Balances are never negative; a delta may be.
struct Credit {
  std::int64_t value = 0;
  friend constexpr auto operator<=>(Credit, Credit) = default;
};

// Row ids. 0 means "none" and is never stored.
struct UserId {
  std::int64_t value = 0;
  friend constexpr auto operator<=>(UserId, UserId) = default;
};
struct CampaignId {
  std::int64_t value = 0;
  friend constexpr auto operator<=>(CampaignId, CampaignId) = default;
};
struct CouponId {
  std::int64_t value = 0;
  friend constexpr auto operator<=>(CouponId, CouponId) = default;
};

// A position in the ledger: 1 for the first entry, then without gaps. 0 means "before the first".
struct Seq {
  std::int64_t value = 0;
  friend constexpr auto operator<=>(Seq, Seq) = default;
};

}  // namespace coupon::core
