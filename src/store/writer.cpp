#include "coupond/store/writer.h"

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <chrono>

#include "coupond/core/assert.h"
#include "coupond/store/database.h"
#include "src/store/recorder.h"
#include "src/store/settle.h"
#include "src/store/wal_checkpointer.h"
#include "src/store/wal_vfs.h"

namespace coupon::store {
namespace {

using std::chrono::steady_clock;

constexpr std::int64_t kSlowBatchUs = 100'000;

constexpr char kBegin[] = "BEGIN IMMEDIATE";
constexpr char kCommit[] = "COMMIT";
constexpr char kRollback[] = "ROLLBACK";

std::int64_t us_since(steady_clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - start).count();
}

int primary(int sqlite_code) { return sqlite_code & 0xff; }

// After these nothing in the transaction can be trusted, so it is rolled back as a whole.
bool ends_the_batch(int sqlite_code) {
  switch (primary(sqlite_code)) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return true;
    default:
      return false;
  }
}

// What to tell callers whose operation was certainly not executed.
core::Error not_executed(int sqlite_code) {
  switch (primary(sqlite_code)) {
    case SQLITE_FULL:
      return {.reason = core::Reason::kStorageFull, .message = {}};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {.reason = core::Reason::kInternal, .message = {}};
    default:
      return {.reason = core::Reason::kBusy, .message = {}};
  }
}

const char* vfs_for(const Writer::Options& options) {
  const bool full = options.durability == Durability::kFull;
  return full ? log_gathering_vfs(options.vfs) : options.vfs;
}

}  // namespace

Writer::Writer(const std::string& path, Signer signer, core::Clock clock, CounterTable& table,
               Options options, Observer observer)
    : signer_(std::move(signer)),
      time_(std::move(clock)),
      table_(table),
      options_(options),
      observer_(std::move(observer)),
      connection_(path, Connection::Access::kReadWrite, vfs_for(options)),
      tx_(connection_) {
  COUPOND_ASSERT(options_.queue_limit >= 1 && options_.batch_limit >= 1 && options_.log_step >= 1);
  const bool full = options_.durability == Durability::kFull;
  connection_.exec(full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
  connection_.exec("PRAGMA fullfsync = ON");
  // A larger one would not hold a large database either, and SQLite goes through all of it after
  // commits that split a page.
  connection_.exec("PRAGMA cache_size = -16384");
  connection_.exec("PRAGMA journal_size_limit = 67108864");
  sqlite3_wal_hook(
      connection_.handle(),
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<Writer*>(self)->wal_pages_ = pages;
        return SQLITE_OK;
      },
      this);
  mover_ = std::make_unique<WalCheckpointer>(
      path, vfs_for(options_), options_.drive == Drive::kOwnThread, options_.log_step);
  settle_if_possible();
  begin_recording();
  // The version before the figures: a foreign write between the two is then noticed.
  data_version_ = read_data_version();
  told_version_ = data_version_;
  tx_.rebuild();
  signed_seq_ = tx_.last_seq();
  committed_seq_ = tx_.last_seq().value;
  time_.set_last_entry(tx_.head_.at);
  read_right_since();
  if (options_.drive == Drive::kOwnThread) thread_ = std::thread([this] { work(); });
}

Writer::~Writer() { stop(); }

// A commit appended behind what the last process left must not be lost with it.
void Writer::settle() {
  if (settled_) return;
  settle_log(connection_, [this] {
    return mover_->move_now(connection_, SQLITE_CHECKPOINT_TRUNCATE, Connection::Wait::kNever);
  });
  settled_ = true;
}

// Somebody reading, or a full disk, stops writes only: the first batch tries again.
void Writer::settle_if_possible() {
  try {
    settle();
  } catch (const SQLite::Exception& error) {
    const int code = primary(error.getExtendedErrorCode());
    if (code != SQLITE_BUSY && code != SQLITE_FULL) throw;
  }
}

void Writer::do_batch(const Operations& batch) {
  const bool quiet = batch.empty() && !chores_only_;
  if (quiet) look_for_foreign_write();
  for (std::span<Operation* const> rest(batch); !rest.empty();) {
    rest = rest.subspan(transact(rest));
  }
  // Each lives on its caller's stack, and is gone with this.
  for (Operation* operation : batch) operation->done.signal();
  if (quiet || state_ == State::kFull) {
    move_all(state_ == State::kFull ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_FULL,
             Connection::Wait::kNever);
  } else {
    move_log_if_large();
  }
  if (!mover_->failed() || state_ == State::kDead) return;
  die({}, "the database file could not be synced; all is in its log");
}

