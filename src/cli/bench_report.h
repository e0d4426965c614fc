// What a benchmark found, for a person and for a program.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "coupond/load/generator.h"
#include "src/cli/bench_data.h"

namespace coupon::cli {

// The runs of one kind.
struct BenchResult {
  std::string name;
  std::string about;
  std::vector<load::Outcome> runs = {};

  // The run with the median rate.
  const load::Outcome& median() const;
  double per_second() const { return median().per_second(); }
};

struct BenchReport {
  BenchSize size;
  std::size_t connections = 0;
  double seconds = 0;
  std::vector<BenchResult> results = {};  // "writer" and "healthz" are the machine's limits
  double ready_ms = 0;                    // the slowest start
  std::int64_t memory_at_start_kib = 0;   // the largest
  std::int64_t memory_after_kib = 0;
  bool verified = false;
  std::string first_divergence = {};

  const BenchResult* find(std::string_view name) const;
  // Whether every reply was right and the books are in order.
  bool ok() const;
};

std::string as_table(const BenchReport& report);
std::string as_json(const BenchReport& report);

}  // namespace coupon::cli
