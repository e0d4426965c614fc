// HEAD: where the ledger stood when something was last acknowledged, kept beside the database. It
// outlives what the database file cannot notice by itself: a file put back from yesterday, a
// write-ahead log that was removed or damaged after a crash.
//
// Written after each commit and before its answers, without a sync: a crash of the process does not
// lose it, and at a power cut it may be older than the database, never newer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "coupond/core/descriptor.h"
#include "coupond/store/connection.h"
#include "coupond/store/data_dir.h"
#include "coupond/store/database.h"
#include "coupond/store/ledger.h"

namespace coupon::store {

struct LastHead {
  std::string instance;            // of the database, see DatabaseFacts
  std::int64_t restore_epoch = 0;  // likewise
  core::Seq seq;
  core::Digest hash{};
};

// Nothing when there is none, or what is there is none.
std::optional<LastHead> read_last_head(const DataPaths& paths);

// Writes HEAD. Belongs to the directory's owner; write() to one thread at a time.
class HeadNote {
 public:
  HeadNote(const DataPaths& paths, const DatabaseFacts& facts);

  // A failure costs what HEAD is there for, and nothing else.
  void write(const LedgerHead& head) noexcept;

 private:
  const std::string prefix_;
  core::Descriptor file_;
};

// What the database lacks of what HEAD remembers, as the end of a sentence; nothing when it lacks
// nothing, is another database, or was restored since. Throws SQLite::Exception.
std::optional<std::string> lost_since(const LastHead& last, Connection& connection);

}  // namespace coupon::store
