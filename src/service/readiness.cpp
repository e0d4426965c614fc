#include "coupond/service/readiness.h"

#include <sys/statvfs.h>

#include <algorithm>

namespace coupon::service {
namespace {

// The write-ahead log may grow by this much before the writer can empty it.
constexpr std::uint64_t kDiskFreeMinBytes = std::uint64_t{64} << 20;
// Operations wait and nothing was committed for this long: the disk is stuck.
constexpr std::int64_t kStuckMs = 5'000;

Check writer_check(const store::Writer& writer) {
  if (writer.storage_full()) return {"writer", false, "no space on the disk: changes are refused"};
  if (!writer.healthy()) return {"writer", false, "a commit failed: the process is leaving"};
  return {"writer", true, "committed entry " + std::to_string(writer.committed_seq().value)};
}

Check queue_check(const Engine& engine) {
  const std::size_t depth = engine.writer().queue_depth();
  const core::UnixMs last = engine.writer().last_commit_at();
  const bool stuck = depth > 0 && last.value > 0 && last + kStuckMs < engine.clock()();
  return {"queue", !stuck, std::to_string(depth) + " operations wait"};
}

Check disk_check(const store::DataPaths& paths) {
  struct statvfs disk = {};
  if (::statvfs(paths.directory.c_str(), &disk) != 0) {
    return {"disk", false, "the data directory cannot be looked at"};
  }
  const std::uint64_t free_bytes = std::uint64_t{disk.f_bavail} * disk.f_frsize;
  return {"disk", free_bytes >= kDiskFreeMinBytes, std::to_string(free_bytes >> 20) + " MiB free"};
}

Check durability_check(store::Durability durability) {
  const bool full = durability == store::Durability::kFull;
  return {"durability", true, full ? "full" : "relaxed"};
}

}  // namespace

std::vector<Check> readiness(const Engine& engine) {
  return {writer_check(engine.writer()), queue_check(engine), disk_check(engine.paths()),
          durability_check(engine.durability())};
}

bool all_ok(const std::vector<Check>& checks) {
  return std::all_of(checks.begin(), checks.end(), [](const Check& check) { return check.ok; });
}

}  // namespace coupon::service
