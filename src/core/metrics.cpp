#include "coupond/core/metrics.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "coupond/core/assert.h"
#include "coupond/core/limits.h"

namespace coupon::core {
namespace {

constexpr std::array<std::int64_t, 15> kLatencyBoundsUs = {
    100,    250,     500,     1'000,   2'500,     5'000,     10'000,    25'000,
    50'000, 100'000, 250'000, 500'000, 1'000'000, 2'500'000, 10'000'000};

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
}

// `code="200",method="GET"`: the labels as they stand between the braces.
std::string label_text(const Metrics::Labels& labels) {
  std::string out;
  for (const auto& [name, value] : labels) {
    if (!out.empty()) out += ',';
    out += name;
    out += "=\"";
    append_escaped(out, value);
    out += '"';
  }
  return out;
}

// A sample: name, labels in braces if there are any, value.
void append_sample(std::string& out, const std::string& name, const std::string& labels,
                   const std::string& value) {
  out += name;
  if (!labels.empty()) out += '{' + labels + '}';
  out += ' ' + value + '\n';
}

// Microseconds as seconds without rounding, counts as they are.
std::string value_text(std::int64_t value, HistogramUnit unit) {
  if (unit == HistogramUnit::kCount) return std::to_string(value);
  char text[40];
  std::snprintf(text, sizeof text, "%lld.%06lld", static_cast<long long>(value / 1'000'000),
                static_cast<long long>(value % 1'000'000));
  return text;
}

// A bound the usual way, "0.0001" or "10": graphs and alerts name buckets by this text.
std::string bound_text(std::int64_t bound, HistogramUnit unit) {
  std::string text = value_text(bound, unit);
  if (text.find('.') == std::string::npos) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

}  // namespace

std::span<const std::int64_t> latency_bounds_us() { return kLatencyBoundsUs; }

Histogram::Histogram(std::span<const std::int64_t> bounds, HistogramUnit unit)
    : bounds_(bounds.begin(), bounds.end()), unit_(unit), buckets_(bounds.size() + 1) {
  COUPOND_ASSERT(std::is_sorted(bounds_.begin(), bounds_.end()));
}

void Histogram::observe(std::int64_t value) noexcept {
  value = std::max<std::int64_t>(value, 0);  // a clock set back must not make the sum go down
  const auto at = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  buckets_[static_cast<std::size_t>(at)].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

std::uint64_t Histogram::count() const noexcept {
  std::uint64_t total = 0;
  for (const auto& bucket : buckets_) total += bucket.load(std::memory_order_relaxed);
  return total;
}

// One of the three has a value, as the family's type says.
struct Metrics::Series {
  Counter counter;
  Gauge gauge;
  std::unique_ptr<Histogram> histogram;
};

struct Metrics::Family {
  Type type;
  std::string help;
  std::map<std::string, Series> by_labels;  // node-based: references stay valid
};

Metrics::Metrics() = default;
Metrics::~Metrics() = default;

Metrics::Series& Metrics::series(Type type, std::string_view name, std::string_view help,
                                 const Labels& labels) {
  std::unique_ptr<Family>& family = families_[std::string(name)];
  if (!family) family.reset(new Family{type, std::string(help), {}});
  COUPOND_ASSERT(family->type == type);
  const auto [place, is_new] = family->by_labels.try_emplace(label_text(labels));
  if (is_new) ++series_count_;
  COUPOND_ASSERT(series_count_ <= limits::kMetricSeriesMax);
  return place->second;
}

Counter& Metrics::counter(std::string_view name, std::string_view help, const Labels& labels) {
  const MutexLock lock(mutex_);
  return series(Type::kCounter, name, help, labels).counter;
}

Gauge& Metrics::gauge(std::string_view name, std::string_view help, const Labels& labels) {
  const MutexLock lock(mutex_);
  return series(Type::kGauge, name, help, labels).gauge;
}

Histogram& Metrics::histogram(std::string_view name, std::string_view help,
                              std::span<const std::int64_t> bounds, HistogramUnit unit,
                              const Labels& labels) {
  const MutexLock lock(mutex_);
  Series& found = series(Type::kHistogram, name, help, labels);
  if (!found.histogram) found.histogram = std::make_unique<Histogram>(bounds, unit);
  return *found.histogram;
}

void Histogram::append_to(std::string& out, const std::string& name,
                          const std::string& labels) const {
  const std::string prefix = labels.empty() ? "" : labels + ',';
  // The count is that of the buckets just read, so that the text agrees with itself.
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    total += buckets_[i].load(std::memory_order_relaxed);
    const std::string bound = i < bounds_.size() ? bound_text(bounds_[i], unit_) : "+Inf";
    append_sample(out, name + "_bucket", prefix + "le=\"" + bound + '"', std::to_string(total));
  }
  append_sample(out, name + "_sum", labels,
                value_text(sum_.load(std::memory_order_relaxed), unit_));
  append_sample(out, name + "_count", labels, std::to_string(total));
}

std::string Metrics::prometheus_text() const {
  constexpr std::array<const char*, 3> kTypeNames = {"counter", "gauge", "histogram"};
  const MutexLock lock(mutex_);
  std::string out;
  for (const auto& [name, family] : families_) {
    out += "# HELP " + name + ' ' + family->help + '\n';
    out += "# TYPE " + name + ' ' + kTypeNames[static_cast<std::size_t>(family->type)] + '\n';
    for (const auto& [labels, one] : family->by_labels) {
      if (family->type == Type::kCounter) {
        append_sample(out, name, labels, std::to_string(one.counter.value()));
      } else if (family->type == Type::kGauge) {
        append_sample(out, name, labels, std::to_string(one.gauge.value()));
      } else {
        one.histogram->append_to(out, name, labels);
      }
    }
  }
  return out;
}

}  // namespace coupon::core
