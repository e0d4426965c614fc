// One user's rows of all campaigns, newest first, out of an index that orders them by campaign
// first: the newest of each campaign wait in a heap, and the newest of those is next. A page costs
// a look-up a row and two a campaign, however many rows there are; nothing is sorted, so no reader
// holds a snapshot for long.
#pragma once

#include <cstdint>
#include <optional>
#include <queue>
#include <span>

#include "coupond/store/connection.h"

namespace coupon::store {

// How one index is walked.
struct NewestIndex {
  const char* next_campaign;  // (user, campaign): the next campaign behind it, or no row
  const char* newest;         // (user, campaign, id): the newest id below it, or NULL
};

class Newest {
 public:
  // Ids below `before`.
  Newest(Connection& connection, std::span<const NewestIndex> indexes, core::UserId user,
         std::int64_t before)
      : connection_(connection), user_(user) {
    for (const NewestIndex& index : indexes) {
      for (auto campaign = next_campaign(index, 0); campaign;
           campaign = next_campaign(index, *campaign)) {
        look(index, *campaign, before);
      }
    }
  }

  // Nothing at the end.
  std::optional<std::int64_t> next() {
    if (heads_.empty()) return std::nullopt;
    const Head head = heads_.top();
    heads_.pop();
    look(*head.index, head.campaign, head.id);
    return head.id;
  }

 private:
  struct Head {
    std::int64_t id;
    std::int64_t campaign;
    const NewestIndex* index;
    bool operator<(const Head& other) const { return id < other.id; }
  };

  std::optional<std::int64_t> next_campaign(const NewestIndex& index, std::int64_t after) {
    Query query(connection_, index.next_campaign, user_, after);
    if (!query.next()) return std::nullopt;
    return query.integer(0);
  }

  void look(const NewestIndex& index, std::int64_t campaign, std::int64_t before) {
    Query query(connection_, index.newest, user_, campaign, before);
    if (query.next() && !query.is_null(0)) heads_.push({query.integer(0), campaign, &index});
  }

  Connection& connection_;
  const core::UserId user_;
  std::priority_queue<Head> heads_;
};

}  // namespace coupon::store
