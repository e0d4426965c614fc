#include "src/app/telemetry.h"

#include <array>
#include <mutex>

#include "src/app/copier.h"

namespace coupon::app {
namespace {

constexpr std::array<std::int64_t, 10> kBatchSizes{1, 2, 4, 8, 16, 32, 64, 128, 256, 512};

}  // namespace

Telemetry::Telemetry()
    : latency_(metrics_.histogram("coupond_http_request_seconds",
                                  "From a request's last byte to its reply.",
                                  core::latency_bounds_us(), core::HistogramUnit::kMicroseconds)),
      batch_size_(metrics_.histogram("coupond_batch_operations", "Operations in one commit.",
                                     kBatchSizes, core::HistogramUnit::kCount)),
      commit_time_(
          metrics_.histogram("coupond_commit_seconds", "What a commit took, fsync included.",
                             core::latency_bounds_us(), core::HistogramUnit::kMicroseconds)),
      wal_bytes_(metrics_.gauge("coupond_wal_bytes", "Write-ahead log not yet checkpointed.")) {}

core::Counter& Telemetry::requests(std::string_view method, std::string_view route, int status) {
  std::string name(method);
  name += ' ';
  name += route;
  const std::pair<std::string, int> key(std::move(name), status);
  {
    const std::shared_lock lock(mutex_);
    const auto known = by_route_.find(key);
    if (known != by_route_.end()) return *known->second;
  }
  const std::unique_lock lock(mutex_);
  core::Counter*& counter = by_route_[key];
  if (counter == nullptr) {
    counter = &metrics_.counter("coupond_http_requests_total", "Requests answered.",
                                {{"route", key.first}, {"status", std::to_string(status)}});
  }
  return *counter;
}

void Telemetry::on_request(std::string_view method, std::string_view route, int status,
                           std::int64_t duration_us) {
  requests(method, route.empty() ? "(none)" : route, status).add();
  latency_.observe(duration_us);
}

void Telemetry::on_refused_connection(int status) { requests("-", "(refused)", status).add(); }

void Telemetry::on_batch(const store::BatchReport& report) {
  batch_size_.observe(static_cast<std::int64_t>(report.operations));
  commit_time_.observe(report.commit_us);
  wal_bytes_.set(report.wal_bytes);
}

std::string Telemetry::text(service::Engine& engine, const api::RefusalCounts& refusals,
                            const Copier* copier) {
  const auto gauge = [&](const char* name, const char* help, std::int64_t value,
                         const core::Metrics::Labels& labels = {}) {
    metrics_.gauge(name, help, labels).set(value);
  };
  gauge("coupond_queue_operations", "Operations waiting for the writer.",
        static_cast<std::int64_t>(engine.writer().queue_depth()));
  gauge("coupond_ledger_seq", "The newest ledger entry.", engine.writer().committed_seq().value);
  gauge("coupond_writer_healthy", "1 while changes are accepted.", engine.writer().healthy());
  if (copier != nullptr) {
    const Copier::Figures copy = copier->figures();
    gauge("coupond_copy_healthy", "1 while the copy is whole and at most 5 s behind.",
          copy.healthy);
    gauge("coupond_copy_behind_milliseconds", "How long the oldest change waits for the copy.",
          copy.behind_ms);
    gauge("coupond_copy_change", "The last change that the copy holds.", copy.position);
  }
  const domain::Counters sum = engine.counters().totals();
  const auto coupons = [&](const char* state, std::int64_t value) {
    gauge("coupond_coupons", "Coupons of all campaigns, by state.", value, {{"state", state}});
  };
  coupons("issued", sum.issued);
  coupons("assigned", sum.assigned);
  coupons("available", sum.available);
  coupons("redeemed", sum.redeemed);
  coupons("rolled_back", sum.rolled_back);
  coupons("void", sum.voided);
  for (const auto& row : refusals.rows()) {
    gauge("coupond_refusals", "Refusals since the start, by reason.",
          static_cast<std::int64_t>(row.count), {{"reason", std::string(core::name(row.reason))}});
  }
  return metrics_.prometheus_text();
}

}  // namespace coupon::app
