// Who runs the next batch, and who waits for it. One thread at a time does: the writer's own, or a
// caller who comes alone and commits its operation itself, which spares it two changes of threads.
#include <pthread.h>
#include <sqlite3.h>

#include <chrono>
#include <span>
#include <utility>

#include "coupond/core/assert.h"
#include "coupond/store/writer.h"
#include "src/store/wal_checkpointer.h"

namespace coupon::store {
namespace {

// Quiet time after which all of the log is moved into the file.
constexpr std::chrono::seconds kIdle{1};

std::int64_t now_us() {
  const auto since_boot = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(since_boot).count();
}

}  // namespace

void Writer::stop() {
  {
    const core::MutexLock lock(mutex_);
    stopping_ = true;
  }
  work_arrived_.notify_all();
  {
    // Under the lock, lest a waiter miss it between its check and its sleep.
    const core::MutexLock lock(feed_mutex_);
    feed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  if (options_.drive == Drive::kCaller)
    move_all(SQLITE_CHECKPOINT_TRUNCATE, Connection::Wait::kForReaders);
}

std::int64_t Writer::busy_ms() const {
  const std::int64_t since = busy_since_us_.load();
  return since == 0 ? 0 : (now_us() - since) / 1000;
}

std::size_t Writer::queue_depth() const {
  const core::MutexLock lock(mutex_);
  return queue_.size();
}

bool Writer::is_stopping() const {
  const core::MutexLock lock(mutex_);
  return stopping_;
}

void Writer::wait_for_entry_after(core::Seq seq, std::int64_t timeout_ms) {
  core::MutexLock lock(feed_mutex_);
  feed_waiters_.fetch_add(1);
  const auto late = core::deadline_in(std::chrono::milliseconds(timeout_ms));
  while (committed_seq_.load() <= seq.value && !is_stopping() && feed_.wait_until(lock, late)) {
  }
  feed_waiters_.fetch_sub(1);
}

void Writer::perform(Operation& operation) {
  COUPOND_ASSERT(operation.name != nullptr && operation.execute && operation.fail);
  if (options_.drive == Drive::kCaller && !is_stopping()) return run_batch({&operation});
  bool leads = false;
  if (const auto refused = enqueue(operation, leads)) {
    operation.fail(*refused);
  } else if (leads) {
    lead(operation);
  } else {
    operation.done.wait();
  }
}

std::optional<core::Error> Writer::enqueue(Operation& operation, bool& leads) {
  {
    const core::MutexLock lock(mutex_);
    if (stopping_ || state_ == State::kDead) {
      return core::Error{.reason = core::Reason::kShuttingDown, .message = {}};
    }
    if (queue_.size() >= options_.queue_limit) {
      return core::Error{.reason = core::Reason::kBusy, .message = {}};
    }
    // Where many come at once, the thread is woken while more of them gather.
    leads = !at_work_ && queue_.empty() && !chores_due_ && last_batch_ <= 1;
    if (leads) {
      at_work_ = true;
      return std::nullopt;
    }
    queue_.push_back(&operation);
    if (queue_.size() > 1 || at_work_) return std::nullopt;
  }
  work_arrived_.notify_one();
  return std::nullopt;
}

// What else is due is the thread's: this caller's client waits.
void Writer::lead(Operation& operation) noexcept {
  busy_since_us_ = now_us();
  Operation* const alone = &operation;
  transact({&alone, 1});
  const bool chores = chores_are_due();
  busy_since_us_ = 0;
  {
    const core::MutexLock lock(mutex_);
    at_work_ = false;
    chores_due_ = chores;
    last_batch_ = 1;
    ++led_;
    if (queue_.empty() && !chores && !stopping_) return;
  }
  work_arrived_.notify_one();
}

void Writer::work() {
  ::pthread_setname_np(::pthread_self(), "writer");
  Operations batch;
  while (take(batch)) {
    run_batch(batch);
    const core::MutexLock lock(mutex_);
    at_work_ = false;
    last_batch_ = batch.size();
  }
  move_all(SQLITE_CHECKPOINT_TRUNCATE, Connection::Wait::kForReaders);
}

void Writer::run_batch(const Operations& batch) {
  busy_since_us_ = now_us();
  do_batch(batch);
  busy_since_us_ = 0;
}

// False when it is time to end. An empty batch means that nothing came for a while, or that a
// caller left chores behind.
bool Writer::take(Operations& batch) {
  batch.clear();
  core::MutexLock lock(mutex_);
  std::int64_t seen = led_;
  auto idle = core::deadline_in(kIdle);
  while (at_work_ || (!stopping_ && queue_.empty() && !chores_due_)) {
    if (work_arrived_.wait_until(lock, idle)) continue;
    if (!at_work_ && seen == led_) break;
    seen = led_;
    idle = core::deadline_in(kIdle);
  }
  if (queue_.empty() && !chores_due_ && stopping_) return false;
  at_work_ = true;
  chores_only_ = std::exchange(chores_due_, false);
  if (queue_.size() <= options_.batch_limit) {
    batch.swap(queue_);
    return true;
  }
  const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(options_.batch_limit);
  batch.assign(queue_.begin(), end);
  queue_.erase(queue_.begin(), end);
  COUPOND_ASSERT(batch.size() == options_.batch_limit && !queue_.empty());
  return true;
}

}  // namespace coupon::store
