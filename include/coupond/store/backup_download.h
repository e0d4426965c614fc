// A backup that is handed out piece by piece and kept nowhere: made in the data directory, verified
// like every other, and without a name from the moment it is whole, so that its room is free again
// as soon as this object is gone, however the process ends. One thread at a time.
#pragma once

#include <string>
#include <utility>

#include "coupond/core/descriptor.h"
#include "coupond/store/backup.h"

namespace coupon::store {

class BackupDownload {
 public:
  // Refused with one sentence: what back_up() refuses, and where the disk has no room for a copy
  // beside what the server needs. One at a time a data directory.
  static core::Result<BackupDownload> make(const DataPaths& paths, const BackupOptions& options);

  const BackupReport& report() const { return report_; }
  // Puts the next piece, at most 64 KiB, into `piece`; false at the end. Throws std::runtime_error
  // where the disk does not give it.
  bool next(std::string& piece);

 private:
  BackupDownload(core::Descriptor file, BackupReport report)
      : file_(std::move(file)), report_(std::move(report)) {}

  core::Descriptor file_;
  BackupReport report_;
};

}  // namespace coupon::store
