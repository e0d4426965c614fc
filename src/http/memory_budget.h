// How much memory the requests and replies in flight of one server take together: what has come of
// requests that are not answered yet, and what clients have not taken of their replies. Any thread.
#pragma once

#include <atomic>
#include <cstddef>

namespace coupon::http {

class MemoryBudget {
 public:
  explicit MemoryBudget(std::size_t most) : most_(most) {}

  void change(std::size_t from, std::size_t to) { now_.fetch_add(to - from); }
  bool is_over() const { return now_.load() > most_; }

 private:
  const std::size_t most_;
  std::atomic<std::size_t> now_{0};
};

}  // namespace coupon::http
