#include "coupond/load/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace coupon::load {
namespace {

constexpr std::int64_t kLongest = (std::int64_t{1} << 40) - 1;

}  // namespace

// The highest six bits name the bucket: which bit is the first, and the five after it.
std::size_t Histogram::bucket_of(std::uint64_t ns) {
  const int shift = std::max(0, static_cast<int>(std::bit_width(ns)) - kSubBits - 1);
  return (static_cast<std::size_t>(shift) << kSubBits) + static_cast<std::size_t>(ns >> shift);
}

std::int64_t Histogram::top_of(std::size_t bucket) {
  const auto shift = std::max<std::int64_t>(0, static_cast<std::int64_t>(bucket >> kSubBits) - 1);
  const auto first = static_cast<std::int64_t>(bucket) - (shift << kSubBits);
  return ((first + 1) << shift) - 1;
}

void Histogram::record(std::int64_t ns) {
  const std::int64_t value = std::clamp<std::int64_t>(ns, 0, kLongest);
  ++counts_[bucket_of(static_cast<std::uint64_t>(value))];
  ++count_;
  max_ns_ = std::max(max_ns_, value);
}

void Histogram::merge(const Histogram& other) {
  for (std::size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  max_ns_ = std::max(max_ns_, other.max_ns_);
}

std::int64_t Histogram::quantile_ns(double share) const {
  const auto wanted = static_cast<std::int64_t>(std::ceil(share * static_cast<double>(count_)));
  std::int64_t seen = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    seen += counts_[i];
    if (seen >= wanted && seen > 0) return std::min(top_of(i), max_ns_);
  }
  return max_ns_;
}

}  // namespace coupon::load
