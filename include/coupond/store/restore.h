// Restoring a backup: the database in a data directory is set aside, never deleted, and the backup
// takes its place, once it was verified. All sessions and holds end with it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "coupond/core/clock.h"
#include "coupond/core/result.h"
#include "coupond/store/backup.h"
#include "coupond/store/data_dir.h"

namespace coupon::store {

// The moment to restore: the last change up to it counts. Both absent: the last there is.
struct Until {
  std::optional<core::Seq> seq = {};  // a ledger entry
  std::optional<core::UnixMs> at = {};
  bool includes(core::Seq entry, core::UnixMs time) const {
    return !(seq && entry > *seq) && !(at && time > *at);
  }
};

struct RestoreOptions {
  core::Clock clock = core::system_clock_now;
  Until until = {};           // of a copy's directory only
  std::string key_file = {};  // the key, when it does not lie in the directory
  // Goes on as what the copy is of, for follow.h: no new epoch, and nothing ends.
  bool keep_epoch = false;
  // The same for a member of a cluster, which is noted as one before its database is there.
  bool as_member = false;
  ProgressFunction checking = {};
  // Called before each step of the switch from one database to the other; for tests, which end the
  // process there.
  std::function<void()> step = [] {};
};

struct RestoreReport {
  core::Seq seq;           // the last ledger entry of the backup
  std::int64_t epoch = 0;  // how often this database was restored, this time included
  bool key_from_backup = false;
  std::optional<std::string> set_aside;      // where the database that was there is now
  std::optional<std::string> key_set_aside;  // where its key is, when the backup brought another
  std::optional<std::int64_t> lacks;         // operations that one has and the backup does not
  std::optional<core::UnixMs> until;         // the last change's time, of a copy's directory
  std::vector<std::string> notes;            // sentences on what the copy itself lacks
};

// Puts the backup `file`, or what a copy's directory (copy_dir.h) of that name holds, into the
// directory, which is made when it is not there. Refuses, and leaves everything as it is, while a
// server holds the directory, when the backup does not verify, and when neither it nor the
// directory has its key. Refusals are one sentence. One rename decides for the backup; a restore
// that is cut off behind it is carried out by the next start or restore, one that is cut off before
// it leaves everything as it was.
core::Result<RestoreReport> restore(const DataPaths& paths, const std::string& file,
                                    const RestoreOptions& options);

// Begins a restore epoch in the directory's database, as restore() does at its end: for follow.h.
// Called by the directory's owner.
core::Result<core::Done> begin_epoch(const DataPaths& paths, const core::Secrets& secrets,
                                     std::int64_t epoch, const core::Clock& clock);

// Carries out a restore that was cut off after it was decided, and clears away what one left that
// was cut off before. Called by the directory's owner before anything else.
std::optional<core::Error> finish_restore(const DataPaths& paths);

}  // namespace coupon::store
