// A process of the simulated machine: what Engine::open() would make of the database (writer,
// readers, counter table), without threads. Ends by being destroyed; when the power is off by then,
// or the disk cut off, that is a kill. One thread.
#pragma once

#include <memory>
#include <string>

#include "coupond/store/checkpoint.h"
#include "coupond/store/counter_table.h"
#include "coupond/store/readers.h"
#include "coupond/store/writer.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/fault_vfs.h"

namespace coupon::test {

class Process {
 public:
  // Throws SQLite::Exception when the database cannot be opened.
  Process(FaultVfs& disk, const std::string& path, store::Durability durability, FakeClock& clock);

  store::Writer& writer() { return writer_; }
  store::Readers& readers() { return readers_; }
  const store::CounterTable& counters() const { return counters_; }
  // The writer has said that the process must leave.
  bool must_leave() const { return must_leave_; }
  // The last batch the writer was given was committed.
  bool committed() const { return committed_; }
  void forget_commit() { committed_ = false; }

  // What a start refuses to serve; kBusy or kInternal without a sentence when the disk fails.
  core::Result<store::LedgerCheck> check_ledger();

 private:
  store::Writer::Observer observer();

  bool must_leave_ = false;
  bool committed_ = false;
  store::CounterTable counters_;
  store::Readers readers_;
  store::Writer writer_;
};

}  // namespace coupon::test
