// Checks a recorded history object by object, without a look at the order its ledger claims: for
// every code, campaign, user's share of a campaign, and user's credit it searches an order of the
// requests that touched it which respects real time and explains every answer and what the file
// holds at the end. The rules are written down here once more, apart from the reference model's.
// (Linearizability is local: if each object has an order, so has the whole.)
#pragma once

#include <string>
#include <vector>

#include "tests/simulation/recorded_history.h"

namespace coupon::test {

struct ObjectReport {
  std::vector<std::string> wrong;  // sentences
  int searched = 0;                // objects with at least two requests
  int too_long = 0;                // objects left out, because there were too many
};

ObjectReport check_objects(const RecordedHistory& history);

}  // namespace coupon::test
