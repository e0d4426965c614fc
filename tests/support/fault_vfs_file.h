// The part of FaultVfs that SQLite calls on an open file. Private to fault_vfs.
#pragma once

#include <sqlite3.h>

#include "tests/support/fault_vfs.h"

namespace coupon::test {

struct FaultVfs::Handle : sqlite3_file {
  FaultVfs* disk = nullptr;
  Node* node = nullptr;
  int lock = SQLITE_LOCK_NONE;
  unsigned shared = 0;     // locks on shared memory, a bit each
  unsigned exclusive = 0;  // likewise
};

const sqlite3_io_methods* file_methods();

}  // namespace coupon::test
