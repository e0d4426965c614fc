// The duty of a shop whose answers wait for a copy (`--copy-sync`): noted in its data directory, so
// that nobody does anything there that the copy does not get, until that is to be forgotten. A
// restore ends it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "coupond/core/result.h"
#include "coupond/store/data_dir.h"

namespace coupon::store {

// The copy's directory, when there is the duty in this restore epoch.
std::optional<std::string> copy_duty(const DataPaths& paths, std::int64_t epoch);
// Durable when it returns.
core::Result<core::Done> take_copy_duty(const DataPaths& paths, std::int64_t epoch,
                                        const std::string& directory);
core::Result<core::Done> forget_copy_duty(const DataPaths& paths);
// For a start without the copy: refused while there is the duty.
std::optional<core::Error> refuse_without_copy(const DataPaths& paths, std::int64_t epoch);

}  // namespace coupon::store
