#include "src/cli/progress.h"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <utility>

namespace coupon::cli {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kBarWidth = 30;
constexpr milliseconds kRedraw{100};
constexpr milliseconds kLineEvery{5000};

}  // namespace

Progress::Progress(std::string what)
    : what_(std::move(what)),
      terminal_(::isatty(STDERR_FILENO) == 1),
      next_(Clock::now() + (terminal_ ? kRedraw : kLineEvery)) {}

void Progress::clear() {
  if (drawn_) std::cerr << "\r\x1b[K" << std::flush;
  drawn_ = false;
}

void Progress::show(std::int64_t done, std::int64_t total) {
  const auto now = Clock::now();
  if (now < next_ || total <= 0) return;
  next_ = now + (terminal_ ? kRedraw : kLineEvery);
  const std::int64_t part = std::clamp<std::int64_t>(done, 0, total);
  const std::string percent = std::to_string(part * 100 / total) + " %";
  if (!terminal_) {
    std::cerr << what_ << ": " << percent << "\n";
    return;
  }
  const auto filled = static_cast<std::size_t>(part * kBarWidth / total);
  std::cerr << "\r" << what_ << " [" << std::string(filled, '#')
            << std::string(static_cast<std::size_t>(kBarWidth) - filled, ' ') << "] " << percent
            << "\x1b[K" << std::flush;
  drawn_ = true;
}

}  // namespace coupon::cli
