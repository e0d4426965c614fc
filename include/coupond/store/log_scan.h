// A look at the write-ahead log as bytes, before SQLite sees it. SQLite reads a log up to the first
// frame whose checksum is wrong and takes that for its end: right after a power cut, when nothing
// behind it was ever acknowledged, and wrong when a byte of an older frame went bad.
//
// To be used while nobody writes the log. Reads the file once; writes nothing.
#pragma once

#include <cstdint>
#include <string>

namespace coupon::store {

struct LogScan {
  std::int64_t frames = 0;     // good ones, up to the log's end as SQLite sees it
  std::int64_t commits = 0;    // transactions in them
  std::int64_t bad_frame = 0;  // the first after them, counted from 1, when good ones follow; or 0
  std::int64_t commits_behind = 0;  // transactions that end behind it
  // Something was written behind a transaction that is cut off. A transaction is begun when the one
  // before is on the disk: so that one was acknowledged, unless durability is relaxed.
  bool lost = false;
};

// Of the log of `database`. All zeros when there is none, or its header is not one.
LogScan scan_log(const std::string& database);

}  // namespace coupon::store
