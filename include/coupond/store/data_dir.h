// The data directory: which files lie in it, and the lock by which one process at a time owns it.
// Used by Engine::open() and by commands that work beside or instead of a server.
#pragma once

#include <optional>
#include <string>

#include "coupond/core/descriptor.h"
#include "coupond/core/result.h"

namespace coupon::store {

// The names in a data directory. Values only.
struct DataPaths {
  explicit DataPaths(const std::string& data_dir);

  std::string directory;     // as given, without slashes at the end
  std::string database;      // coupond.db
  std::string key;           // secret.key
  std::string lock;          // LOCK: held by the owner, whose process id it says
  std::string clean_stop;    // CLEAN: the last stop was orderly; see database.h
  std::string socket;        // control.sock: where commands reach a running server
  std::string serving;       // SERVING: the address of the server, while there is one
  std::string head;          // HEAD: what was acknowledged last; see last_head.h
  std::string new_key;       // secret.key.new: of a first start until its database is made
  std::string restore_mark;  // RESTORE: of a restore that is not yet carried out
  std::string ballast;       // BALLAST: to be deleted when the disk is full; see ballast.h
};

// Whether a regular file or anything else of that name is there.
bool exists(const std::string& path);

// What tells a file from every other, whatever it is called; empty when there is none.
std::string file_id(const std::string& path);

// Whether there is a database, or the beginning of one.
bool has_database(const DataPaths& paths);
// Gives the key of a first start its name, once the database is made. Nothing to do at others.
std::optional<core::Error> settle_new_key(const DataPaths& paths);

// Makes the directory, readable by its owner only, when it is not there; its parent must exist.
core::Result<core::Done> make_data_dir(const DataPaths& paths);

// Refuses a directory in which anybody could put a file in the place of ours.
std::optional<core::Error> open_to_others(const DataPaths& paths);
// What to tell the owner of a directory in which a group could; nothing where only the owner can.
std::optional<std::string> open_to_a_group(const DataPaths& paths);

// Whether the directory holds anything but what a first start of ours may have left.
bool has_foreign_files(const DataPaths& paths);

// Ownership of a data directory until destruction. The lock is on the opened file, so two names of
// one directory (a symlink, a bind mount) are one; the kernel gives it back however a process ends,
// so a stale file means nothing.
class DataLock {
 public:
  // Refused when another process has it; the message says which.
  static core::Result<DataLock> take(const DataPaths& paths);
  // The process id that holds the lock, as far as the file tells; 0 when nobody holds it.
  static int holder(const DataPaths& paths);

 private:
  explicit DataLock(core::Descriptor file) : file_(std::move(file)) {}

  core::Descriptor file_;
};

}  // namespace coupon::store
