// What concurrent clients asked, what they were told, and when: the input of the checkers. Filled
// by a recorder (or by hand, in tests of the checkers); a value.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <vector>

#include "coupond/store/ledger.h"
#include "tests/support/command.h"

namespace coupon::test {

// Time in a history: a counter that all clients share.
using Moment = std::int64_t;
inline constexpr Moment kNever = std::numeric_limits<Moment>::max();

// One request. Answered with an effect or a reason; with neither, nobody knows what became of it.
struct Record {
  Command command;
  Moment invoked = 0;
  Moment replied = kNever;
  std::optional<Effect> effect = {};
  std::optional<core::Reason> reason = {};

  bool is_unknown() const { return !effect && !reason; }
};

// One look at a campaign's counters.
struct Look {
  World::Id campaign = 0;
  Moment invoked = 0;
  Moment replied = 0;
  domain::Counters counters = {};
};

// A coupon as found in the file at the end.
struct LastSight {
  World::Id owner = 0;  // 0: none
  std::int64_t uses = 0;
  bool is_void = false;
  std::optional<std::int64_t> balance = {};
};

struct RecordedHistory {
  World start;                       // before the first request
  std::vector<Record> records = {};  // each with a marker of its own
  std::vector<Look> looks = {};
  // What the file holds at the end: the ledger after the start, coupons by code, users' credit.
  std::vector<store::LedgerRow> ledger = {};
  std::map<domain::CodeHash, LastSight> coupons = {};
  std::map<World::Id, std::int64_t> credit = {};
};

}  // namespace coupon::test
