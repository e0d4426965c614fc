// Holds a connection to one state of the database while several statements read it. Inside a
// transaction of the caller's it does nothing: that one already holds a state.
#pragma once

#include "coupond/store/connection.h"

namespace coupon::store {

class Snapshot {
 public:
  explicit Snapshot(Connection& connection)
      : connection_(connection), mine_(!connection.in_transaction()) {
    if (mine_) Query(connection_, kBegin).run();
  }
  ~Snapshot() {
    if (!mine_) return;
    try {
      if (connection_.in_transaction()) Query(connection_, kEnd).run();
    } catch (const SQLite::Exception&) {
      // Nothing was written; the connection's next statement will tell of the same trouble.
    }
  }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

 private:
  static constexpr char kBegin[] = "BEGIN";
  static constexpr char kEnd[] = "ROLLBACK";  // nothing was written

  Connection& connection_;
  const bool mine_;
};

}  // namespace coupon::store
