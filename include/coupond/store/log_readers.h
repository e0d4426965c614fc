// Who keeps the write-ahead log from being started anew: a process that reads an old state, such as
// a backup that stopped half-way. Any thread; reads /proc only, for opening the log's own files
// here would end the locks that SQLite has on them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "coupond/store/data_dir.h"

namespace coupon::store {

// A log this long is started anew at every pause, unless some process keeps reading an old state.
constexpr std::int64_t kLongLogBytes = std::int64_t{256} << 20;

struct LogReader {
  pid_t pid = 0;
  std::string command = {};  // its name, as the system has it
  bool stopped = false;      // by a signal or a debugger: it reads nothing any more
  bool is_ours = false;      // it is a coupond, as we are
};

// Another process that reads the database now; of several, one that is stopped.
std::optional<LogReader> other_reader(const DataPaths& paths);

// What to tell the owner when the log is longer than `bytes` because of that; nothing otherwise.
std::optional<std::string> pinned_log(const DataPaths& paths, std::int64_t bytes);

// Ends the process that does it where it is one of ours and stopped: it would fill the disk, and
// whatever it is at can be repeated. Says which it ended.
std::optional<std::string> end_stopped_reader(const DataPaths& paths, std::int64_t bytes);

}  // namespace coupon::store
