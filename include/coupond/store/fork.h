// Where two ledgers of one shop part: after both machines were served, or somebody put an old file
// back. For `coupond verify --against`.
#pragma once

#include <string>

#include "coupond/core/result.h"
#include "coupond/core/secrets.h"
#include "coupond/store/connection.h"

namespace coupon::store {

struct LedgerComparison {
  bool one_way = true;   // one is the other, or goes on from it
  std::string sentence;  // how they stand to each other
};

// Compares the ledger with that of `other`: a backup, a data directory or a copy's directory, whose
// newest state is put together in the file `scratch`, which the caller removes. Refused when that
// cannot be read, and when it is another shop's.
core::Result<LedgerComparison> compare_ledgers(Connection& mine, const std::string& other,
                                               const core::Secrets& secrets,
                                               const std::string& scratch);

}  // namespace coupon::store
