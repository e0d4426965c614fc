// What a benchmark found, for a person and for a program.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coupond/load/generator.h"

namespace coupon::cli {

// What a server of our own did to its disk.
struct BenchCost {
  std::int64_t bytes = 0;    // written by its process, as the kernel counts them; its log included
  std::int64_t commits = 0;  // each is one sync of the write-ahead log
};

struct BenchRun {
  load::Outcome outcome;
  std::optional<BenchCost> cost = {};
};

// The runs of one kind.
struct BenchResult {
  std::string name;
  std::string about;
  std::vector<BenchRun> runs = {};

  // The run with the median rate.
  const BenchRun& median() const;
  double per_second() const { return median().outcome.per_second(); }
};

// Of a server of our own.
struct BenchOwn {
  double ready_ms = 0;
  std::int64_t memory_at_start_kib = 0;
  std::int64_t memory_after_kib = 0;
  bool verified = false;
  std::string first_divergence = {};
};

// Of a server that was running: what stays on it.
struct BenchLeft {
  std::string url;
  std::string name;  // what the names of all of it begin with
  std::int64_t campaigns = 0;
  std::int64_t users = 0;
  std::string untidy = {};  // why some of it could not be ended; empty: all is
};

struct BenchReport {
  std::int64_t users = 0;
  std::int64_t codes = 0;
  std::size_t connections = 0;
  double seconds = 0;
  std::vector<BenchResult> results = {};  // "writer" and "healthz" are the machine's limits
  std::optional<BenchOwn> own = {};
  std::optional<BenchLeft> left = {};

  const BenchResult* find(std::string_view name) const;
  // Whether every reply was right, the books are in order and the server was left tidy.
  bool ok() const;
};

std::string as_table(const BenchReport& report);
std::string as_json(const BenchReport& report);
// The same with what another build, `program`, did in turn with ours.
std::string as_table(const BenchReport& report, const BenchReport& other,
                     const std::string& program);
std::string as_json(const BenchReport& report, const BenchReport& other,
                    const std::string& program);

}  // namespace coupon::cli
