// A layer between SQLite and the system's files for the writer's connection: it gathers what one
// commit appends to the write-ahead log, a header and a page at a time, and hands it to the system
// in one piece, because the calls cost more than the bytes. All other files pass through untouched.
#pragma once

namespace coupon::store {

// The name of the layer over the VFS named `base` (null: the system's), registered with SQLite at
// its first use; `base` itself when it could not be. Only for connections with synchronous = FULL:
// what was gathered leaves at each sync, and without one nothing would tell when a commit is
// complete. Any thread.
const char* log_gathering_vfs(const char* base);

}  // namespace coupon::store
