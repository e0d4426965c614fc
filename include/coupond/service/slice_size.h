// How many codes the next slice of bulk work stores: from how long the last one kept the writer.
// For one thread, but for what an operation does on the writer's while that thread waits for it.
#pragma once

#include <chrono>
#include <cstdint>

#include "coupond/store/tx.h"
#include "coupond/store/writer.h"

namespace coupon::service {

class SliceSize {
 public:
  struct Limits {
    // The longest a slice should hold the writer, its commit included, when nobody else waits and
    // when somebody does.
    std::int64_t quiet_us = 8'000;
    std::int64_t busy_us = 3'000;
    std::int64_t codes_max = 8192;
  };

  explicit SliceSize(const Limits& limits) : limits_(limits) {}

  // Of the next one.
  std::int64_t codes() const { return codes_; }

  // Inside the operation, before and after its work: it is measured from when it gets the writer
  // until it is committed.
  void begin(store::Tx& tx);
  void end(const store::Writer& writer);
  // When it was committed: it stored so many. Gives how long it held the writer, in microseconds.
  std::int64_t adapt(std::int64_t codes);

 private:
  const Limits limits_;
  std::int64_t codes_ = 250;
  std::chrono::steady_clock::time_point begun_;
  std::chrono::steady_clock::time_point committed_;
  bool others_wait_ = false;
};

}  // namespace coupon::service
