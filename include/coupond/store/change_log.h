// A log of change records in a file: append-only, each record sealed with a key that lies beside
// the database and never beside the log. So a record that was cut off, damaged or forged is known
// as such, and whoever finds the log can add nothing to it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "coupond/core/bytes.h"
#include "coupond/core/descriptor.h"
#include "coupond/core/result.h"
#include "coupond/core/secrets.h"
#include "coupond/store/change_record.h"

namespace coupon::store {

using ChangeKey = core::Block<32>;
ChangeKey change_key(const core::Secrets& secrets);

// The record as it stands in a log.
std::string sealed(const ChangeRecord& record, const ChangeKey& key);

// Reads a log that may still grow, or be carried away while it grows. For one thread.
class ChangeLogReader {
 public:
  enum class Found {
    kRecord,
    kEnd,      // of what is there; a later call may find more
    kTorn,     // the last record is not whole: cut off, or still on its way
    kDamaged,  // there is a record behind it, but this is none
  };

  ChangeLogReader(const std::string& path, const ChangeKey& key);

  // Refused when the file cannot be read.
  core::Result<Found> next(ChangeRecord& record);
  // Behind the last record that was whole.
  std::int64_t offset() const { return offset_; }
  const std::string& path() const { return path_; }

 private:
  core::Result<std::string> read(std::int64_t at, std::size_t size) const;
  core::Result<Found> judge(std::int64_t end) const;
  core::Result<Found> look(ChangeRecord& record);
  bool reopened();

  const std::string path_;
  const ChangeKey key_;
  core::Descriptor file_;
  std::int64_t offset_ = 0;
};

// Writes a log. For one thread at a time.
class ChangeLogFile {
 public:
  // Makes the file, durable under its name, or empties the one that is there.
  static core::Result<ChangeLogFile> begin(const std::string& path);

  // Durable, and in the file of that name, when it returns. After a refusal the file may hold some
  // of it: see cut().
  core::Result<core::Done> append(const std::string& records);
  // Takes away what an append() left that was refused; durable when it returns.
  core::Result<core::Done> cut();
  // Takes away what the last append() wrote.
  core::Result<core::Done> take_back();

 private:
  ChangeLogFile(std::string path, core::Descriptor file)
      : path_(std::move(path)), file_(std::move(file)) {}

  std::string path_;
  core::Descriptor file_;
  std::int64_t bytes_ = 0;
  std::int64_t bytes_before_ = 0;  // the last append()
  bool may_hold_more_ = false;     // than bytes_
};

}  // namespace coupon::store
