// When the last backup was made and the last verification done, whichever way, and since when
// secret.key is kept elsewhere, too: small files in the data directory, LAST-BACKUP, LAST-VERIFY
// and KEY-KEPT, for the owner to see. They prove nothing and nothing
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

// A copy of secret.key outside the data directory: in a backup that holds it or, as the owner says,
// in a place of theirs.
struct KeyNote {
  core::UnixMs at;
  bool in_backup = false;
};

// One that holds the key is a KeyNote, too.
void note_backup(const DataPaths& paths, const BackupNote& note);
void note_verify(const DataPaths& paths, const VerifyNote& note);
void note_key_kept(const DataPaths& paths, const KeyNote& note);
std::optional<BackupNote> last_backup(const DataPaths& paths);
std::optional<VerifyNote> last_verify(const DataPaths& paths);
std::optional<KeyNote> key_kept(const DataPaths& paths);

}  // namespace coupon::store
