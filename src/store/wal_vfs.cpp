#include "src/store/wal_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstddef>
#include <new>
#include <string>

namespace coupon::store {
namespace {

// Why this is as safe as the file alone. SQLite makes frames known to other connections (in the
// -shm file) only after the commit's sync, and everything gathered is in the file before that sync
// begins. The writer's own reads, and every other call but xWrite, see to it first. An error shows
// at the sync instead of at the write; for SQLite both fail the commit, and because the commit's
// own frame is the last of the piece, a disk that is full still leaves no commit behind.

constexpr char kName[] = "coupond-log";
// The largest piece. SQLite's own files take less than 128 KiB in one call.
constexpr std::size_t kGatherBytes = std::size_t{1} << 16;

struct LogFile {
  sqlite3_file base;
  // On a disk that may spoil what lies beside a write, SQLite pads a commit to the next sector and
  // syncs before the last of the padding. What was gathered then would be lost without its knowing,
  // when the disk is full, and everything behind the hole with it. So there we gather nothing.
  bool gathers;
  std::string* gathered;
  sqlite3_int64 offset;  // in the file, of the first byte gathered
  // The system's file follows in memory, as large as its layer says.
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

LogFile& log_of(sqlite3_file* file) { return *reinterpret_cast<LogFile*>(file); }

// A layer, for as long as the process lives, because SQLite keeps its address. The VFS below it is
// found by its name at each use (which is rare: when files are opened): it may have been replaced.
struct Layer {
  std::string name;
  std::string base;  // empty: the system's
  sqlite3_vfs vfs;
};

sqlite3_vfs* system_vfs(sqlite3_vfs* ours) {
  const auto& base = static_cast<Layer*>(ours->pAppData)->base;
  return ::sqlite3_vfs_find(base.empty() ? nullptr : base.c_str());
}

int flush(LogFile& log) {
  if (log.gathered->empty()) return SQLITE_OK;
  const int code = log.real()->pMethods->xWrite(log.real(), log.gathered->data(),
                                                static_cast<int>(log.gathered->size()), log.offset);
  log.gathered->clear();
  return code;
}

int close(sqlite3_file* file) {
  LogFile& log = log_of(file);
  const int flushed = flush(log);
  delete log.gathered;
  const int closed = log.real()->pMethods->xClose(log.real());
  return flushed != SQLITE_OK ? flushed : closed;
}

int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  LogFile& log = log_of(file);
  if (!log.gathers) return log.real()->pMethods->xWrite(log.real(), data, size, offset);
  const std::size_t held = log.gathered->size();
  const bool adjoins = offset == log.offset + static_cast<sqlite3_int64>(held);
  if (!adjoins || held + static_cast<std::size_t>(size) > kGatherBytes) {
    if (const int code = flush(log); code != SQLITE_OK) return code;
  }
  if (log.gathered->empty()) log.offset = offset;
  try {
    log.gathered->append(static_cast<const char*>(data), static_cast<std::size_t>(size));
  } catch (const std::bad_alloc&) {
    return SQLITE_IOERR_NOMEM;
  }
  return SQLITE_OK;
}

// Calls the system's file, after it has got everything that was gathered.
template <auto Method, class... Args>
int pass(sqlite3_file* file, Args... args) {
  LogFile& log = log_of(file);
  if (const int code = flush(log); code != SQLITE_OK) return code;
  return (log.real()->pMethods->*Method)(log.real(), args...);
}

constexpr sqlite3_io_methods log_methods() {
  using M = sqlite3_io_methods;
  M methods{};
  methods.iVersion = 1;  // no shared memory and no mapping: those belong to the database file
  methods.xClose = close;
  methods.xWrite = write;
  methods.xRead = pass<&M::xRead, void*, int, sqlite3_int64>;
  methods.xTruncate = pass<&M::xTruncate, sqlite3_int64>;
  methods.xSync = pass<&M::xSync, int>;
  methods.xFileSize = pass<&M::xFileSize, sqlite3_int64*>;
  methods.xLock = pass<&M::xLock, int>;
  methods.xUnlock = pass<&M::xUnlock, int>;
  methods.xCheckReservedLock = pass<&M::xCheckReservedLock, int*>;
  methods.xFileControl = pass<&M::xFileControl, int, void*>;
  methods.xSectorSize = [](sqlite3_file* file) {
    sqlite3_file* real = log_of(file).real();
    return real->pMethods->xSectorSize(real);
  };
  methods.xDeviceCharacteristics = [](sqlite3_file* file) {
    sqlite3_file* real = log_of(file).real();
    return real->pMethods->xDeviceCharacteristics(real);
  };
  return methods;
}
constexpr sqlite3_io_methods kLogMethods = log_methods();

int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  sqlite3_vfs* system = system_vfs(vfs);
  if (system == nullptr) return SQLITE_CANTOPEN;
  if ((flags & SQLITE_OPEN_WAL) == 0) return system->xOpen(system, name, file, flags, out_flags);
  LogFile& log = log_of(file);
  log.base.pMethods = nullptr;  // until then there is nothing to close
  log.gathered = new (std::nothrow) std::string;
  log.offset = 0;
  if (log.gathered == nullptr) return SQLITE_NOMEM;
  const int code = system->xOpen(system, name, log.real(), flags, out_flags);
  if (code == SQLITE_OK) {
    const int traits = log.real()->pMethods->xDeviceCharacteristics(log.real());
    log.gathers = (traits & SQLITE_IOCAP_POWERSAFE_OVERWRITE) != 0;
    log.base.pMethods = &kLogMethods;
    return SQLITE_OK;
  }
  delete log.gathered;
  if (log.real()->pMethods != nullptr) log.real()->pMethods->xClose(log.real());
  return code;
}

// Calls the system's layer with itself instead of us.
template <auto Method, class R, class... Args>
R forward(sqlite3_vfs* vfs, Args... args) {
  sqlite3_vfs* system = system_vfs(vfs);
  return (system->*Method)(system, args...);
}

sqlite3_vfs make_vfs(const sqlite3_vfs& below, Layer& owner) {
  using V = sqlite3_vfs;
  V layer{};
  layer.iVersion = std::min(below.iVersion, 2);
  layer.szOsFile = static_cast<int>(sizeof(LogFile)) + below.szOsFile;
  layer.mxPathname = below.mxPathname;
  layer.zName = owner.name.c_str();
  layer.pAppData = &owner;
  layer.xOpen = open;
  layer.xDelete = forward<&V::xDelete, int, const char*, int>;
  layer.xAccess = forward<&V::xAccess, int, const char*, int, int*>;
  layer.xFullPathname = forward<&V::xFullPathname, int, const char*, int, char*>;
  layer.xDlOpen = forward<&V::xDlOpen, void*, const char*>;
  layer.xDlError = forward<&V::xDlError, void, int, char*>;
  layer.xDlClose = forward<&V::xDlClose, void, void*>;
  layer.xRandomness = forward<&V::xRandomness, int, int, char*>;
  layer.xSleep = forward<&V::xSleep, int, int>;
  layer.xCurrentTime = forward<&V::xCurrentTime, int, double*>;
  layer.xGetLastError = forward<&V::xGetLastError, int, int, char*>;
  layer.xCurrentTimeInt64 = forward<&V::xCurrentTimeInt64, int, sqlite3_int64*>;
  return layer;
}

}  // namespace

const char* log_gathering_vfs(const char* base) {
  const sqlite3_vfs* below = ::sqlite3_vfs_find(base);
  if (below == nullptr) return base;
  const std::string name = base == nullptr ? kName : kName + std::string("-") + base;
  if (const sqlite3_vfs* known = ::sqlite3_vfs_find(name.c_str())) return known->zName;
  auto* layer = new Layer{.name = name, .base = base == nullptr ? "" : base, .vfs = {}};
  layer->vfs = make_vfs(*below, *layer);
  if (::sqlite3_vfs_register(&layer->vfs, 0) == SQLITE_OK) return layer->name.c_str();
  delete layer;
  return base;
}

}  // namespace coupon::store
