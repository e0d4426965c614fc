#include "tests/support/fault_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <stdexcept>

#include "tests/support/fault_vfs_file.h"

namespace coupon::test {
namespace {

std::string unique_name() {
  static std::atomic<int> made = 0;
  return "fault" + std::to_string(++made);
}

}  // namespace

// The functions SQLite calls on the file system; those on a file are in fault_vfs_file.cpp.
struct FaultVfsMethods {
  static FaultVfs& self(sqlite3_vfs* vfs) { return *static_cast<FaultVfs*>(vfs->pAppData); }
  static sqlite3_vfs* real() { return sqlite3_vfs_find("unix"); }

  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out) {
    FaultVfs& disk = self(vfs);
    const std::lock_guard lock(disk.mutex_);
    file->pMethods = nullptr;
    if (disk.off_) return SQLITE_IOERR;
    const std::string name = path != nullptr ? path : "";
    if (!disk.nodes_.contains(name) && (flags & SQLITE_OPEN_CREATE) == 0) return SQLITE_CANTOPEN;
    auto* handle = new (file) FaultVfs::Handle();
    handle->pMethods = file_methods();
    handle->disk = &disk;
    handle->node = &disk.node(name.c_str());
    handle->node->handles.push_back(handle);
    if (out != nullptr) *out = flags;
    return SQLITE_OK;
  }

  static int remove(sqlite3_vfs* vfs, const char* path, int) {
    FaultVfs& disk = self(vfs);
    const std::lock_guard lock(disk.mutex_);
    if (disk.off_) return SQLITE_IOERR_DELETE;
    return disk.nodes_.erase(path) == 1 ? SQLITE_OK : SQLITE_IOERR_DELETE_NOENT;
  }

  static int access(sqlite3_vfs* vfs, const char* path, int, int* out) {
    FaultVfs& disk = self(vfs);
    const std::lock_guard lock(disk.mutex_);
    if (disk.off_) return SQLITE_IOERR_ACCESS;
    const auto found = disk.nodes_.find(path);
    // As on unix, an empty file counts as none.
    *out = found != disk.nodes_.end() && !found->second->visible.empty();
    return SQLITE_OK;
  }

  static int full_path(sqlite3_vfs*, const char* path, int size, char* out) {
    sqlite3_snprintf(size, out, "%s", path);
    return SQLITE_OK;
  }
  static int randomness(sqlite3_vfs*, int size, char* out) {
    return real()->xRandomness(real(), size, out);
  }
  static int sleep(sqlite3_vfs*, int us) { return real()->xSleep(real(), us); }
  static int now(sqlite3_vfs*, double* out) { return real()->xCurrentTime(real(), out); }
  static int last_error(sqlite3_vfs*, int, char*) { return 0; }
};

FaultVfs::FaultVfs(std::uint64_t seed, bool powersafe_overwrite)
    : name_(unique_name()),
      powersafe_overwrite_(powersafe_overwrite),
      vfs_(std::make_unique<sqlite3_vfs>()),
      random_(seed) {
  sqlite3_initialize();
  *vfs_ = {};
  vfs_->iVersion = 1;
  vfs_->szOsFile = sizeof(Handle);
  vfs_->mxPathname = 512;
  vfs_->zName = name_.c_str();
  vfs_->pAppData = this;
  vfs_->xOpen = FaultVfsMethods::open;
  vfs_->xDelete = FaultVfsMethods::remove;
  vfs_->xAccess = FaultVfsMethods::access;
  vfs_->xFullPathname = FaultVfsMethods::full_path;
  vfs_->xRandomness = FaultVfsMethods::randomness;
  vfs_->xSleep = FaultVfsMethods::sleep;
  vfs_->xCurrentTime = FaultVfsMethods::now;
  vfs_->xGetLastError = FaultVfsMethods::last_error;
  sqlite3_vfs_register(vfs_.get(), 0);
}

FaultVfs::~FaultVfs() { sqlite3_vfs_unregister(vfs_.get()); }

void FaultVfs::plan(const Plan& plan) {
  const std::lock_guard lock(mutex_);
  plan_ = plan;
  odds_ = {};
  counted_ = 0;
  faults_ = 0;
}

void FaultVfs::misbehave(const Odds& odds) {
  const std::lock_guard lock(mutex_);
  odds_ = odds;
}

std::int64_t FaultVfs::count() const {
  const std::lock_guard lock(mutex_);
  return counted_;
}

std::int64_t FaultVfs::faults() const {
  const std::lock_guard lock(mutex_);
  return faults_;
}

void FaultVfs::cut_power_at(std::int64_t change) {
  const std::lock_guard lock(mutex_);
  changes_ = 0;
  power_cut_at_ = change;
}

bool FaultVfs::is_off() const {
  const std::lock_guard lock(mutex_);
  return off_;
}

void FaultVfs::cut_power() {
  const std::lock_guard lock(mutex_);
  off_ = true;
}

