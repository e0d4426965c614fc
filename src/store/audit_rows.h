// The checks that need both an entry and the rows it made: codes and redemptions. They walk their
// table in step with the ledger, because both are in the same order. Private to the audit.
#pragma once

#include <cstdint>
#include <vector>

#include "coupond/core/codes.h"
#include "coupond/domain/coupon.h"
#include "coupond/store/connection.h"
#include "coupond/store/ledger.h"

namespace coupon::store {

// Every redemptions row has its coupon.redeem entry and is as it says, and the other way round; a
// rolled back one has exactly one coupon.rollback entry, which gives back what it took; and each
// names the one before of its user.
class RedemptionCheck {
 public:
  RedemptionCheck(Connection& connection, core::Seq last);
  // Each entry, in order. Throws Divergence.
  void see(const LedgerRow& row);
  // After the last.
  void finish();
  std::int64_t rows() const { return rows_; }

 private:
  void step();
  void redeem(const LedgerRow& row);
  void rollback(const LedgerRow& row);
  void check_chain(const LedgerRow& row);

  Connection& connection_;
  Query query_;
  bool at_row_ = false;
  std::int64_t rows_ = 0;
  // By id: the table says that it was rolled back, and no entry has said so yet.
  std::vector<bool> to_be_rolled_back_;
  std::vector<std::int64_t> latest_;  // by user: of those seen so far; 0: none
};

// The code, the uses and the end of every coupon are those that the entry which made it pinned by
// its digest.
class CodeCheck {
 public:
  // `vault` may be null: then sealed codes are not opened.
  CodeCheck(Connection& connection, const core::CodeVault* vault);
  void see(const LedgerRow& row);

 private:
  core::Digest minted_coupon(const LedgerRow& row, std::int64_t id);
  core::Digest lot(const LedgerRow& row, std::int64_t first);
  std::optional<std::int64_t> max_uses() const;
  domain::CodeHash code_hash() const;
  std::string next_code(const LedgerRow& row, std::int64_t id);

  Query query_;
  const core::CodeVault* vault_;
};

}  // namespace coupon::store
