// Is there an order of these operations that respects real time and in which each does what it was
// seen to do? Searched for, after Wing and Gong with Lowe's memory of what was tried, without a
// hint of any kind; so for at most 60 operations on one object. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <utility>
#include <vector>

#include "tests/simulation/recorded_history.h"

namespace coupon::test {

template <class State>
struct Step {
  Moment invoked = 0;
  Moment replied = kNever;  // kNever: it may happen at any time from then on
  // Does it to the state; false when that could not have been its outcome here.
  std::function<bool(State&)> take;
};

template <class State>
class LinearSearch {
 public:
  static constexpr std::size_t kStepsMax = 60;

  explicit LinearSearch(const std::vector<Step<State>>& steps) : steps_(steps) {}

  // Every step must find a place. State needs operator<.
  bool exists(const State& start) { return search(0, start); }

 private:
  bool search(std::uint64_t taken, const State& state) {
    if (taken == (std::uint64_t{1} << steps_.size()) - 1) return true;
    if (!tried_.emplace(taken, state).second) return false;
    // Only what was asked before anything left was answered can come next.
    Moment first_reply = kNever;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      if (!has(taken, i)) first_reply = std::min(first_reply, steps_[i].replied);
    }
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      if (has(taken, i) || steps_[i].invoked > first_reply) continue;
      State after = state;
      if (steps_[i].take(after) && search(taken | bit(i), after)) return true;
    }
    return false;
  }

  static std::uint64_t bit(std::size_t i) { return std::uint64_t{1} << i; }
  static bool has(std::uint64_t set, std::size_t i) { return (set & bit(i)) != 0; }

  const std::vector<Step<State>>& steps_;
  std::set<std::pair<std::uint64_t, State>> tried_;
};

}  // namespace coupon::test