std::uint64_t FaultVfs::trace() const {
  const std::lock_guard lock(mutex_);
  return trace_;
}

int FaultVfs::before(Io io, std::int64_t at) {
  constexpr std::uint64_t kOddMultiplier = 0x9E3779B97F4A7C15;
  trace_ = (trace_ ^ static_cast<std::uint64_t>(at * 16 + io)) * kOddMultiplier;
  if ((kChanges & io) != 0 && ++changes_ == power_cut_at_) off_ = true;
  if (off_) return SQLITE_IOERR;
  if (is_planned(io)) {
    injecting_ = plan_.fault;
  } else if (is_bad_luck(io)) {
    injecting_ = odds_.fault;
  } else {
    return SQLITE_OK;
  }
  ++faults_;
  return injected(io);
}

bool FaultVfs::is_planned(Io io) {
  if ((plan_.io & io) == 0) return false;
  ++counted_;
  const bool hit = plan_.for_ever ? counted_ >= plan_.at : counted_ == plan_.at;
  return hit && plan_.at != 0;
}

bool FaultVfs::is_bad_luck(Io io) {
  const int odds = io == kRead    ? odds_.read
                   : io == kWrite ? odds_.write
                   : io == kSync  ? odds_.sync
                                  : odds_.truncate;
  return odds > 0 && random_() % 1000 < static_cast<std::uint64_t>(odds);
}

int FaultVfs::injected(Io io) const {
  switch (io) {
    case kRead:
      return SQLITE_IOERR_READ;
    case kWrite:
      return injecting_ == Fault::kIoError ? SQLITE_IOERR_WRITE : SQLITE_FULL;
    case kSync:
      return SQLITE_IOERR_FSYNC;
    default:
      return SQLITE_IOERR_TRUNCATE;
  }
}

FaultVfs::Node& FaultVfs::node(const char* path) {
  auto& node = nodes_[path];
  if (!node) node = std::make_unique<Node>();
  return *node;
}

void FaultVfs::apply(std::string& bytes, const Change& change) {
  const auto at = static_cast<std::size_t>(change.at);
  if (change.truncate) {
    bytes.resize(std::min(bytes.size(), at));
    return;
  }
  if (bytes.size() < at + change.bytes.size()) bytes.resize(at + change.bytes.size());
  std::memcpy(bytes.data() + at, change.bytes.data(), change.bytes.size());
}

// Each sector of the write is there or not. On a disk that does not promise to leave the bytes
// beside a write alone, a sector being written may hold anything.
void FaultVfs::apply_torn(std::string& bytes, const Change& change, std::int64_t sector) {
  if (change.truncate) {
    if (random_() % 2 == 0) apply(bytes, change);
    return;
  }
  const auto end = change.at + static_cast<std::int64_t>(change.bytes.size());
  for (std::int64_t from = change.at; from < end;) {
    const std::int64_t to = std::min(end, (from / sector + 1) * sector);
    Change part{.truncate = false, .at = from, .bytes = {}};
    part.bytes = change.bytes.substr(static_cast<std::size_t>(from - change.at),
                                     static_cast<std::size_t>(to - from));
    const auto fate = random_() % 3;
    if (fate == 0 && !powersafe_overwrite_) {
      part.at = from / sector * sector;
      part.bytes.assign(static_cast<std::size_t>(sector), static_cast<char>(random_()));
    }
    if (fate != 1) apply(bytes, part);
    from = to;
  }
}

void FaultVfs::survive(Node& node, Damage damage) {
  std::vector<Change>& pending = node.pending;
  if (damage == Damage::kReorder) std::shuffle(pending.begin(), pending.end(), random_);
  for (const Change& change : pending) {
    switch (damage) {
      case Damage::kDropAll:
        break;
      case Damage::kKeepAll:
        apply(node.durable, change);
        break;
      case Damage::kSubset:
      case Damage::kReorder:
        if (random_() % 2 == 0) apply(node.durable, change);
        break;
      case Damage::kTorn512:
        apply_torn(node.durable, change, 512);
        break;
      case Damage::kTorn4096:
        apply_torn(node.durable, change, 4096);
        break;
    }
  }
  pending.clear();
  node.visible = node.durable;
  node.shared_memory.clear();
}

void FaultVfs::restart(Damage damage) {
  const std::lock_guard lock(mutex_);
  for (auto& [path, node] : nodes_) {
    if (!node->handles.empty()) throw std::logic_error(path + " is still open");
    survive(*node, damage);
  }
  forget_faults();
}

void FaultVfs::restart_process() {
  const std::lock_guard lock(mutex_);
  for (auto& [path, node] : nodes_) {
    if (!node->handles.empty()) throw std::logic_error(path + " is still open");
    node->shared_memory.clear();
  }
  forget_faults();
}

void FaultVfs::forget_faults() {
  off_ = false;
  power_cut_at_ = 0;
  plan_ = {};
  odds_ = {};
}

}  // namespace coupon::test
