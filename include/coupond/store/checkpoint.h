// Signed checkpoints: what lets an ordinary start trust ten million rows without reading them. A
// checkpoint says that at entry `seq` every campaign's counters were what the ledger adds up to,
// and is signed with a key that is not in the file. It vouches only for what was checked: each is
// derived from the one before and the entries since, and compared with the campaigns table.
//
// Reading functions work on any connection, in a snapshot of their own.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "coupond/core/result.h"
#include "coupond/domain/campaign.h"
#include "coupond/store/connection.h"
#include "coupond/store/ledger.h"
#include "coupond/store/tx.h"

namespace coupon::store {

// The counters of every campaign, by its id.
using CounterSums = std::map<std::int64_t, domain::Counters>;

// What an entry adds to its campaign's counters.
domain::Counters counter_change(const LedgerRow& row);

// What a check found in order.
struct LedgerCheck {
  core::Seq trusted;  // the checkpoint's entry: nothing up to it was read again; 0 without one
  LedgerHead head;    // the ledger's last entry
  CounterSums sums;   // the counters at the head
  std::vector<std::int64_t> changed = {};  // campaigns with entries since `trusted`
};

// Checks signatures of checkpoint and head, the chain between them, and that the counters of the
// checkpoint and the entries since then are those of the campaigns table. Refuses with kInternal
// and a sentence that says what differs: such a database must not be served. Reads nothing before
// the checkpoint. Throws SQLite::Exception.
core::Result<LedgerCheck> check_since_checkpoint(Connection& connection, const Verifier& verifier);

// Stores what was checked as the new checkpoint, in steps of a few milliseconds: rows of the
// campaigns that changed, then the signature that makes them count, then the rows they replace go.
// Ended anywhere, the one checkpoint or the other holds.
class CheckpointWriter {
 public:
  // Sums up and signs, on the caller's thread. `checked` must outlive this.
  CheckpointWriter(const LedgerCheck& checked, const Signer& signer,
                   std::size_t campaigns_per_step = 500);
  CheckpointWriter(const CheckpointWriter&) = delete;
  CheckpointWriter& operator=(const CheckpointWriter&) = delete;

  // One operation's part; false while there is more to do. Does nothing when another checkpoint was
  // written since the check.
  bool step(Tx& tx);

 private:
  std::span<const std::int64_t> slice(Tx& tx);
  void put_some(Tx& tx);
  bool forget_some(Tx& tx);

  const LedgerCheck& checked_;
  const Signature signature_;
  const std::size_t campaigns_per_step_;
  // Changed on the writer's thread once a step is committed.
  std::size_t next_ = 0;  // of `changed`
  bool signed_ = false;
};

}  // namespace coupon::store
