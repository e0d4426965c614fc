#include "src/cli/prove/prove_disk.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "coupond/core/descriptor.h"

namespace coupon::cli {
namespace {

constexpr int kSyncs = 100;

// Writes the block again and waits for the disk. False when that fails.
bool write_through(int fd, char content) {
  std::array<char, 4096> block;
  block.fill(content);
  return ::pwrite(fd, block.data(), block.size(), 0) == static_cast<ssize_t>(block.size()) &&
         ::fdatasync(fd) == 0;
}

std::optional<double> quickest(int fd) {
  using Clock = std::chrono::steady_clock;
  // The first one takes space on the disk, which the others, like a log that is used again, do not.
  if (!write_through(fd, 'a')) return std::nullopt;
  double best = 1e9;
  for (int i = 0; i < kSyncs; ++i) {
    const auto start = Clock::now();
    if (!write_through(fd, static_cast<char>(i))) return std::nullopt;
    best = std::min(best, std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  return best;
}

}  // namespace

std::optional<double> quickest_sync_us(const std::string& directory) {
  const std::string path = directory + "/sync-probe";
  const core::Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file.is_open()) return std::nullopt;
  const auto best = quickest(file.fd());
  ::unlink(path.c_str());
  return best;
}

}  // namespace coupon::cli
