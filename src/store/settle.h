// What another process left in the write-ahead log, moved into the database file for good. For
// whoever opens a file that was not closed in order and goes on to change or replace it: the
// writer, what brings a database up to date, and a restore that sets one aside.
#pragma once

#include <functional>

#include "coupond/store/connection.h"

namespace coupon::store {

// Writes the log over itself, moves it, and syncs what is left of it. Its pages may be in the
// machine's memory only: when a sync failed, the kernel thinks them clean and will not write them
// again, and what relies on them would be lost with them at a power cut. `move` gives SQLite's code
// for a checkpoint of mode TRUNCATE. Throws SQLite::Exception, with SQLITE_BUSY while somebody else
// reads the file; repeating it does no harm.
void settle_log(Connection& connection, const std::function<int()>& move);
// With a move of its own.
void settle_log(Connection& connection);

}  // namespace coupon::store
