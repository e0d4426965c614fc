// What a database holds, for recorders: as the world a history starts from, and as the sight at its
// end. Any connection; throws SQLite::Exception.
#pragma once

#include "tests/simulation/recorded_history.h"

namespace coupon::test {

// Everything in the file.
World world_of(store::Connection& db);

// Adds ledger, coupons and credit as they are now, and a look at each campaign at `now`.
void look_at_the_end(RecordedHistory& history, store::Connection& db, Moment now);

}  // namespace coupon::test
