// Signed checkpoints: what lets an ordinary start trust ten million rows without reading them. A
// checkpoint says that at entry `seq` every campaign's counters were what the ledger adds up to,
// and is signed with a key that is not in the file. It vouches only for what was checked: each is
// derived from the one before and the entries since, and compared with the campaigns table.
//
// Reading functions work on any connection, in a snapshot of their own.
#pragma once

#include <cstdint>
#include <map>

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
};

// Checks signatures of checkpoint and head, the chain between them, and that the counters of the
// checkpoint and the entries since then are those of the campaigns table. Refuses with kInternal
// and a sentence that says what differs: such a database must not be served. Reads nothing before
// the checkpoint. Throws SQLite::Exception.
core::Result<LedgerCheck> check_since_checkpoint(Connection& connection, const Verifier& verifier);

// Stores what was checked as the new checkpoint, unless a later one is there already. Part of the
// caller's operation; quick, however much was checked.
void write_checkpoint(Tx& tx, const LedgerCheck& checked, const Signer& signer);

}  // namespace coupon::store
