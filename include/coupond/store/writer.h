// The writer: the only writable connection, used by one thread at a time, and group commit. Any
// thread calls run(); the call returns when the operation's outcome is durable, together with those
// of all operations that gathered while the last batch was being synced. A refusal waits for the
// batch too, because it may rest on what the batch did. Batches are run by the writer's own thread;
// a caller who comes alone runs its operation itself, at once. "On the writer's thread" means, here
// and elsewhere, on whichever of them has the batch: never two at a time.
//
// What a reply may claim rests on the four outcomes here: the value (durable), the operation's own
// refusal (not executed), kBusy/kShuttingDown/kStorageFull (not executed), and kOutcomeUnknown (the
// commit failed; it may or may not come back after a restart). After the last one the writer is
// dead, `Observer::fatal` is called once, and the process must leave: only a restart can tell.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "coupond/core/clock.h"
#include "coupond/core/mutex.h"
#include "coupond/core/result.h"
#include "coupond/store/change_record.h"
#include "coupond/store/completion.h"
#include "coupond/store/connection.h"
#include "coupond/store/counter_table.h"
#include "coupond/store/database.h"
#include "coupond/store/ledger.h"
#include "coupond/store/server_time.h"
#include "coupond/store/tx.h"

namespace coupon::store {

class Recorder;
class WalCheckpointer;

enum class Durability {
  kFull,     // every acknowledged operation survives a power cut
  kRelaxed,  // survives a crash of the process; a power cut may take the last moments
};

// What a finished batch looked like.
struct BatchReport {
  std::size_t operations = 0;
  std::int64_t total_us = 0;
  std::int64_t commit_us = 0;
  std::int64_t wal_bytes = 0;
  bool committed = false;
  LedgerHead head = {};                           // the ledger's end with this batch
  std::vector<const char*> slow_operations = {};  // filled when the batch took over 100 ms
};

class Writer {
 public:
  // Who runs the batches.
  enum class Drive {
    kOwnThread,  // the writer: callers of run() wait, and gather to the next batch; one who finds
                 // nobody at work and nothing waiting does not
    kCaller,     // whoever calls, on that thread: run() is a batch of one, run_batch() one of many.
                 // A writer for one thread only, whose every step follows from what it is told.
  };

  struct Options {
    // Waiting operations beyond this are refused with kBusy.
    std::size_t queue_limit = 4096;
    // Operations in one transaction: bounds what one failed commit can take along.
    std::size_t batch_limit = 512;
    Durability durability = Durability::kFull;
    Drive drive = Drive::kOwnThread;
    // Pages of the log that are moved into the file at once: pages that change often are then
    // written once for all of them. The log itself gets some three times as long, 48 MiB.
    int log_step = 8000;
    const char* vfs = nullptr;  // tests put a faulty one here
    // Is given a record of each batch that changed anything; null: nothing is recorded.
    ChangeSink* changes = nullptr;
  };

  // Called on the writer's thread; must be quick and must not call run().
  struct Observer {
    std::function<void(const BatchReport&)> batch = [](const BatchReport&) {};
    std::function<void(const std::string& why)> fatal = [](const std::string&) {};
    // The file was changed by somebody else, or space ran out, or came back.
    std::function<void(const std::string& what)> notice = [](const std::string&) {};
    // Another program wrote the file: whoever remembers what it said must forget it. Known before
    // the next batch, and within about a second when there is none.
    std::function<void()> foreign_write = [] {};
  };

  // What becomes of an operation that succeeds.
  enum class Intent { kCommit, kDryRun };

  // One operation of a batch. `name` must be a constant. `fail` is called when it was not executed,
  // or nobody knows; then nothing that `execute` learned counts.
  struct Operation {
    const char* name;
    std::function<bool(Tx&)> execute;  // true: keep the effects
    std::function<void(const core::Error&)> fail;
    // Of the caller's wait for the writer's thread.
    Completion done = {};
  };
  using Operations = std::vector<Operation*>;

  // Opens the database at `path`, which must have been prepared (see database.h), and starts the
  // thread, if there is to be one. `signer` signs the ledger's head, once a batch, on the writer's
  // thread. Throws SQLite::Exception when it cannot be opened.
  Writer(const std::string& path, Signer signer, core::Clock clock, CounterTable& table,
         Options options, Observer observer);
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer();

  // Runs `body(Tx&)`, which returns Result<T>, in a batch. `name` must be a constant; it is logged
  // when the batch is slow. The body may run only once, on the writer's thread, and must not block.
  template <class T, class Body>
  core::Result<T> run(const char* name, Body&& body, Intent intent = Intent::kCommit) {
    std::optional<core::Result<T>> outcome;
    Operation operation{.name = name,
                        .execute =
                            [&](Tx& tx) {
                              outcome.emplace(body(tx));
                              return outcome->ok() && intent == Intent::kCommit;
                            },
                        .fail = [&](const core::Error& error) { outcome.emplace(error); }};
    perform(operation);
    return std::move(*outcome);
  }

  // Runs the operations, in order, as one batch, and does what is due after it; with none, what is
  // due when nothing has come for a while. For others only with Drive::kCaller.
  void run_batch(const Operations& batch);

  // Finishes what is queued, checkpoints, and ends the thread. Later calls of run() are refused
  // with kShuttingDown. May be called more than once.
  void stop();

