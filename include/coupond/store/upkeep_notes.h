// When the last backup was made and the last verification done, whichever way: small files in the
// data directory, LAST-BACKUP and LAST-VERIFY, for the owner to see. They prove nothing and nothing
// depends on them; a note that cannot be written or read is none. Any thread, any process.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "coupond/core/types.h"
#include "coupond/store/data_dir.h"

namespace coupon::store {

struct BackupNote {
  core::UnixMs at;
  core::Seq seq;  // the last ledger entry in it
  std::int64_t bytes = 0;
  bool with_key = false;
};
struct VerifyNote {
  core::UnixMs at;
  std::int64_t entries = 0;
  std::string divergence = {};  // empty: all agreed
};

void note_backup(const DataPaths& paths, const BackupNote& note);
void note_verify(const DataPaths& paths, const VerifyNote& note);
std::optional<BackupNote> last_backup(const DataPaths& paths);
std::optional<VerifyNote> last_verify(const DataPaths& paths);

}  // namespace coupon::store
