// Whether a database's tables, indexes and triggers are those that coupond made. Any thread that
// holds the connection.
#pragma once

#include <string>

#include "coupond/store/connection.h"

namespace coupon::store {

// What is not as this program's schema.sql says, by name: "table _litestream_seq was added, trigger
// ledger_is_never_cut is missing"; "" when all is. Long lists are cut. Throws SQLite::Exception.
std::string schema_differences(Connection& connection);

}  // namespace coupon::store
