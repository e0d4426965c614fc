// Follows the ledger's chain from one trusted entry to the last. Private to the audit and to the
// check at start.
#pragma once

#include <cstdint>
#include <vector>

#include "coupond/store/connection.h"
#include "coupond/store/ledger.h"

namespace coupon::store {

class ChainCheck {
 public:
  // `trusted`: the entry before the first to be seen; the default is the ledger's beginning.
  explicit ChainCheck(const LedgerHead& trusted = {}) : head_(trusted) {}

  // Throws Divergence unless `row` follows the row before it: next number, and the hash that its
  // fields and the row before it give. Its time may be earlier: clocks are put right.
  void see(const LedgerRow& row);
  // After the last row: throws unless the signed head names it, under a good signature.
  void finish(Connection& connection, const Verifier& verifier) const;

  const LedgerHead& head() const { return head_; }
  // The entries whose time was before that of the entry before, and by how much at most.
  const std::vector<core::Seq>& steps_back() const { return steps_back_; }
  std::int64_t longest_step_back_ms() const { return longest_step_back_ms_; }

 private:
  LedgerHead head_;
  std::vector<core::Seq> steps_back_;
  std::int64_t longest_step_back_ms_ = 0;
};

}  // namespace coupon::store