  // The ledger's last committed entry.
  core::Seq committed_seq() const { return {committed_seq_.load(std::memory_order_acquire)}; }
  // Waits until an entry after `seq` is committed, the time is over, or the writer stops.
  void wait_for_entry_after(core::Seq seq, std::int64_t timeout_ms);

  // For /readyz: false after a failed commit, and while there is no space.
  bool healthy() const { return state_.load() == State::kWorking; }
  bool storage_full() const { return state_.load() == State::kFull; }
  // For how long the writer has been at what it does now, by a clock that nobody sets; 0 when it
  // waits for work. Seconds mean that the disk does not answer.
  std::int64_t busy_ms() const;
  std::size_t queue_depth() const;

  // The server's time, and how it stands to the ledger's.
  const ServerTime& time() const { return time_; }
  // What another program did to the schema while we ran, see schema_differences(); "" when nothing.
  std::string schema_trouble() const;

 private:
  enum class State { kWorking, kFull, kDead };

  // These are in writer_queue.cpp, with stop() and what asks how things stand. `leads`: the caller
  // has to run it itself, and nobody else is at work.
  void perform(Operation& operation);
  std::optional<core::Error> enqueue(Operation& operation, bool& leads);
  void lead(Operation& operation) noexcept;  // ends the process where the thread would
  void work();
  bool is_stopping() const;
  bool take(Operations& batch);

  // All below run on the writer's thread.
  void do_batch(const Operations& batch);
  bool chores_are_due();
  // Gives back how many it did: a batch whose record is full ends there.
  std::size_t transact(std::span<Operation* const> batch);
  std::size_t execute(std::span<Operation* const> batch);
  void execute_one(Operation& operation);
  void commit();
  void fail_batch(std::span<Operation* const> batch, const core::Error& error);
  void abandon();
  void note_full(bool full);
  void die(std::span<Operation* const> batch, const std::string& why);
  void settle();
  void settle_if_possible();
  // These seven are in writer_watch.cpp.
  std::int64_t read_data_version();
  void read_right_since();
  void detect_foreign_write();
  void tell_of_foreign_write(std::int64_t version);
  void look_for_foreign_write() noexcept;
  void look_at_schema();
  void put_times_right();
  // These four are in writer_record.cpp.
  void begin_recording();
  void sign_head();
  void close_record(const LedgerHead& before);
  bool store_record(std::span<Operation* const> batch);
  void move_log_if_large();
  // Moves the whole log into the file. Idle, the log keeps its length (a commit that writes over it
  // costs half of one that makes it longer), unless the disk is full and needs its room. No request
  // waits behind a slow reader.
  void move_all(int mode, Connection::Wait wait);
  void report(std::span<Operation* const> batch, std::int64_t total_us, std::int64_t commit_us);

  const Signer signer_;
  ServerTime time_;
  CounterTable& table_;
  const Options options_;
  const Observer observer_;

  Connection connection_;                         // by the writer's thread only
  Tx tx_;                                         // likewise
  core::Seq signed_seq_;                          // likewise
  std::int64_t data_version_ = 0;                 // of the figures in memory
  std::int64_t told_version_ = 0;                 // that foreign_write() was last called for
  std::optional<core::UnixMs> right_since_ = {};  // the clock's time when times were put right
  std::unique_ptr<Recorder> recorder_;            // null: nothing is recorded
  std::optional<ChangeRecord> record_;            // of the batch under way
  DatabaseFacts facts_;                           // for records
  // What was written that no record tells of takes a number, once.
  bool unrecorded_ = true;
  int wal_pages_ = 0;  // set by SQLite's hook at each commit, on the writer's thread
  // The strongest of SQLite's checkpoint modes since the last commit; the last process may have
  // left a log.
  int moved_ = -1;
  bool settled_ = false;      // what that process wrote is durable
  bool chores_only_ = false;  // an empty batch is not for want of work
  std::unique_ptr<WalCheckpointer> mover_;

  std::atomic<State> state_ = State::kWorking;
  std::atomic<std::int64_t> committed_seq_ = 0;
  std::atomic<std::int64_t> busy_since_us_ = 0;  // steady clock; 0: waits

  mutable core::Mutex mutex_;
  core::ConditionVariable work_arrived_;
  Operations queue_ COUPOND_GUARDED_BY(mutex_);
  bool stopping_ COUPOND_GUARDED_BY(mutex_) = false;
  // A thread has the connection, and all that is the writer's.
  bool at_work_ COUPOND_GUARDED_BY(mutex_) = false;
  // Left behind by a caller: the log has to be moved.
  bool chores_due_ COUPOND_GUARDED_BY(mutex_) = false;
  std::size_t last_batch_ COUPOND_GUARDED_BY(mutex_) = 0;  // operations in it
  std::int64_t led_ COUPOND_GUARDED_BY(mutex_) = 0;        // batches that callers ran
  std::string schema_trouble_ COUPOND_GUARDED_BY(mutex_);

  core::Mutex feed_mutex_;  // guards nothing but the wait for committed_seq_
  core::ConditionVariable feed_;
  std::atomic<int> feed_waiters_ = 0;

  std::thread thread_;  // last: everything above exists when it starts
};

}  // namespace coupon::store
