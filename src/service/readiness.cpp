#include "coupond/service/readiness.h"

#include <algorithm>

#include "coupond/core/limits.h"
#include "coupond/core/time_text.h"
#include "coupond/store/ballast.h"
#include "coupond/store/log_readers.h"

namespace coupon::service {
namespace {

// The writer is at one batch for this long: the disk is stuck. The slowest healthy batch takes a
// tenth of it.
constexpr std::int64_t kStuckMs = 3'000;

bool has_room(const store::DataPaths& paths) {
  return store::free_bytes(paths) >= core::limits::kDiskFreeMinBytes;
}

std::string what_to_do(const store::DataPaths& paths) {
  const std::string what = "no space on the disk: changes are refused until there is some";
  if (!store::exists(paths.ballast)) return what;
  return what + "; deleting BALLAST in the data directory frees 16 MiB at once";
}

// The writer learns that there is room again from the next change, and whoever looks at this may
// wait for that with sending one.
Check writer_check(const Engine& engine) {
  const store::Writer& writer = engine.writer();
  if (writer.storage_full()) {
    if (!has_room(engine.paths())) return {"writer", false, what_to_do(engine.paths())};
  } else if (!writer.healthy()) {
    return {"writer", false, "a commit failed: the process is leaving"};
  }
  const std::int64_t busy_ms = writer.busy_ms();
  if (busy_ms >= kStuckMs) {
    return {"writer", false,
            "at one batch for " + core::duration_text(busy_ms) + ": the disk does not answer"};
  }
  return {"writer", true, "committed entry " + std::to_string(writer.committed_seq().value)};
}

Check queue_check(const Engine& engine) {
  return {"queue", true, std::to_string(engine.writer().queue_depth()) + " operations wait"};
}

Check disk_check(const store::DataPaths& paths) {
  return {"disk", has_room(paths), std::to_string(store::free_bytes(paths) >> 20) + " MiB free"};
}

// It serves, until the disk is full.
Check log_check(const store::DataPaths& paths) {
  const auto pinned = store::pinned_log(paths, store::kLongLogBytes);
  return {"log", true, pinned ? "LOOK: " + *pinned : "is moved into the file as it comes"};
}

Check durability_check(store::Durability durability) {
  const bool full = durability == store::Durability::kFull;
  return {"durability", true, full ? "full" : "relaxed"};
}

Check file_check(const Engine& engine) {
  if (engine.has_its_file()) return {"file", true, engine.paths().database};
  return {"file", false,
          engine.paths().database +
              " was removed or replaced while it is served: what is written now is lost at the "
              "stop, unless the file is copied from /proc/PID/fd first"};
}

// A clock that is far off is served by, for there is no better one, and said loudly.
Check clock_check(const Engine& engine) {
  const auto odd = engine.writer().time().oddity();
  return {"clock", true, odd ? "LOOK: " + *odd : core::to_rfc3339(engine.clock()())};
}

// It would serve, but the next start would refuse.
Check schema_check(const Engine& engine) {
  const std::string trouble = engine.writer().schema_trouble();
  if (trouble.empty()) return {"schema", true, "as coupond made it"};
  return {
      "schema", false,
      trouble + ": another program changed the database. Undo that: the next start will refuse it"};
}

Check ledger_check(const Engine& engine) {
  const std::string divergence = engine.divergence();
  if (divergence.empty()) return {"ledger", true, "agrees with the counters"};
  return {"ledger", false, divergence + ". Stop the server and look at it with `coupond verify`"};
}

}  // namespace

std::vector<Check> readiness(const Engine& engine) {
  return {writer_check(engine),      queue_check(engine),  disk_check(engine.paths()),
          log_check(engine.paths()), file_check(engine),   durability_check(engine.durability()),
          clock_check(engine),       schema_check(engine), ledger_check(engine)};
}

bool all_ok(const std::vector<Check>& checks) {
  return std::all_of(checks.begin(), checks.end(), [](const Check& check) { return check.ok; });
}

}  // namespace coupon::service
