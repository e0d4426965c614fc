#include "coupond/core/metrics.h"

#include <array>
#include <catch2/catch.hpp>
#include <thread>

using namespace coupon::core;

TEST_CASE("series are shown with help, type, labels and value", "[metrics]") {
  Metrics metrics;
  metrics.counter("coupond_requests_total", "Requests answered.", {{"code", "200"}}).add(3);
  metrics.counter("coupond_requests_total", "Requests answered.", {{"code", "404"}}).add();
  metrics.gauge("coupond_queue_length", "Operations waiting.").set(-2);
  CHECK(metrics.prometheus_text() ==
        "# HELP coupond_queue_length Operations waiting.\n"
        "# TYPE coupond_queue_length gauge\n"
        "coupond_queue_length -2\n"
        "# HELP coupond_requests_total Requests answered.\n"
        "# TYPE coupond_requests_total counter\n"
        "coupond_requests_total{code=\"200\"} 3\n"
        "coupond_requests_total{code=\"404\"} 1\n");
}

TEST_CASE("a histogram is cumulative and durations are shown in seconds", "[metrics]") {
  Metrics metrics;
  const std::array<std::int64_t, 3> bounds = {100, 1'000'000, 10'000'000};
  Histogram& latency = metrics.histogram("t_seconds", "Time.", bounds, HistogramUnit::kMicroseconds,
                                         {{"route", "/x"}});
  for (const std::int64_t us : {-5, 100, 101, 1'000'000, 20'000'000}) latency.observe(us);
  CHECK(latency.count() == 5);
  CHECK(metrics.prometheus_text() ==
        "# HELP t_seconds Time.\n"
        "# TYPE t_seconds histogram\n"
        "t_seconds_bucket{route=\"/x\",le=\"0.0001\"} 2\n"
        "t_seconds_bucket{route=\"/x\",le=\"1\"} 4\n"
        "t_seconds_bucket{route=\"/x\",le=\"10\"} 4\n"
        "t_seconds_bucket{route=\"/x\",le=\"+Inf\"} 5\n"
        "t_seconds_sum{route=\"/x\"} 21.000201\n"
        "t_seconds_count{route=\"/x\"} 5\n");
}

TEST_CASE("a histogram of counts keeps its figures as they are", "[metrics]") {
  Metrics metrics;
  const std::array<std::int64_t, 2> bounds = {1, 100};
  metrics.histogram("batch_operations", "Operations per batch.", bounds, HistogramUnit::kCount)
      .observe(10);
  const std::string text = metrics.prometheus_text();
  CHECK(text.find("batch_operations_bucket{le=\"100\"} 1\n") != std::string::npos);
  CHECK(text.find("batch_operations_sum 10\n") != std::string::npos);
}

TEST_CASE("the same name and labels are the same series", "[metrics]") {
  Metrics metrics;
  Counter& first = metrics.counter("a_total", "A.", {{"x", "1"}});
  for (int i = 0; i < 100; ++i) metrics.counter("a_total", "A.", {{"x", std::to_string(i + 2)}});
  CHECK(&metrics.counter("a_total", "A.", {{"x", "1"}}) == &first);
  CHECK(&metrics.counter("a_total", "A.", {{"x", "2"}}) != &first);
}

TEST_CASE("quotes and line ends in a label value stay inside it", "[metrics]") {
  Metrics metrics;
  metrics.counter("a_total", "A.", {{"x", "a\"b\\c\nd"}}).add();
  CHECK(metrics.prometheus_text().find("a_total{x=\"a\\\"b\\\\c\\nd\"} 1\n") != std::string::npos);
}

TEST_CASE("updates from many threads are all counted", "[metrics]") {
  Metrics metrics;
  Counter& counter = metrics.counter("a_total", "A.");
  Gauge& gauge = metrics.gauge("b", "B.");
  Histogram& histogram =
      metrics.histogram("c", "C.", latency_bounds_us(), HistogramUnit::kMicroseconds);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10'000; ++i) {
        counter.add();
        gauge.add(1);
        histogram.observe(i);
        if (i % 1000 == 0) metrics.prometheus_text();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(counter.value() == 40'000);
  CHECK(gauge.value() == 40'000);
  CHECK(histogram.count() == 40'000);
}
