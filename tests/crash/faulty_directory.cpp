#include "tests/crash/faulty_directory.h"
#include "tests/support/text.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <utility>

namespace coupon::test {
namespace {

std::atomic<FaultyDirectory*> faulty = nullptr;

using Write = ssize_t (*)(int, const void*, std::size_t, off_t);
using Sync = int (*)(int);
using Truncate = int (*)(int, off_t);

template <class Function>
Function real(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}
ssize_t real_write(int fd, const void* bytes, std::size_t size, off_t at) {
  static const auto call = real<Write>("pwrite64");
  return call(fd, bytes, size, at);
}
int real_sync(const char* name, int fd) { return real<Sync>(name)(fd); }
int real_truncate(int fd, off_t size) {
  static const auto call = real<Truncate>("ftruncate64");
  return call(fd, size);
}

}  // namespace

FaultyDirectory::FaultyDirectory(std::string path, std::uint64_t seed)
    : path_(std::move(path)), random_(seed) {
  faulty = this;
}

FaultyDirectory::~FaultyDirectory() { faulty = nullptr; }

void FaultyDirectory::cut_power_at(std::int64_t change, std::function<void()> also) {
  const std::lock_guard lock(mutex_);
  changes_ = 0;
  power_cut_at_ = change;
  also_ = std::move(also);
}

void FaultyDirectory::cut_power() {
  const std::lock_guard lock(mutex_);
  off_ = true;
}

std::int64_t FaultyDirectory::count() const {
  const std::lock_guard lock(mutex_);
  return changes_;
}

// Counts one. False with errno when the power is off.
bool FaultyDirectory::may_change(std::unique_lock<std::mutex>& lock) {
  std::function<void()> also;
  if (!off_ && ++changes_ == power_cut_at_) {
    off_ = true;
    also.swap(also_);
  }
  const bool works = !off_;
  if (also) {
    lock.unlock();
    also();
    lock.lock();
  }
  if (!works) errno = EIO;
  return works;
}

FaultyDirectory::File& FaultyDirectory::file(const std::string& name) {
  const auto found = files_.find(name);
  if (found != files_.end()) return found->second;
  return files_.emplace(name, File{.durable = content_of(path_ + "/" + name), .pending = {}})
      .first->second;
}

ssize_t FaultyDirectory::write(const std::string& name, int fd, const void* bytes, std::size_t size,
                               off_t at) {
  std::unique_lock lock(mutex_);
  File& written = file(name);
  if (!may_change(lock)) return -1;
  written.pending.push_back(
      {.at = static_cast<std::size_t>(at), .bytes = {static_cast<const char*>(bytes), size}});
  return real_write(fd, bytes, size, at);
}

// Nothing goes to the real disk: the power of that one stays on.
int FaultyDirectory::sync(const std::string& name, int) {
  std::unique_lock lock(mutex_);
  File& synced = file(name);
  if (!may_change(lock)) return -1;
  if (lies_) return 0;
  synced.durable = content_of(path_ + "/" + name);
  synced.pending.clear();
  return 0;
}

int FaultyDirectory::truncate(const std::string& name, int fd, off_t size) {
  std::unique_lock lock(mutex_);
  File& cut = file(name);
  if (!may_change(lock)) return -1;
  cut.pending.push_back({.truncate = true, .at = static_cast<std::size_t>(size)});
  return real_truncate(fd, size);
}

void FaultyDirectory::apply(std::string& bytes, const Change& change, FaultVfs::Damage damage) {
  if (change.truncate) {
    bytes.resize(change.at);
    return;
  }
  const bool torn = damage == FaultVfs::Damage::kTorn512 || damage == FaultVfs::Damage::kTorn4096;
  const std::size_t sector = damage == FaultVfs::Damage::kTorn512 ? 512 : 4096;
  bytes.resize(std::max(bytes.size(), change.at + change.bytes.size()));
  for (std::size_t done = 0; done < change.bytes.size();) {
    const std::size_t at = change.at + done;
    const std::size_t part = std::min(sector - at % sector, change.bytes.size() - done);
    const bool there = !torn || random_() % 2 == 0;
    if (there) bytes.replace(at, part, change.bytes, done, part);
    done += part;
  }
}

void FaultyDirectory::restart(FaultVfs::Damage damage) {
  using Damage = FaultVfs::Damage;
  const std::lock_guard lock(mutex_);
  for (auto& [name, file] : files_) {
    std::vector<Change> left = std::exchange(file.pending, {});
    if (damage == Damage::kReorder) std::shuffle(left.begin(), left.end(), random_);
    for (const Change& change : left) {
      const bool survives =
          damage != Damage::kDropAll && (damage == Damage::kKeepAll || random_() % 2 == 0);
      if (survives) apply(file.durable, change, damage);
    }
    const int fd = ::open((path_ + "/" + name).c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) continue;  // deleted
    static_cast<void>(real_truncate(fd, 0));
    static_cast<void>(real_write(fd, file.durable.data(), file.durable.size(), 0));
    ::close(fd);
  }
  off_ = false;
  power_cut_at_ = 0;
}

std::string FaultyDirectory::name_of(int fd) const {
  std::array<char, 4096> link{};
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t size = ::readlink(path.c_str(), link.data(), link.size());
  const std::string file(link.data(), size < 0 ? 0 : static_cast<std::size_t>(size));
  const std::string mine = path_ + "/";
  return file.starts_with(mine) ? file.substr(mine.size()) : std::string();
}

}  // namespace coupon::test

// ---- The system calls, in the place of the C library's ----

namespace {

using coupon::test::content_of;
using coupon::test::FaultyDirectory;

ssize_t write_at(int fd, const void* bytes, std::size_t size, off_t at) {
  FaultyDirectory* const directory = coupon::test::faulty;
  const std::string name = directory != nullptr ? directory->name_of(fd) : std::string();
  if (name.empty()) return coupon::test::real_write(fd, bytes, size, at);
  return directory->write(name, fd, bytes, size, at);
}

int sync_file(const char* call, int fd) {
  FaultyDirectory* const directory = coupon::test::faulty;
  const std::string name = directory != nullptr ? directory->name_of(fd) : std::string();
  if (name.empty()) return coupon::test::real_sync(call, fd);
  return directory->sync(name, fd);
}

int cut_file(int fd, off_t size) {
  FaultyDirectory* const directory = coupon::test::faulty;
  const std::string name = directory != nullptr ? directory->name_of(fd) : std::string();
  if (name.empty()) return coupon::test::real_truncate(fd, size);
  return directory->truncate(name, fd, size);
}

}  // namespace

extern "C" {
ssize_t pwrite(int fd, const void* bytes, std::size_t size, off_t at) {
  return write_at(fd, bytes, size, at);
}
ssize_t pwrite64(int fd, const void* bytes, std::size_t size, off_t at) {
  return write_at(fd, bytes, size, at);
}
int fsync(int fd) { return sync_file("fsync", fd); }
int fdatasync(int fd) { return sync_file("fdatasync", fd); }
int ftruncate(int fd, off_t size) noexcept { return cut_file(fd, size); }
int ftruncate64(int fd, off_t size) noexcept { return cut_file(fd, size); }
}
