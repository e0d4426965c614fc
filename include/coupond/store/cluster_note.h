// The note of a member of a cluster (`serve --cluster`) in its data directory: nothing may be
// changed there that the cluster's log does not have, so only the cluster's own server opens it for
// writing. A restore ends it, for it begins an epoch that the note does not name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "coupond/core/result.h"
#include "coupond/store/data_dir.h"

namespace coupon::store {

bool is_member(const DataPaths& paths, std::int64_t restore_epoch);
// Durable when it returns.
core::Result<core::Done> note_member(const DataPaths& paths, std::int64_t restore_epoch);
core::Result<core::Done> forget_member(const DataPaths& paths);
// For whoever would write there without the cluster.
std::optional<core::Error> refuse_member(const DataPaths& paths, std::int64_t restore_epoch);

}  // namespace coupon::store
