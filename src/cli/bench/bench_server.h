// A server under measurement: one of the benchmark's own, which is a child process on a data
// directory of its own, or one that runs already at an address. All by the main thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "src/cli/bench/bench_report.h"
#include "src/cli/bench/bench_supply.h"
#include "src/cli/bench/bench_work.h"
#include "src/cli/child_server.h"

namespace coupon::cli {

class BenchServer {
 public:
  // One that runs already.
  BenchServer(BenchPlace place, app::FirstAdmin admin, BenchSize size);
  // One of our own: `program` on an empty directory, with accounts and codes made through its API.
  BenchServer(std::string program, std::string data_dir, BenchSize size);
  // This program on an empty directory, or on one that was filled with the same size: accounts and
  // cards are made without a server, so there may be millions.
  BenchServer(std::string data_dir, BenchSize size);

  // Redemptions without HTTP. Before load(), and of this program's own only.
  core::Result<BenchRun> measure_writer(const load::Plan& plan, const ShowProgress& progress);
  // Starts the server and makes what all runs need.
  core::Result<core::Done> load(const ShowProgress& progress);
  // One run. The plan says everything but where to go.
  core::Result<BenchRun> measure(const BenchKind& kind, load::Plan plan,
                                 const ShowProgress& progress);
  // After the last run: stops it and verifies the books, or leaves it tidy, and reports that.
  core::Result<core::Done> finish(BenchReport& report, const ShowProgress& progress);

 private:
  core::Result<core::Done> fill_directory(const ShowProgress& progress);
  core::Result<core::Done> start();
  core::Result<BenchRun> run_kind(const BenchKind& kind, load::Plan plan,
                                  const ShowProgress& progress);
  // Leaves a server that is not ours tidy, and adds to the error what could not be.
  core::Error give_up(core::Error error);
  BenchCost cost() const;

  const std::string program_;   // empty: not ours
  const std::string data_dir_;  // of ours
  const std::string log_ = data_dir_ + ".log";
  const bool prefilled_;
  const BenchSize size_;
  std::optional<BenchData> data_;
  std::unique_ptr<ChildServer> child_;
  std::unique_ptr<BenchSupply> supply_;
  BenchOwn own_;
};

}  // namespace coupon::cli
