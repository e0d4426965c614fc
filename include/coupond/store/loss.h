// Whether a data directory still has what it once acknowledged. To be asked while nobody works on
// it, before a start: that starts the log anew, and with it what there is to be seen.
#pragma once

#include <optional>
#include <string>

#include "coupond/core/clock.h"
#include "coupond/core/result.h"
#include "coupond/store/data_dir.h"
#include "coupond/store/log_scan.h"

namespace coupon::store {

struct Loss {
  LogScan log;
  // What is gone, as a sentence; nothing when all is there. A database that cannot be opened is
  // none of its business.
  std::optional<std::string> sentence;
};
Loss find_loss(const DataPaths& paths);

// Why the directory must not be made a new shop: its database is missing or empty, but something in
// it says that it was in use. Nothing when there is a database, or nothing speaks against a new
// one.
std::optional<core::Error> lost_database(const DataPaths& paths);

// Keeps a copy of the log beside it, for somebody to look at. Its path.
core::Result<std::string> keep_log(const DataPaths& paths, const core::Clock& clock);

}  // namespace coupon::store
