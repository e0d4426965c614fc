// Change records: what each batch of the writer changed, as its statements with their values.
// Played back in order into a copy of the database they make the same database, row for row: the
// SQL knows no clock and no dice but those it is given. The schema's triggers run again, so every
// cap is checked a second time.
//
// A writer that is given a ChangeSink makes one record of each batch that changed anything, and
// numbers it in the same commit (table change_position). What is written without a sink, by a
// command beside a stopped server say, takes a number that no record has: so a copy knows that it
// lacks something.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "coupond/core/result.h"
#include "coupond/core/types.h"
#include "coupond/store/connection.h"
#include "coupond/store/ledger.h"

namespace coupon::store {

// A batch ends with the operation that fills its record to this.
inline constexpr std::size_t kRecordBytes = std::size_t{1} << 20;

struct ChangeRecord {
  std::string instance;            // of the database, see DatabaseFacts
  std::int64_t restore_epoch = 0;  // likewise
  std::int64_t schema = 0;         // its version
  std::int64_t position = 0;       // 1, 2, 3 ...
  core::UnixMs at = {};            // the batch's time
  LedgerHead before = {};
  LedgerHead after = {};
  std::string statements;  // see src/store/recorder.h
};

std::string encode(const ChangeRecord& record);
// Nothing when the bytes are none.
std::optional<ChangeRecord> decode(std::string_view bytes);

// Where a writer's records go. Called on the writer's thread.
class ChangeSink {
 public:
  enum class Stored {
    kYes,      // the batch may be committed
    kNotOurs,  // nothing was stored: the batch is rolled back, and nothing of it was executed
    kUnknown,  // nobody can tell: the batch is rolled back, and the process must leave
  };

  virtual ~ChangeSink() = default;
  // Before the commit.
  virtual Stored append(const ChangeRecord& record) = 0;
  // The last record's batch was committed.
  virtual void committed() = 0;
  // It was not, and nothing of it was executed. False when nobody can tell whether the record is
  // gone: then the process must leave. Neither is called when the commit's outcome is unknown.
  virtual bool take_back() = 0;
  // Before callers are told what a batch that changed nothing found: kYes when it still holds.
  // Nothing was executed otherwise, and kUnknown is no reason to leave.
  virtual Stored confirm() { return Stored::kYes; }
  // What callers are told when the last append() or confirm() did not say kYes and nothing was
  // executed.
  virtual core::Error refusal() const { return {.reason = core::Reason::kCopyGone, .message = {}}; }
};

// The number of the last change; 0 before the first. Throws SQLite::Exception.
std::int64_t change_position(Connection& connection);

// Plays records back into the database of one connection. For one thread.
class ChangeApplier {
 public:
  // `verifier` checks the ledger's signed head.
  ChangeApplier(Connection& connection, Verifier verifier);
  ~ChangeApplier();
  ChangeApplier(const ChangeApplier&) = delete;
  ChangeApplier& operator=(const ChangeApplier&) = delete;

  // One transaction. Refuses with a sentence, and changes nothing, unless all fits: instance,
  // restore epoch, schema, position, the ledger's head before, what each statement changes, the
  // chain of the new entries, and the signed head after.
  core::Result<core::Done> apply(const ChangeRecord& record);

 private:
  struct Statement;

  void check_place(const ChangeRecord& record);
  void run_all(const ChangeRecord& record);
  void check_outcome(const ChangeRecord& record);
  Statement& prepared(std::string_view sql);

  Connection& connection_;
  const Verifier verifier_;
  const std::string instance_;
  const std::int64_t restore_epoch_;
  const std::int64_t schema_;
  std::map<std::string, std::unique_ptr<Statement>, std::less<>> statements_;
};

}  // namespace coupon::store
