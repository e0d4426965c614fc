// How often each reason was the answer, since the start: for /metrics and /api/v1/stats. Safe on
// any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "coupond/core/error.h"

namespace coupon::api {

class RefusalCounts {
 public:
  void add(core::Reason reason) {
    counts_[static_cast<std::size_t>(reason)].fetch_add(1, std::memory_order_relaxed);
  }

  struct Row {
    core::Reason reason;
    std::uint64_t count;
  };
  // Those that have occurred, in the order of the list of reasons.
  std::vector<Row> rows() const {
    std::vector<Row> rows;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      const std::uint64_t count = counts_[i].load(std::memory_order_relaxed);
      if (count > 0) rows.push_back({static_cast<core::Reason>(i), count});
    }
    return rows;
  }

 private:
  static constexpr std::size_t kReasons = static_cast<std::size_t>(core::Reason::kInternal) + 1;
  std::array<std::atomic<std::uint64_t>, kReasons> counts_{};
};

}  // namespace coupon::api
