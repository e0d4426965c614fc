// What an audit says of an entry that may not follow what came before. Private to the replay.
#pragma once

#include <string>

#include "src/store/divergence.h"

namespace coupon::store {

[[noreturn]] inline void impossible(const LedgerRow& row, const std::string& why) {
  throw Divergence{entry_name(row) + " cannot have happened: " + why};
}

inline void require(bool possible, const LedgerRow& row, const char* why) {
  if (!possible) impossible(row, why);
}

inline std::string digest_of(const LedgerRow& row) {
  require(row.digest.has_value(), row, "it carries no digest");
  return *row.digest;
}

}  // namespace coupon::store
