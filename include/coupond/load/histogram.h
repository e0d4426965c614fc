// Histogram: how long things took, in few bytes and with a known error: every figure it gives is at
// most 1/32 above the truth, from nanoseconds to minutes. For one thread; merge() brings several
// together.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace coupon::load {

class Histogram {
 public:
  // Negative durations count as 0, those above 18 minutes as 18 minutes.
  void record(std::int64_t ns);
  void merge(const Histogram& other);

  std::int64_t count() const { return count_; }
  std::int64_t max_ns() const { return max_ns_; }
  // The duration that `share` (0 to 1) of them did not exceed; 0 when there are none.
  std::int64_t quantile_ns(double share) const;

 private:
  // Durations below 64 have a bucket each; from there on each doubling is divided into 32.
  static constexpr int kSubBits = 5;
  static constexpr int kMaxBits = 40;
  static constexpr std::size_t kBuckets = static_cast<std::size_t>(kMaxBits - kSubBits + 1)
                                          << kSubBits;
  static std::size_t bucket_of(std::uint64_t ns);
  static std::int64_t top_of(std::size_t bucket);

  std::array<std::int64_t, kBuckets> counts_{};
  std::int64_t count_ = 0;
  std::int64_t max_ns_ = 0;
};

}  // namespace coupon::load
