// One user's rows of all campaigns, newest first, out of an index that orders them by campaign
// first: the newest of each campaign wait in order, and the newest of those is next. A page costs
// a look-up a row and two a campaign, however many rows there are; nothing is sorted, so no reader
// holds a snapshot for long.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "coupond/store/connection.h"

namespace coupon::store {

// How such rows are found and read.
template <class Row>
struct NewestQueries {
  const char* next_campaign;  // (user, campaign): the next campaign behind it, or no row
  const char* newest;         // (user, campaign, id): the newest below it, its id first, or no row
  Row (*read)(const Query&);  // what `newest` found
};

template <class Row>
class Newest {
 public:
  // Ids below `before`.
  Newest(Connection& connection, const NewestQueries<Row>& queries, core::UserId user,
         std::int64_t before)
      : connection_(connection), queries_(queries), user_(user) {
    for (auto campaign = next_campaign(0); campaign; campaign = next_campaign(*campaign)) {
      look(*campaign, before);
    }
  }

  // Nothing at the end.
  std::optional<Row> next() {
    if (heads_.empty()) return std::nullopt;
    auto head = heads_.extract(heads_.begin());
    look(head.mapped().campaign, head.key());
    return std::move(head.mapped().row);
  }

 private:
  struct Head {
    std::int64_t campaign;
    Row row;
  };

  std::optional<std::int64_t> next_campaign(std::int64_t after) {
    Query query(connection_, queries_.next_campaign, user_, after);
    if (!query.next()) return std::nullopt;
    return query.integer(0);
  }

  void look(std::int64_t campaign, std::int64_t before) {
    Query query(connection_, queries_.newest, user_, campaign, before);
    if (query.next()) heads_.emplace(query.integer(0), Head{campaign, queries_.read(query)});
  }

  Connection& connection_;
  const NewestQueries<Row>& queries_;
  const core::UserId user_;
  std::map<std::int64_t, Head, std::greater<>> heads_;  // by id
};

}  // namespace coupon::store
