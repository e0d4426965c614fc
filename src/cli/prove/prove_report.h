// The one page that `prove` leaves: what was tried, where, and what may be said of it.
#pragma once

#include <cstdint>
#include <string>

#include "src/cli/prove/prove_round.h"

namespace coupon::cli {

struct ProveMachine {
  unsigned processors = 0;
  std::string kernel;       // "Linux 6.1.0"
  std::string file_system;  // of the directory it ran in: "ext4"
};
ProveMachine this_machine(const std::string& directory);

struct ProveReport {
  ProveCounts counts;
  std::uint64_t seed = 0;
  double seconds = 0;
  ProveMachine machine;
  std::string broken_off = {};  // why it ended before its time; empty: it did not

  bool ok() const { return counts.violations.empty() && broken_off.empty() && counts.cycles > 0; }
};

// What may be concluded, in one sentence.
std::string conclusion(const ProveReport& report);
std::string as_text(const ProveReport& report);
std::string as_json(const ProveReport& report);

}  // namespace coupon::cli
