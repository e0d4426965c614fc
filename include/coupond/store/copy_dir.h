// A copy directory: what `serve --copy DIR` writes, and restore, follow and verify read. It holds
// no key, and any tool may carry it away at any moment.
//
//   COPY                        whose copy it is: the instance of the database
//   base-<epoch>-<n>.backup     the database as change n left it (see backup.h)
//   changes-<epoch>-<n>.log     the changes from n on (see change_log.h), up to the next log's
//
// <epoch> is the restore epoch, so that what came after a restore is told from what came before.
// A base is good together with the changes that follow it without a gap.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "coupond/core/result.h"
#include "coupond/store/change_log.h"

namespace coupon::store {

struct CopyPart {
  std::string path;
  std::int64_t epoch = 0;
  std::int64_t position = 0;
  std::int64_t bytes = 0;
};

struct CopyParts {
  std::string instance;         // empty: nothing says whose copy it is
  std::vector<CopyPart> bases;  // in the order of what they hold
  std::vector<CopyPart> logs;   // likewise
};

// Refused when the directory cannot be read.
core::Result<CopyParts> look_at_copy(const std::string& directory);

std::string copy_note(const std::string& directory);
std::string base_path(const std::string& directory, std::int64_t epoch, std::int64_t position);
std::string log_path(const std::string& directory, std::int64_t epoch, std::int64_t position);

// Reads the changes behind a position, from log to log. For one thread.
class CopyReader {
 public:
  enum class Found {
    kRecord,
    kEnd,      // for now
    kTorn,     // for now: the newest record is not whole
    kMissing,  // there are later ones, but not the next
    kDamaged,  // likewise, and in its place is something else
  };

  CopyReader(std::string directory, const ChangeKey& key, std::int64_t epoch,
             std::int64_t position);

  // Refused when a file cannot be read.
  core::Result<Found> next(ChangeRecord& record);
  // Of the last record that was read.
  std::int64_t position() const { return position_; }
  // The log that record is in, and where in it; good after kRecord only.
  std::string path() const { return log_ ? log_->path() : std::string(); }
  std::int64_t last_at() const { return last_at_; }

 private:
  // The log that the next record must be in; nothing when there is none.
  core::Result<std::optional<CopyPart>> find_log();

  const std::string directory_;
  const ChangeKey key_;
  const std::int64_t epoch_;
  std::int64_t position_;
  std::int64_t starts_at_ = 0;  // of the log that is being read
  std::int64_t last_at_ = 0;
  bool later_ones_ = false;  // logs that begin behind the next record
  std::unique_ptr<ChangeLogReader> log_;
};

}  // namespace coupon::store
