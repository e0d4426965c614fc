// Small helpers for reading rows, shared by the files of this folder.
#pragma once

#include <cstdint>
#include <optional>

#include "coupond/store/connection.h"

namespace coupon::store {

template <class Id>
std::optional<Id> maybe_id(const Query& query, int column) {
  const auto value = query.maybe_integer(column);
  if (!value) return std::nullopt;
  return Id{*value};
}

// The one number of a query that always has a row.
template <class... Args>
std::int64_t read_integer(Connection& connection, const char* sql, const Args&... args) {
  Query query(connection, sql, args...);
  query.next();
  return query.integer(0);
}

}  // namespace coupon::store
