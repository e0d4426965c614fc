// Progress of long work on stderr: a bar that redraws itself on a terminal, elsewhere a plain line
// now and then.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace coupon::cli {

// How long work tells what it is at and how far; a function that may be called as often as one
// likes.
using ShowProgress =
    std::function<void(const std::string& what, std::int64_t done, std::int64_t total)>;

class Progress {
 public:
  explicit Progress(std::string what);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() { clear(); }

  // May be called as often as one likes.
  void show(std::int64_t done, std::int64_t total);
  // Takes the bar away, so that something else can be written to the terminal.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  const std::string what_;
  const bool terminal_;
  Clock::time_point next_;
  bool drawn_ = false;
};

}  // namespace coupon::cli
