#include "src/store/settle.h"

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

namespace coupon::store {

void settle_log(Connection& connection, const std::function<int()>& move) {
  // First of all, lest a power cut during the move leave half of a commit in the file and none in
  // the log.
  connection.rewrite_log();
  const int code = move();
  if (code != SQLITE_OK) throw SQLite::Exception(connection.handle(), code);
  // Nor may the emptied log come back: what of it did reach the disk is older than the file now.
  connection.sync_log();
}

void settle_log(Connection& connection) {
  settle_log(connection, [&] {
    return connection.checkpoint(SQLITE_CHECKPOINT_TRUNCATE, Connection::Wait::kNever).code;
  });
}

}  // namespace coupon::store
