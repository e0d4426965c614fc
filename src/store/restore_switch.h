// The last part of a restore: a database, and perhaps its key, take the place of those in a data
// directory. One rename decides it, the one that gives the file RESTORE its name; from then on the
// steps are carried out by whoever has the directory next, however often they are cut off. Private
// to restore.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "coupond/core/error.h"
#include "coupond/store/data_dir.h"

namespace coupon::store {

// What is to take their place. Readied by restore(), gone again when it fails before the switch.
std::string candidate_database(const DataPaths& paths);
std::string candidate_key(const DataPaths& paths);
void remove_candidate(const DataPaths& paths);

// Called before each step that changes a name.
using StepFunction = std::function<void()>;

// Decides for the candidate and carries it out. What was there is set aside under its name and
// `ending`. The candidate's files are durable and have no log.
std::optional<core::Error> switch_to_candidate(const DataPaths& paths, const std::string& ending,
                                               const StepFunction& step);

}  // namespace coupon::store
