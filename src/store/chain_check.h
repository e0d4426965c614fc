// Follows the ledger's chain from one trusted entry to the last. Private to the audit and to the
// check at start.
#pragma once

#include "coupond/store/connection.h"
#include "coupond/store/ledger.h"

namespace coupon::store {

class ChainCheck {
 public:
  // `trusted`: the entry before the first to be seen; the default is the ledger's beginning.
  explicit ChainCheck(const LedgerHead& trusted = {}) : head_(trusted) {}

  // Throws Divergence unless `row` follows the row before it: next number, no earlier time, and the
  // hash that its fields and the row before it give.
  void see(const LedgerRow& row);
  // After the last row: throws unless the signed head names it, under a good signature.
  void finish(Connection& connection, const Verifier& verifier) const;

  const LedgerHead& head() const { return head_; }

 private:
  LedgerHead head_;
};

}  // namespace coupon::store
