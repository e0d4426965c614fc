// The histogram of the load generator: no figure may be too low, none more than 1/32 too high.
#include <catch2/catch.hpp>

#include <cstdint>

#include "coupond/load/histogram.h"

namespace {

using coupon::load::Histogram;

TEST_CASE("a histogram gives back one duration within 1/32") {
  for (std::int64_t ns = 1; ns < 500'000'000'000; ns = ns * 5 / 4 + 1) {
    Histogram histogram;
    histogram.record(ns);
    histogram.record(2 * ns);  // so that the first is not cut to the maximum
    const std::int64_t low = histogram.quantile_ns(0.5);
    CHECK(low >= ns);
    CHECK(low <= ns + ns / 32);
    CHECK(histogram.max_ns() == 2 * ns);
  }
}

TEST_CASE("a histogram's quantiles of 1 to 1000 are where they belong") {
  Histogram histogram;
  for (std::int64_t ns = 1; ns <= 1000; ++ns) histogram.record(ns);
  CHECK(histogram.count() == 1000);
  CHECK(histogram.quantile_ns(0.001) == 1);
  CHECK(histogram.quantile_ns(0.5) >= 500);
  CHECK(histogram.quantile_ns(0.5) <= 516);
  CHECK(histogram.quantile_ns(0.99) >= 990);
  CHECK(histogram.quantile_ns(1) == 1000);
}

TEST_CASE("histograms can be put together, and hold what is out of range at its end") {
  Histogram a;
  Histogram b;
  a.record(-5);
  b.record(std::int64_t{1} << 60);
  a.merge(b);
  CHECK(a.count() == 2);
  CHECK(a.quantile_ns(0.5) == 0);
  CHECK(a.max_ns() == (std::int64_t{1} << 40) - 1);
  CHECK(a.quantile_ns(1) == a.max_ns());
}

TEST_CASE("an empty histogram is all zero") {
  const Histogram histogram;
  CHECK(histogram.quantile_ns(0.99) == 0);
  CHECK(histogram.max_ns() == 0);
}

}  // namespace
