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

// Whether a file that an older coupond made will do: for what is the same in every version, as the
// facts and the ledger's head are.
enum class Versions { kCurrent, kOlderToo };

// Opens an existing database to read it. Refuses one that is missing, not ours, newer than this
// program, or older and so to be brought up to date first; looks at nothing else.
core::Result<std::unique_ptr<Connection>> open_for_reading(const DataPaths& paths,
                                                           Versions versions = Versions::kCurrent);

// What a reading of every page finds wrong first; nothing when all is well. Throws
// SQLite::Exception.
std::optional<std::string> find_damage(Connection& connection);

}  // namespace coupon::store
