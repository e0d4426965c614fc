// Looking at a database without owning its directory: beside a server or without one, for commands
// that only read. Each refusal is one sentence that names the path and the remedy.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "coupond/core/result.h"
#include "coupond/store/connection.h"
#include "coupond/store/data_dir.h"

namespace coupon::store {

// Opens an existing database to read it. Refuses one that is missing, not ours or newer than this
// program; looks at nothing else.
core::Result<std::unique_ptr<Connection>> open_for_reading(const DataPaths& paths);

// What a reading of every page finds wrong first; nothing when all is well. Throws
// SQLite::Exception.
std::optional<std::string> find_damage(Connection& connection);

}  // namespace coupon::store
