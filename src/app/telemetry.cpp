#include "src/app/telemetry.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <utility>

#include "coupond/store/campaigns.h"

#include "coupond/app/member.h"
#include "src/app/copier.h"

namespace coupon::app {
namespace {

constexpr std::array<std::int64_t, 10> kBatchSizes{1, 2, 4, 8, 16, 32, 64, 128, 256, 512};

// Campaigns that are shown by name: enough for a shop, few enough for whoever stores the series.
constexpr std::int64_t kNamedCampaigns = 100;
constexpr const char* kOthers = "(others)";

void add_campaign(core::Metrics& metrics, const std::string& name,
                  const domain::Counters& counters) {
  const core::Metrics::Labels labels{{"campaign", name}};
  metrics.gauge("coupond_campaign_issued", "Coupons of a campaign that were issued.", labels)
      .set(counters.issued);
  metrics.gauge("coupond_campaign_redeemed", "Redemptions of a campaign that stand.", labels)
      .set(counters.redeemed);
}

// The newest campaigns by name, all others in one sum. Made anew each time, for which those are
// changes.
std::string campaigns_text(service::Engine& engine, domain::Counters others) {
  core::Metrics metrics;
  const auto summed = engine.readers().read<std::int64_t>(
      [&](store::Connection& db) -> core::Result<std::int64_t> {
        const std::int64_t last = store::last_campaign_id(db).value;
        const store::CampaignFilter newest{
            .archived = true, .after = {last - kNamedCampaigns}, .limit = kNamedCampaigns};
        for (const auto& campaign : store::list_campaigns(db, newest)) {
          add_campaign(metrics, campaign.slug, campaign.counters);
          others = others - campaign.counters;
        }
        return std::max<std::int64_t>(0, last - kNamedCampaigns);
      },
      store::Readers::Use::kList);
  if (!summed.ok()) return {};
  add_campaign(metrics, kOthers, others);
  metrics.gauge("coupond_campaigns_summed", "Campaigns in the sum named (others).").set(*summed);
  return metrics.prometheus_text();
}

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
                            const Copier* copier, const Member* member) {
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
  if (member != nullptr) member->add_figures(metrics_);
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
  return metrics_.prometheus_text() + campaigns_text(engine, sum);
}

}  // namespace coupon::app
