// How much SQLite has to do: a cost that no clock and no other program changes.
#pragma once

#include <sqlite3.h>

#include <cstdint>

#include "coupond/store/connection.h"

namespace coupon::test {

// Steps of SQLite's machine that `body` takes, in tens.
template <class Body>
std::int64_t steps_of(store::Connection& connection, Body&& body) {
  std::int64_t steps = 0;
  sqlite3_progress_handler(
      connection.handle(), 10,
      [](void* count) {
        ++*static_cast<std::int64_t*>(count);
        return 0;
      },
      &steps);
  body();
  sqlite3_progress_handler(connection.handle(), 0, nullptr, nullptr);
  return steps;
}

}  // namespace coupon::test
