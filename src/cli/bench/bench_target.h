// What `bench` measures: a server of its own (bench_own.h), or one that is running already
// (bench_remote.h). All by the main thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "coupond/core/result.h"
#include "coupond/load/generator.h"
#include "src/cli/bench/bench_report.h"
#include "src/cli/progress.h"

namespace coupon::cli {

class BenchTarget {
 public:
  virtual ~BenchTarget() = default;

  // What is measured beside whatever was asked for, as rows without runs: the machine's limits.
  virtual std::vector<BenchResult> limits() const = 0;
  // A sentence about a kind; empty when it cannot be measured here.
  virtual std::string_view about(std::string_view kind) const = 0;

  // Makes what all runs need. Once, before the first.
  virtual core::Result<core::Done> load(const ShowProgress& progress) = 0;
  // One run. The plan says everything but where to go.
  virtual core::Result<load::Outcome> measure(const std::string& kind, load::Plan plan,
                                              const ShowProgress& progress) = 0;
  // After the last run: what else there is to report.
  virtual core::Result<core::Done> finish(BenchReport& report, const ShowProgress& progress) = 0;
};

}  // namespace coupon::cli
