// A disk that exists only in memory and can be made to fail: the power can be cut at any I/O, with
// what was not synced dropped, kept, torn or reordered; and any read, write, sync or truncate can
// be made to fail, once or for ever. It is a VFS of SQLite's; give its name() to a Connection, a
// Writer or an EngineFixture. In memory rather than around the real file system, because then a run
// is repeatable to the byte and ten times as fast.
//
// The model: a write is visible at once and durable when its file is synced. At a power cut each
// write since then may be on the disk, or not, or in part, whatever became of those before it.
// Making and deleting files is durable at once (SQLite syncs the directory itself).
//
// Safe on any thread. Connections must be closed before restart() and destruction.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

struct sqlite3_vfs;

namespace coupon::test {

class FaultVfs {
 public:
  // What happens to each write that was not synced when the power went.
  enum class Damage { kDropAll, kKeepAll, kSubset, kReorder, kTorn512, kTorn4096 };
  static constexpr int kDamages = 6;

  enum Io : unsigned { kRead = 1, kWrite = 2, kSync = 4, kTruncate = 8 };
  static constexpr unsigned kChanges = kWrite | kSync | kTruncate;

  enum class Fault {
    kIoError,
    kFull,        // no space: for writes; other operations fail with an I/O error
    kShortWrite,  // half of it, then no space
  };

  struct Plan {
    unsigned io = 0;      // which operations count
    std::int64_t at = 0;  // the how manieth of them, from 1
    Fault fault = Fault::kIoError;
    bool for_ever = false;
    // A failed sync loses what it should have written: it stays visible, but no later sync will
    // write it. This is what Linux does.
    bool sync_forgets = true;
  };

  explicit FaultVfs(std::uint64_t seed = 1, bool powersafe_overwrite = true);
  ~FaultVfs();
  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;

  const char* name() const { return name_.c_str(); }

  // How often each kind of operation fails, in a thousand, by dice of the disk's own.
  struct Odds {
    int read = 0;
    int write = 0;
    int sync = 0;
    int truncate = 0;
    Fault fault = Fault::kIoError;
  };

  // Counts from here; {} ends all faults, those by odds as well.
  void plan(const Plan& plan);
  void misbehave(const Odds& odds);
  // How many operations that count there have been since plan().
  std::int64_t count() const;
  // How often a fault was injected since plan().
  std::int64_t faults() const;

  // From the n-th change (write, sync, truncate) from now on nothing works any more.
  void cut_power_at(std::int64_t change);
  void cut_power();
  bool is_off() const;
  // The machine comes back with what survived.
  void restart(Damage damage);
  // Only the process was gone: all it wrote is still to be seen, and no more durable than before.
  void restart_process();

  // A digest of every operation so far and its place in its file: equal for equal runs.
  std::uint64_t trace() const;

 private:
  friend struct FaultVfsMethods;
  friend struct FaultVfsFileMethods;

  struct Change {
    bool truncate;
    std::int64_t at;  // offset, or new size
    std::string bytes;
  };
  struct Handle;
  struct Node {
    std::string visible;
    std::string durable;
    std::vector<Change> pending;
    std::vector<Handle*> handles;
    std::vector<std::unique_ptr<char[]>> shared_memory;
  };

  // What becomes of the next operation of that kind. Called under the mutex.
  int before(Io io, std::int64_t at);
  bool is_planned(Io io);
  bool is_bad_luck(Io io);
  int injected(Io io) const;
  void forget_faults();
  Node& node(const char* path);

  static void apply(std::string& bytes, const Change& change);
  void apply_torn(std::string& bytes, const Change& change, std::int64_t sector);
  void survive(Node& node, Damage damage);

  const std::string name_;
  const bool powersafe_overwrite_;
  std::unique_ptr<sqlite3_vfs> vfs_;

  mutable std::mutex mutex_;  // guards all below
  std::map<std::string, std::unique_ptr<Node>> nodes_;
  std::mt19937_64 random_;
  Plan plan_;
  Odds odds_;
  Fault injecting_ = Fault::kIoError;  // the last fault's kind
  std::uint64_t trace_ = 0;
  std::int64_t counted_ = 0;
  std::int64_t faults_ = 0;
  std::int64_t changes_ = 0;
  std::int64_t power_cut_at_ = 0;  // 0: never
  bool off_ = false;
};

}  // namespace coupon::test
