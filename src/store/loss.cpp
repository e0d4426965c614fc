#include "coupond/store/loss.h"

#include <SQLiteCpp/Exception.h>

#include "coupond/core/time_text.h"
#include "coupond/store/inspect.h"
#include "coupond/store/last_head.h"
#include "src/store/files.h"

namespace coupon::store {
namespace {

std::optional<std::string> lost_entries(const DataPaths& paths) {
  const auto last = read_last_head(paths);
  if (!last) return std::nullopt;
  const auto connection = open_for_reading(paths);
  if (!connection.ok()) return std::nullopt;
  try {
    return lost_since(*last, **connection);
  } catch (const SQLite::Exception&) {
    return std::nullopt;  // damaged: others say so
  }
}

std::string described(const LogScan& log) {
  return "frame " + std::to_string(log.bad_frame) + " of its log is damaged, and " +
         std::to_string(log.commits_behind) + " transactions behind it are out of reach";
}

}  // namespace

Loss find_loss(const DataPaths& paths) {
  Loss loss{.log = scan_log(paths.database), .sentence = {}};
  std::string what;
  if (loss.log.lost) what = described(loss.log);
  if (const auto entries = lost_entries(paths)) {
    what += (what.empty() ? "it " : "; it ") + *entries;
  }
  if (what.empty()) return loss;
  loss.sentence = "The database " + paths.database + " lost what it had acknowledged: " + what;
  return loss;
}

std::optional<core::Error> lost_database(const DataPaths& paths) {
  if (has_database(paths)) return std::nullopt;
  for (const std::string& sign : {paths.key, paths.head, paths.ballast, paths.clean_stop,
                                  paths.serving, paths.database + "-wal"}) {
    if (!exists(sign)) continue;
    return core::Error{
        .reason = core::Reason::kInternal,
        .message = "The database " + paths.database + " is " +
                   (exists(paths.database) ? "empty" : "missing") + ", but " + sign +
                   " says that the directory was in use. Put the database back, restore a backup "
                   "with `coupond restore FILE`, or name a new directory with --data for a new "
                   "shop."};
  }
  return std::nullopt;
}

core::Result<std::string> keep_log(const DataPaths& paths, const core::Clock& clock) {
  const std::string when =
      core::to_rfc3339({clock().value / core::kMsPerSecond * core::kMsPerSecond});
  const std::string copy = paths.database + "-wal.damaged-" + when;
  if (exists(copy)) return copy;
  if (auto error = copy_private_file(paths.database + "-wal", copy)) return *error;
  return copy;
}

}  // namespace coupon::store
