// Which ledger entries a span of time has, without an index that every redemption would pay for.
// The ledger's times grow with its numbers, but for the places where a clock that had been fast was
// put right: those are noted, in the batch that finds them. Between two of them a search by time
// is a binary search by number. On any connection; what writes belongs into a write operation.
#pragma once

#include <vector>

#include "coupond/core/types.h"
#include "coupond/store/connection.h"

namespace coupon::store {

// The entries before which time stepped back, ascending. One may be named whose clock was put back
// before it was written.
std::vector<core::Seq> clock_steps(Connection& connection);
void note_clock_step(Connection& connection, core::Seq entry);

// Whether all are noted. Not in a file of a version that did not: note_old_clock_steps() reads its
// ledger, once.
bool clock_steps_are_noted(Connection& connection);
void note_old_clock_steps(Connection& connection);

struct EntryRange {
  core::Seq first;
  core::Seq last;  // included
};
// All entries up to `last` with from <= at < to, in order of number.
std::vector<EntryRange> entries_between(Connection& connection, core::UnixMs from, core::UnixMs to,
                                        core::Seq last);

}  // namespace coupon::store
