// From a base of a copy directory to a moment after it. Private to restore and follow.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "coupond/core/result.h"
#include "coupond/core/secrets.h"
#include "coupond/store/copy_dir.h"
#include "coupond/store/restore.h"

namespace coupon::store {

// The bases of a copy directory, the newest first. Refused when there is none, with what to do.
core::Result<std::vector<CopyPart>> bases_in(const std::string& directory);

struct RolledForward {
  LedgerHead head;
  std::optional<core::UnixMs> at;  // of the last change that was played back; none: none was
  std::vector<std::string> notes;  // what the directory lacks
};

// Plays the directory's changes back into the database file, which is one of its bases. Refused
// when they end early for another reason than their end, and when one does not fit.
core::Result<RolledForward> roll_forward(const std::string& database, const std::string& directory,
                                         const core::Secrets& secrets, const Until& until);

}  // namespace coupon::store
