// The writing side of a copy directory (copy_dir.h): takes change records and keeps what is there
// fit to be restored. Refusals are sentences that name the directory. For one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "coupond/core/result.h"
#include "coupond/store/copy_dir.h"
#include "coupond/store/data_dir.h"

namespace coupon::store {

// A base is due when restoring would have to play back more bytes than this, and than two bases.
inline constexpr std::int64_t kChangesMost = std::int64_t{256} << 20;

class CopyTarget {
 public:
  struct Owner {
    std::string instance;
    std::int64_t epoch = 0;
    ChangeKey key = {};
    // Takes no record that what is there does not lead to.
    bool complete = false;
    std::int64_t changes_most = kChangesMost;
  };
  // Where a database stands.
  struct Place {
    std::int64_t position = 0;
    LedgerHead head = {};
  };
  enum class Fit {
    kGoesOn,     // what is there ends where the database is
    kNeedsBase,  // it does not lead there
  };

  CopyTarget(std::string directory, const DataPaths& data, Owner owner);

  // Makes the directory when it is not there, and finds out how it stands to a database at `place`.
  // Refuses one of another shop, one from after a restore that this database is from before, and
  // one that has more than the database: `accept_loss` sets that aside in a directory beside it.
  core::Result<Fit> open(const Place& place, bool accept_loss = false);

  // Writes the records and makes them durable. On anything but kYes, why() says what is wrong, and
  // the same records may be tried again.
  ChangeSink::Stored append(std::span<const ChangeRecord> records);
  const std::string& why() const { return why_; }
  // Takes away what the last append() wrote. False when that cannot be done.
  bool take_back();

  // Whether what is there leads to the last record.
  bool is_whole() const { return whole_; }
  // It does not, or it has grown too long.
  bool wants_base() const;
  // Makes one out of the database, verified, and clears away what is older than the one before. On
  // a thread of its own, beside append(): it needs nothing that append() changes.
  core::Result<CopyPart> make_base() const;
  void base_made(const CopyPart& base);

  // Whether it lies on the disk that it is to outlive.
  bool shares_disk() const;
  const std::string& directory() const { return directory_; }

 private:
  // Where a base and the changes behind it lead.
  struct End {
    Place place = {};
    bool beyond = false;  // further than the database asked about, by more than one change
    bool schema_fits = true;
    std::int64_t bytes = 0;  // of the changes
  };

  core::Result<core::Done> make_ours();
  core::Result<End> find_end(const CopyPart& base, const Place& place) const;
  core::Result<Fit> compare(const CopyParts& parts, const Place& place, bool accept_loss);
  core::Result<Fit> ahead(const CopyParts& parts, bool accept_loss, const std::string& what);
  core::Result<core::Done> set_aside(const CopyParts& parts) const;
  core::Result<core::Done> ready_log(const ChangeRecord& first);
  void prune() const;

  const std::string directory_;
  const DataPaths data_;
  const Owner owner_;
  const bool shared_disk_at_first_;
  std::optional<ChangeLogFile> log_;
  std::int64_t next_ = 0;  // the position of the next record in log_
  bool opened_ = false;    // once, at least
  bool whole_ = false;
  std::int64_t base_from_ = 0;  // a base of this change or a later one makes it whole
  std::int64_t base_bytes_ = 0;
  std::int64_t bytes_since_base_ = 0;
  std::string why_;
};

}  // namespace coupon::store
