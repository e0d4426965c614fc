// Telemetry: what /metrics tells. Fed by the server's hooks and the writer's observer, on their
// threads; read by whoever scrapes. Safe on any thread.
#pragma once

#include <cstdint>
#include <map>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>

#include "coupond/core/metrics.h"
#include "coupond/service/engine.h"
#include "src/api/gate/refusal_counts.h"

namespace coupon::app {

class Copier;
class Member;

class Telemetry {
 public:
  Telemetry();

  void on_request(std::string_view method, std::string_view route, int status,
                  std::int64_t duration_us);
  // A connection that was refused before there was a request to route.
  void on_refused_connection(int status);
  void on_batch(const store::BatchReport& report);

  // Prometheus' text format, with the figures of this moment. `copier` and `member` may be null.
  std::string text(service::Engine& engine, const api::RefusalCounts& refusals,
                   const Copier* copier, const Member* member);

 private:
  core::Counter& requests(std::string_view method, std::string_view route, int status);

  core::Metrics metrics_;
  core::Histogram& latency_;
  core::Histogram& batch_size_;
  core::Histogram& commit_time_;
  core::Gauge& wal_bytes_;
  std::shared_mutex mutex_;  // guards by_route_
  // Looking a series up by its labels costs more than most requests do.
  std::map<std::pair<std::string, int>, core::Counter*, std::less<>> by_route_;
};

}  // namespace coupon::app