std::size_t Writer::transact(std::span<Operation* const> batch) {
  if (state_ == State::kDead) {
    fail_batch(batch, {.reason = core::Reason::kShuttingDown, .message = {}});
    return batch.size();
  }
  COUPOND_ASSERT(!connection_.in_transaction());
  const auto start = steady_clock::now();
  try {
    batch = batch.first(execute(batch));
  } catch (const BatchDead& dead) {
    abandon();
    if (primary(dead.sqlite_code) == SQLITE_FULL) note_full(true);
    fail_batch(batch, not_executed(dead.sqlite_code));
    return batch.size();
  }
  if (!store_record(batch)) return batch.size();
  const auto before_commit = steady_clock::now();
  try {
    Query(connection_, kCommit).run();
  } catch (const SQLite::Exception& error) {
    const int code = error.getExtendedErrorCode();
    // Only these two leave nothing behind: the first because no commit frame fitted, the second
    // because the commit did not begin. After any other failure the frames may be in the file.
    const bool nothing_done = primary(code) == SQLITE_FULL || primary(code) == SQLITE_BUSY;
    if (nothing_done && (!record_ || options_.changes->take_back())) {
      abandon();
      if (primary(code) == SQLITE_FULL) note_full(true);
      fail_batch(batch, not_executed(code));
    } else {
      die(batch, error.what());
    }
    return batch.size();
  }
  commit();
  report(batch, us_since(start), us_since(before_commit));
  return batch.size();
}

std::size_t Writer::execute(std::span<Operation* const> batch) {
  std::size_t done = 0;
  try {
    settle();
    Query(connection_, kBegin).run();
    detect_foreign_write();
    tx_.start(time_.now());
    put_times_right();
    const LedgerHead before = tx_.head_;
    while (done < batch.size() && !(recorder_ && recorder_->bytes() >= kRecordBytes)) {
      execute_one(*batch[done++]);
    }
    tx_.write_sums();
    sign_head();
    close_record(before);
  } catch (const SQLite::Exception& error) {
    throw BatchDead{error.getExtendedErrorCode()};
  }
  return done;
}

// One operation's failure must not touch the others; only what makes the transaction itself
// untrustworthy ends the batch.
void Writer::execute_one(Operation& operation) {
  try {
    tx_.attempt([&] { return operation.execute(tx_); });
  } catch (const SQLite::Exception& error) {
    if (ends_the_batch(error.getExtendedErrorCode())) throw;
    observer_.notice(std::string(operation.name) + " was refused by the database: " + error.what());
    operation.fail({.reason = core::Reason::kInternal, .message = {}});
  } catch (const std::exception& error) {
    observer_.notice(std::string(operation.name) + " failed: " + error.what());
    operation.fail({.reason = core::Reason::kInternal, .message = {}});
  }
}

void Writer::commit() {
  COUPOND_ASSERT(!connection_.in_transaction());
  // Gapless and never back: what was shown as committed stays so.
  COUPOND_ASSERT(tx_.last_seq().value >= committed_seq_.load());
  COUPOND_ASSERT(tx_.last_seq() >= signed_seq_);
  if (record_) options_.changes->committed();
  if (record_ || !recorder_) unrecorded_ = false;
  note_full(false);
  signed_seq_ = tx_.last_seq();
  moved_ = -1;
  time_.set_last_entry(tx_.head_.at);
  tx_.publish(table_);
  // Not just a release: the load of feed_waiters_ must not come before it.
  committed_seq_.store(tx_.last_seq().value);
  if (feed_waiters_.load() > 0) {
    const core::MutexLock lock(feed_mutex_);
    feed_.notify_all();
  }
}

void Writer::fail_batch(std::span<Operation* const> batch, const core::Error& error) {
  for (Operation* operation : batch) operation->fail(error);
}

// Nothing of the batch was executed: forget what memory thinks of it.
void Writer::abandon() {
  try {
    if (connection_.in_transaction()) Query(connection_, kRollback).run();
    right_since_.reset();
    tx_.rebuild();
    table_.clear();
  } catch (const SQLite::Exception& error) {
    die({}, std::string("the database cannot be read after a failed batch: ") + error.what());
  }
}

void Writer::note_full(bool full) {
  const State before = state_.load();
  if (before == State::kDead) return;
  const State now = full ? State::kFull : State::kWorking;
  if (before == now) return;
  state_ = now;
  observer_.notice(full ? "no space left on the disk: changes are refused until there is some"
                        : "there is space on the disk again: changes are accepted");
}

void Writer::die(std::span<Operation* const> batch, const std::string& why) {
  {
    const core::MutexLock lock(mutex_);
    state_ = State::kDead;
  }
  fail_batch(batch, {.reason = core::Reason::kOutcomeUnknown, .message = {}});
  observer_.fatal(why);
}

// Of what follows a batch: whether there is any.
bool Writer::chores_are_due() {
  if (state_ == State::kDead) return false;
  return state_ == State::kFull || mover_->failed() || mover_->committed(wal_pages_);
}

void Writer::move_log_if_large() {
  if (state_ == State::kDead || !mover_->committed(wal_pages_)) return;
  mover_->move_now(connection_, SQLITE_CHECKPOINT_PASSIVE, Connection::Wait::kNever);
}

void Writer::move_all(int mode, Connection::Wait wait) {
  if (moved_ >= mode || state_ == State::kDead) return;
  if (mover_->move_now(connection_, mode, wait) == SQLITE_OK) moved_ = mode;
}

void Writer::report(std::span<Operation* const> batch, std::int64_t total_us,
                    std::int64_t commit_us) {
  BatchReport report{.operations = batch.size(),
                     .total_us = total_us,
                     .commit_us = commit_us,
                     .wal_bytes = wal_pages_ * std::int64_t{kPageBytes},
                     .committed = true,
                     .head = tx_.head_};
  if (total_us > kSlowBatchUs) {
    for (const Operation* operation : batch) report.slow_operations.push_back(operation->name);
  }
  observer_.batch(report);
}

}  // namespace coupon::store
