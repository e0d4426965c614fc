// A directory on a disk that can lose its power, for what is written with system calls: the files
// in it are real, and the program's own pwrite, ftruncate and syncs are looked at on their way (see
// the end of faulty_directory.cpp). What fault_vfs.h is for SQLite's files, with the same model: a
// write is visible at once and durable when its file is synced; at a power cut each write since
// then may be there, or not, or in part. Making files is durable at once.
//
// One at a time in a process. Any thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "tests/support/fault_vfs.h"

namespace coupon::test {

class FaultyDirectory {
 public:
  // `path` must exist and stay.
  FaultyDirectory(std::string path, std::uint64_t seed);
  ~FaultyDirectory();
  FaultyDirectory(const FaultyDirectory&) = delete;
  FaultyDirectory& operator=(const FaultyDirectory&) = delete;

  // From the n-th change (write, sync, truncate) from now on nothing works any more; then `also` is
  // called, once.
  void cut_power_at(std::int64_t change, std::function<void()> also = {});
  void cut_power();
  // Changes since the last call of cut_power_at().
  std::int64_t count() const;
  // A sync succeeds and makes nothing durable.
  void lie() { lies_ = true; }
  // The disk comes back with what survived.
  void restart(FaultVfs::Damage damage);

  // From the system calls: what they return.
  ssize_t write(const std::string& name, int fd, const void* bytes, std::size_t size, off_t at);
  int sync(const std::string& name, int fd);
  int truncate(const std::string& name, int fd, off_t size);
  // The file of the directory that is open there; empty: none.
  std::string name_of(int fd) const;

 private:
  struct Change {
    bool truncate = false;
    std::size_t at = 0;  // offset, or new size
    std::string bytes = {};
  };
  struct File {
    std::string durable;
    std::vector<Change> pending;
  };

  bool may_change(std::unique_lock<std::mutex>& lock);
  File& file(const std::string& name);
  void apply(std::string& bytes, const Change& change, FaultVfs::Damage damage);

  const std::string path_;
  bool lies_ = false;
  mutable std::mutex mutex_;  // guards all below
  std::mt19937_64 random_;
  std::map<std::string, File> files_;
  std::int64_t changes_ = 0;
  std::int64_t power_cut_at_ = 0;  // 0: never
  bool off_ = false;
  std::function<void()> also_;
};

}  // namespace coupon::test
