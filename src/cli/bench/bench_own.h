// A server of the benchmark's own: this very program on a data directory made for it, started anew
// for every run; and its writer without HTTP.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "coupond/service/engine.h"
#include "coupond/store/audit.h"
#include "src/cli/bench/bench_target.h"
#include "src/cli/bench/bench_work.h"
#include "src/cli/child_server.h"

namespace coupon::cli {

class OwnServer : public BenchTarget {
 public:
  // The directory is empty, or one that was filled with the same size.
  OwnServer(std::string data_dir, const BenchSize& size)
      : data_dir_(std::move(data_dir)), size_(size) {}

  std::vector<BenchResult> limits() const override;
  std::string_view about(std::string_view kind) const override;
  core::Result<core::Done> load(const ShowProgress& progress) override;
  core::Result<load::Outcome> measure(const std::string& kind, load::Plan plan,
                                      const ShowProgress& progress) override;
  // Verifies the books.
  core::Result<core::Done> finish(BenchReport& report, const ShowProgress& progress) override;

 private:
  core::Result<std::unique_ptr<service::Engine>> open(
      store::Durability durability = store::Durability::kFull) const;
  core::Result<load::Outcome> measure_writer(const load::Plan& plan) const;
  core::Result<std::unique_ptr<BenchSupply>> prepare(const BenchKind& kind) const;
  core::Result<load::Outcome> measure_http(const BenchKind& kind, load::Plan plan);
  core::Result<store::AuditReport> audit(const ShowProgress& progress) const;
  void note_start(const ChildServer& server);
  void note_end(const ChildServer& server);

  const std::string data_dir_;
  const BenchSize size_;
  BenchOwn own_;
};

}  // namespace coupon::cli
