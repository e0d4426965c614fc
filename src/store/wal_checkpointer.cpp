#include "src/store/wal_checkpointer.h"

#include <pthread.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <type_traits>
#include <utility>

#include "coupond/core/limits.h"
#include "src/store/files.h"

namespace coupon::store {
namespace {

// While there is always more to move, the log cannot be started anew. From this many steps on the
// moves become shorter and shorter, until the caller itself moves the few pages that are left.
constexpr int kLogSteps = 3;
constexpr int kLastMove = 8;  // part of a step

// With this many pages the log is started anew on a disk that is nearly full: a longer one might
// take the last room, and then the file could not grow by what the log holds for it.
constexpr int kShortLog = 1000;

// What is given to the disk at once: a sync of it takes about as long as a commit's.
constexpr int kPieceBytes = 128 * 1024;

// The disk and the processors are the commits' first. Where the system knows no such classes,
// nothing is lost.
void yield_to_others() {
  constexpr int kThisThread = 0;
  constexpr int kIdleClass = 3;
  constexpr int kClassShift = 13;
  constexpr int kWhoProcess = 1;
  ::syscall(SYS_ioprio_set, kWhoProcess, kThisThread, kIdleClass << kClassShift);
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), 5);
}

}  // namespace

// SQLite keeps no place for us in a file, but its first member is the address of its methods.
static_assert(std::is_standard_layout_v<PacedFile>);

void PacedFile::take(Connection& connection) {
  sqlite3_file* file = nullptr;
  sqlite3_file_control(connection.handle(), "main", SQLITE_FCNTL_FILE_POINTER, &file);
  real_ = file->pMethods;
  methods_ = *real_;
  methods_.xWrite = write;
  file->pMethods = &methods_;
}

int PacedFile::write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  auto& paced = *reinterpret_cast<PacedFile*>(const_cast<sqlite3_io_methods*>(file->pMethods));
  const int code = paced.real_->xWrite(file, data, size, offset);
  return code == SQLITE_OK ? paced.note_written(file, size) : code;
}

int PacedFile::note_written(sqlite3_file* file, int size) {
  unsynced_bytes_ += size;
  if (unsynced_bytes_ < kPieceBytes) return SQLITE_OK;
  unsynced_bytes_ = 0;
  const auto start = std::chrono::steady_clock::now();
  const int code = real_->xSync(file, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
  // The other half of the time is the commits'.
  if (!hurries_) std::this_thread::sleep_for(std::chrono::steady_clock::now() - start);
  return code == SQLITE_OK ? code : SQLITE_IOERR_FSYNC;
}

WalCheckpointer::WalCheckpointer(const std::string& path, const char* vfs, bool beside, int step)
    : path_(path), step_(step) {
  if (!beside) return;
  connection_.emplace(path, Connection::Access::kReadWrite, vfs);
  connection_->exec("PRAGMA synchronous = FULL");
  connection_->exec("PRAGMA schema_version");  // a connection knows of the log once it has read
  file_.take(*connection_);
  thread_ = std::thread([this] { work(); });
}

WalCheckpointer::~WalCheckpointer() {
  if (!thread_.joinable()) return;
  {
    core::MutexLock lock(mutex_);
    file_.hurry(true);
    while (state_ == State::kMoving) changed_.wait(lock);
    state_ = State::kEnding;
  }
  changed_.notify_all();
  thread_.join();
}

bool WalCheckpointer::committed(int pages_in_log) {
  const core::MutexLock lock(mutex_);
  if (pages_in_log < std::exchange(last_pages_, pages_in_log)) seen_ = 0;
  const int gathered = pages_in_log - seen_;
  if (!thread_.joinable()) return gathered >= step_;

  if (gathered >= kShortLog && disk_is_nearly_full()) return true;
  const bool large = pages_in_log >= kLogSteps * step_;
  file_.hurry(large);
  const int few = step_ / kLastMove;
  const bool cannot_keep_up = pages_in_log >= 2 * kLogSteps * step_;
  if (large && gathered > 0 && (gathered <= few || cannot_keep_up)) return true;
  if (state_ == State::kIdle && !failed_ && gathered >= (large ? few : step_)) {
    state_ = State::kAsked;
    changed_.notify_all();
  }
  return false;
}

int WalCheckpointer::move_now(Connection& connection, int mode, Connection::Wait wait) {
  core::MutexLock lock(mutex_);
  file_.hurry(true);
  while (state_ == State::kMoving) changed_.wait(lock);
  state_ = State::kIdle;  // what was asked for is done here
  if (failed_) return SQLITE_IOERR_FSYNC;
  return note(connection.checkpoint(mode, wait));
}

bool WalCheckpointer::disk_is_nearly_full() const {
  const auto free = free_bytes(path_);
  return free && *free < core::limits::kDiskFreeMinBytes;
}

// After a failure we wait for as much again, lest a full disk keep us busy.
int WalCheckpointer::note(const Connection::Moved& moved) {
  if (moved.code == SQLITE_IOERR_FSYNC) failed_ = true;
  const bool known = moved.code == SQLITE_OK && moved.pages_in_log >= 0;
  seen_ = known ? moved.pages_in_log : last_pages_;
  return moved.code;
}

void WalCheckpointer::work() {
  ::pthread_setname_np(::pthread_self(), "log-mover");
  yield_to_others();
  core::MutexLock lock(mutex_);
  for (;;) {
    while (state_ != State::kAsked && state_ != State::kEnding) changed_.wait(lock);
    if (state_ == State::kEnding) return;
    state_ = State::kMoving;
    lock.unlock();
    auto moved = connection_->checkpoint(SQLITE_CHECKPOINT_PASSIVE, Connection::Wait::kNever);
    if (moved.code == SQLITE_OK) moved.code = connection_->sync_file();
    lock.lock();
    note(moved);
    state_ = State::kIdle;
    changed_.notify_all();
  }
}

}  // namespace coupon::store
