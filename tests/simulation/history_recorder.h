// Records histories of concurrent clients of the real writer, threads and all: every thread asks,
// one request after the other, until it has asked enough or the engine is gone; then the file is
// opened anew and what it holds is added. The disk may fail meanwhile, or lose its power.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tests/simulation/recorded_history.h"
#include "tests/support/fault_vfs.h"

namespace coupon::test {

struct HistoryPlan {
  std::uint64_t seed = 1;
  int clients = 4;
  int requests = 12;                            // of each
  std::int64_t power_cut_at = 0;                // the change that is the last; 0: none
  std::optional<FaultVfs::Damage> damage = {};  // by it; none: only the process is gone
  FaultVfs::Odds odds = {};
};

// What is wrong with the file by itself comes back in `audit`; empty when nothing is.
RecordedHistory record_history(const HistoryPlan& plan, std::string& audit);

}  // namespace coupon::test
