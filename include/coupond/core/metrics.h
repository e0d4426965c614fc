// Figures for Prometheus. Updates are atomic additions without a lock, from any thread; making a
// series and rendering the text take a mutex. Make series at start and keep the references: they
// stay valid as long as the Metrics object. Passed around, never global.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coupond/core/mutex.h"

namespace coupon::core {

// Only goes up.
class Counter {
 public:
  void add(std::uint64_t n = 1) noexcept { value_.fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  void set(std::int64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }
  void add(std::int64_t n) noexcept { value_.fetch_add(n, std::memory_order_relaxed); }
  std::int64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

// What a histogram counts, and so how it is shown: durations are observed in microseconds and
// shown in seconds, as Prometheus wants them.
enum class HistogramUnit { kCount, kMicroseconds };

class Histogram {
 public:
  // `bounds` are the inclusive upper ends of the buckets, ascending; one for the rest is added.
  Histogram(std::span<const std::int64_t> bounds, HistogramUnit unit);
  void observe(std::int64_t value) noexcept;
  std::uint64_t count() const noexcept;

 private:
  friend class Metrics;
  // Appends the samples in Prometheus' text format.
  void append_to(std::string& out, const std::string& name, const std::string& labels) const;

  const std::vector<std::int64_t> bounds_;
  const HistogramUnit unit_;
  std::vector<std::atomic<std::uint64_t>> buckets_;
  std::atomic<std::int64_t> sum_{0};
};

// Bounds for request times: 0.1 ms to 10 s.
std::span<const std::int64_t> latency_bounds_us();

class Metrics {
 public:
  // Names and values from small fixed sets; never ids or anything a caller chose.
  using Labels = std::vector<std::pair<std::string, std::string>>;

  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // The series of that name and labels, made when it is new. A name keeps its type and help.
  Counter& counter(std::string_view name, std::string_view help, const Labels& labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, const Labels& labels = {});
  Histogram& histogram(std::string_view name, std::string_view help,
                       std::span<const std::int64_t> bounds, HistogramUnit unit,
                       const Labels& labels = {});

  // Everything, in Prometheus' text format 0.0.4, sorted by name and labels.
  std::string prometheus_text() const;

 private:
  enum class Type { kCounter, kGauge, kHistogram };
  struct Series;
  struct Family;
  Series& series(Type type, std::string_view name, std::string_view help, const Labels& labels)
      COUPOND_REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::map<std::string, std::unique_ptr<Family>, std::less<>> families_ COUPOND_GUARDED_BY(mutex_);
  std::size_t series_count_ COUPOND_GUARDED_BY(mutex_) = 0;
};

}  // namespace coupon::core
