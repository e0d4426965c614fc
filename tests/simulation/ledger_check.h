// Checks a recorded history by the order that the ledger claims for it: every acknowledged request
// has its entry, no refused one has, entries keep the order of real time, the reference model
// accepts them one after the other, and each refusal and each look at counters is right at some
// point between request and reply. Linear in the history but for the refusals. Pure.
#pragma once

#include <string>
#include <vector>

#include "tests/simulation/recorded_history.h"

namespace coupon::test {

// What is wrong, in sentences.
std::vector<std::string> check_by_ledger(const RecordedHistory& history);

}  // namespace coupon::test
