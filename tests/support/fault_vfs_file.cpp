#include "tests/support/fault_vfs_file.h"

#include <algorithm>
#include <cstring>

namespace coupon::test {
namespace {

unsigned bits(int offset, int count) { return ((1U << count) - 1U) << offset; }

}  // namespace

struct FaultVfsFileMethods {
  using Handle = FaultVfs::Handle;
  static Handle& self(sqlite3_file* file) { return *static_cast<Handle*>(file); }

  static int close(sqlite3_file* file) {
    Handle& handle = self(file);
    const std::lock_guard lock(handle.disk->mutex_);
    std::erase(handle.node->handles, &handle);
    handle.~Handle();
    return SQLITE_OK;
  }

  static int read(sqlite3_file* file, void* out, int size, sqlite3_int64 at) {
    Handle& handle = self(file);
    const std::lock_guard lock(handle.disk->mutex_);
    if (const int code = handle.disk->before(FaultVfs::kRead, at)) return code;
    const std::string& bytes = handle.node->visible;
    const auto wanted = static_cast<std::size_t>(size);
    const auto from = std::min(static_cast<std::size_t>(at), bytes.size());
    const std::size_t there = std::min(wanted, bytes.size() - from);
    std::memcpy(out, bytes.data() + from, there);
    std::memset(static_cast<char*>(out) + there, 0, wanted - there);
    return there == wanted ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
  }

  static void change(Handle& handle, FaultVfs::Change change) {
    FaultVfs::apply(handle.node->visible, change);
    handle.node->pending.push_back(std::move(change));
  }

  static int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 at) {
    Handle& handle = self(file);
    FaultVfs& disk = *handle.disk;
    const std::lock_guard lock(disk.mutex_);
    const int code = disk.before(FaultVfs::kWrite, at + size);
    auto length = static_cast<std::size_t>(size);
    if (code != SQLITE_OK) {
      if (disk.off_ || disk.injecting_ != FaultVfs::Fault::kShortWrite) return code;
      length /= 2;
    }
    change(handle,
           {.truncate = false, .at = at, .bytes = {static_cast<const char*>(data), length}});
    return code;
  }

  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    Handle& handle = self(file);
    const std::lock_guard lock(handle.disk->mutex_);
    if (const int code = handle.disk->before(FaultVfs::kTruncate, size)) return code;
    change(handle, {.truncate = true, .at = size, .bytes = {}});
    return SQLITE_OK;
  }

  static int sync(sqlite3_file* file, int) {
    Handle& handle = self(file);
    FaultVfs& disk = *handle.disk;
    const std::lock_guard lock(disk.mutex_);
    const int code = disk.before(FaultVfs::kSync, 0);
    auto& pending = handle.node->pending;
    if (code != SQLITE_OK) {
      if (!disk.off_ && disk.plan_.sync_forgets) pending.clear();
      return code;
    }
    for (const auto& change : pending) FaultVfs::apply(handle.node->durable, change);
    pending.clear();
    return SQLITE_OK;
  }

  static int size(sqlite3_file* file, sqlite3_int64* out) {
    Handle& handle = self(file);
    const std::lock_guard lock(handle.disk->mutex_);
    if (handle.disk->off_) return SQLITE_IOERR_FSTAT;
    *out = static_cast<sqlite3_int64>(handle.node->visible.size());
    return SQLITE_OK;
  }

  static int others(const Handle& handle) {
    int strongest = SQLITE_LOCK_NONE;
    for (const Handle* other : handle.node->handles) {
      if (other != &handle) strongest = std::max(strongest, other->lock);
    }
    return strongest;
  }

  static int lock(sqlite3_file* file, int level) {
    Handle& handle = self(file);
    const std::lock_guard lock(handle.disk->mutex_);
    const int other = others(handle);
    const bool free = level == SQLITE_LOCK_SHARED     ? other < SQLITE_LOCK_PENDING
                      : level == SQLITE_LOCK_RESERVED ? other < SQLITE_LOCK_RESERVED
                                                      : other == SQLITE_LOCK_NONE;
    if (!free) return SQLITE_BUSY;
    handle.lock = std::max(handle.lock, level);
    return SQLITE_OK;
  }

  static int unlock(sqlite3_file* file, int level) {
    Handle& handle = self(file);
    const std::lock_guard lock(handle.disk->mutex_);
    handle.lock = std::min(handle.lock, level);
    return SQLITE_OK;
  }

  static int check_reserved(sqlite3_file* file, int* out) {
    Handle& handle = self(file);
    const std::lock_guard lock(handle.disk->mutex_);
    *out = std::max(others(handle), handle.lock) >= SQLITE_LOCK_RESERVED;
    return SQLITE_OK;
  }

  static int control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
  static int sector_size(sqlite3_file*) { return 4096; }
  static int characteristics(sqlite3_file* file) {
    return self(file).disk->powersafe_overwrite_ ? SQLITE_IOCAP_POWERSAFE_OVERWRITE : 0;
  }

  static int map_shared(sqlite3_file* file, int region, int size, int extend, void volatile** out) {
    Handle& handle = self(file);
    const std::lock_guard lock(handle.disk->mutex_);
    auto& regions = handle.node->shared_memory;
    const auto index = static_cast<std::size_t>(region);
    *out = nullptr;
    if (index >= regions.size() && extend == 0) return SQLITE_OK;
    while (index >= regions.size()) {
      regions.push_back(std::make_unique<char[]>(static_cast<std::size_t>(size)));
    }
    *out = regions[index].get();
    return SQLITE_OK;
  }

  static int lock_shared(sqlite3_file* file, int offset, int count, int flags) {
    Handle& handle = self(file);
    const std::lock_guard lock(handle.disk->mutex_);
    const unsigned mask = bits(offset, count);
    if ((flags & SQLITE_SHM_UNLOCK) != 0) {
      handle.shared &= ~mask;
      handle.exclusive &= ~mask;
      return SQLITE_OK;
    }
    const bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
    for (const Handle* other : handle.node->handles) {
      if (other == &handle) continue;
      const unsigned taken = other->exclusive | (exclusive ? other->shared : 0);
      if ((taken & mask) != 0) return SQLITE_BUSY;
    }
    (exclusive ? handle.exclusive : handle.shared) |= mask;
    return SQLITE_OK;
  }

  // A fence would do; but ThreadSanitizer knows only what a mutex orders.
  static void barrier(sqlite3_file* file) { const std::lock_guard lock(self(file).disk->mutex_); }

  // The last one to leave takes the memory along, as on unix.
  static int unmap_shared(sqlite3_file* file, int) {
    Handle& handle = self(file);
    const std::lock_guard lock(handle.disk->mutex_);
    handle.shared = handle.exclusive = 0;
    if (handle.node->handles.size() == 1) handle.node->shared_memory.clear();
    return SQLITE_OK;
  }
};

const sqlite3_io_methods* file_methods() {
  using M = FaultVfsFileMethods;
  static const sqlite3_io_methods methods{2,
                                          M::close,
                                          M::read,
                                          M::write,
                                          M::truncate,
                                          M::sync,
                                          M::size,
                                          M::lock,
                                          M::unlock,
                                          M::check_reserved,
                                          M::control,
                                          M::sector_size,
                                          M::characteristics,
                                          M::map_shared,
                                          M::lock_shared,
                                          M::barrier,
                                          M::unmap_shared,
                                          nullptr,
                                          nullptr};
  return &methods;
}

}  // namespace coupon::test
