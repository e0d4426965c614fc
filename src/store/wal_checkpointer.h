// WalCheckpointer: moves the write-ahead log into the database file while the writer goes on, on a
// thread and a connection of its own, because the file's sync takes many times as long as a
// commit's.
//
// SQLite before 3.51.3 can damage a database when a checkpoint begins with nothing left to move
// while a commit starts the log anew. That cannot happen here: a move begins only while the log
// holds pages that nobody has moved, and until it ends no commit can start such a log anew; and
// there is one move at a time, the writer's own (`move_now`) included.
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <optional>
#include <string>
#include <thread>

#include "coupond/core/mutex.h"
#include "coupond/store/connection.h"

namespace coupon::store {

// The mover's writes to the database file, a few at a time: a commit's sync waits for whatever the
// disk was given before it, and SQLite gives it a whole move at once.
class PacedFile {
 public:
  // From now on, for as long as the connection lives. By the thread that moves.
  void take(Connection& connection);
  // Any thread: whether somebody waits for the move to end, or for room in the log.
  void hurry(bool yes) { hurries_ = yes; }

 private:
  static int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset);
  int note_written(sqlite3_file* file, int size);

  sqlite3_io_methods methods_ = {};  // first: the file's, by whose address we are found
  const sqlite3_io_methods* real_ = nullptr;
  int unsynced_bytes_ = 0;
  std::atomic<bool> hurries_ = false;
};

// All calls by whoever has the writer's batch.
class WalCheckpointer {
 public:
  // Moves in steps of `step` pages. Unless `beside` there is neither connection nor thread, and
  // only move_now() moves.
  WalCheckpointer(const std::string& path, const char* vfs, bool beside, int step);
  ~WalCheckpointer();  // waits for the move under way
  WalCheckpointer(const WalCheckpointer&) = delete;
  WalCheckpointer& operator=(const WalCheckpointer&) = delete;

  // After a commit: begins a move when enough has gathered, and never waits for it. True: it is
  // time for the caller's own move_now(). A move that fails loses nothing, because the log keeps
  // what could not be moved.
  bool committed(int pages_in_log);

  // Moves on the caller's connection, after the move under way. `mode`, `wait` and the result are
  // those of Connection::checkpoint. After a failed sync nothing is moved any more: see failed().
  int move_now(Connection& connection, int mode, Connection::Wait wait);

  // A sync of the database file failed. The system may have dropped what it could not write and
  // say of the next sync that all is well, so the log, which has it all, must never be started
  // anew: the process has to leave, and the next start moves everything again.
  bool failed() const { return failed_.load(); }

 private:
  enum class State { kIdle, kAsked, kMoving, kEnding };

  void work();
  int note(const Connection::Moved& moved) COUPOND_REQUIRES(mutex_);

  bool disk_is_nearly_full() const;

  const std::string path_;
  const int step_;
  PacedFile file_;                        // outlives the connection that writes it
  std::optional<Connection> connection_;  // by thread_ only
  core::Mutex mutex_;
  State state_ COUPOND_GUARDED_BY(mutex_) = State::kIdle;
  // Pages in the log: at the last move, and as last told (fewer: the log was started anew).
  int seen_ COUPOND_GUARDED_BY(mutex_) = 0;
  int last_pages_ COUPOND_GUARDED_BY(mutex_) = 0;
  core::ConditionVariable changed_;
  std::atomic<bool> failed_ = false;
  std::thread thread_;
};

}  // namespace coupon::store
