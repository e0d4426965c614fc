// What ends an audit: the first place where the tables and the ledger disagree, as a sentence.
// Thrown by the checks, caught by verify() and check_since_checkpoint(), never seen outside.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "coupond/domain/campaign.h"
#include "coupond/store/ledger.h"

namespace coupon::store {

struct Divergence {
  std::string sentence;
};

// "ledger entry 12 (coupon.redeem)": how every sentence names an entry.
inline std::string entry_name(const LedgerRow& row) {
  return "ledger entry " + std::to_string(row.seq.value) + " (" + row.operation + ")";
}

// "coupons 17": how every sentence names a row.
inline std::string row_name(std::string_view table, std::int64_t id) {
  return std::string(table) + " " + std::to_string(id);
}

inline std::string figure(std::int64_t value) { return std::to_string(value); }
inline std::string figure(const std::optional<std::int64_t>& value) {
  return value ? std::to_string(*value) : "empty";
}
inline std::string figure(const std::string& value) { return "'" + value + "'"; }
inline std::string figure(const std::optional<std::string>& value) {
  return value ? figure(*value) : "empty";
}

// Throws unless what a row stores is what the ledger says.
template <class T>
void expect_same(std::string_view table, std::int64_t id, std::string_view column, const T& stored,
                 const T& derived) {
  if (stored == derived) return;
  throw Divergence{row_name(table, id) + ": " + std::string(column) + " is " + figure(stored) +
                   "; the ledger says " + figure(derived)};
}

// The counters of one campaign; in checkpoint.cpp.
void compare_counters(std::int64_t campaign, const domain::Counters& stored,
                      const domain::Counters& derived);

}  // namespace coupon::store
