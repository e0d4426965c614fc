#include "coupond/store/data_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <thread>

#include "src/store/files.h"

namespace coupon::store {
namespace {

using core::refuse;

core::Error not_writable(const DataPaths& paths, int error) {
  return refuse("The data directory " + paths.directory +
                " cannot be written: " + std::strerror(error) +
                ". Make it writable for this user, or name another with --data.");
}

std::string without_end_slashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

int read_pid(int fd) {
  std::array<char, 16> text{};
  const ssize_t size = ::pread(fd, text.data(), text.size(), 0);
  int pid = 0;
  if (size > 0) std::from_chars(text.data(), text.data() + size, pid);
  return pid;
}

bool may_write(const DataPaths& paths, mode_t whose) {
  struct stat info = {};
  return ::stat(paths.directory.c_str(), &info) == 0 && (info.st_mode & whose) != 0;
}

// For people and for holder(); the lock itself does not depend on it.
void write_pid(int fd) {
  const std::string text = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd, 0) != 0) return;
  [[maybe_unused]] const ssize_t written = ::pwrite(fd, text.data(), text.size(), 0);
}

core::Error held_by(int pid, const DataPaths& paths) {
  const std::string who = pid > 0 ? "process " + std::to_string(pid) : "another process";
  return refuse("The data directory " + paths.directory + " is in use by " + who +
                ". Stop that one first, or name another directory with --data.");
}

// holder() has the lock for an instant, and a killed server for as long as the kernel takes to end
// it.
constexpr int kTries = 20;
constexpr std::chrono::milliseconds kBetweenTries{10};

bool lock_now_or_soon(int fd) {
  for (int tries = 0; tries < kTries; ++tries) {
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return true;
    if (errno != EWOULDBLOCK) return false;
    std::this_thread::sleep_for(kBetweenTries);
  }
  errno = EWOULDBLOCK;
  return false;
}

// Somebody may have removed the file between our open and our lock: then it locks nothing.
bool still_has_its_name(int fd, const std::string& path) {
  struct stat opened = {};
  struct stat named = {};
  return ::fstat(fd, &opened) == 0 && ::stat(path.c_str(), &named) == 0 &&
         opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

}  // namespace

DataPaths::DataPaths(const std::string& data_dir)
    : directory(without_end_slashes(data_dir)),
      database(directory + "/coupond.db"),
      key(directory + "/secret.key"),
      lock(directory + "/LOCK"),
      clean_stop(directory + "/CLEAN"),
      socket(directory + "/control.sock"),
      serving(directory + "/SERVING"),
      head(directory + "/HEAD"),
      new_key(key + ".new"),
      restore_mark(directory + "/RESTORE"),
      ballast(directory + "/BALLAST") {}

bool exists(const std::string& path) {
  struct stat info = {};
  return ::stat(path.c_str(), &info) == 0;
}

std::string file_id(const std::string& path) {
  struct stat info = {};
  if (::stat(path.c_str(), &info) != 0) return {};
  return std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino);
}

bool has_database(const DataPaths& paths) {
  struct stat info = {};
  return ::stat(paths.database.c_str(), &info) == 0 && info.st_size > 0;
}

std::optional<core::Error> settle_new_key(const DataPaths& paths) {
  if (exists(paths.key) || !exists(paths.new_key)) return std::nullopt;
  if (auto error = rename_file(paths.new_key, paths.key)) return error;
  return sync_path(paths.directory);
}

core::Result<core::Done> make_data_dir(const DataPaths& paths) {
  if (::mkdir(paths.directory.c_str(), 0700) == 0) return core::Done{};
  const int error = errno;
  struct stat info = {};
  if (::stat(paths.directory.c_str(), &info) != 0) {
    return refuse("The data directory " + paths.directory + " cannot be made: " +
                  std::strerror(error) + ". Make it, or name another with --data.");
  }
  if (!S_ISDIR(info.st_mode)) {
    return refuse(paths.directory + " is not a directory: name another with --data.");
  }
  return core::Done{};
}

std::optional<std::string> open_to_a_group(const DataPaths& paths) {
  if (!may_write(paths, S_IWGRP)) return std::nullopt;
  return "the data directory " + paths.directory +
         " can be written by its group, who could put other files in the place of its own: run "
         "`chmod 700 " +
         paths.directory + "` unless that is meant";
}

std::optional<core::Error> open_to_others(const DataPaths& paths) {
  if (!may_write(paths, S_IWOTH)) return std::nullopt;
  return refuse("The data directory " + paths.directory +
                " can be written by everybody, who could put other files in the place of its own: "
                "run `chmod 700 " +
                paths.directory + "`.");
}

bool has_foreign_files(const DataPaths& paths) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(paths.directory, error)) {
    const std::string path = entry.path().string();
    if (path != paths.lock && path != paths.new_key) return true;
  }
  return false;
}

core::Result<DataLock> DataLock::take(const DataPaths& paths) {
  while (true) {
    core::Descriptor file(::open(paths.lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file.is_open()) return not_writable(paths, errno);
    const int fd = file.fd();
    if (!lock_now_or_soon(fd)) {
      if (errno == EWOULDBLOCK) return held_by(read_pid(fd), paths);
      return not_writable(paths, errno);
    }
    if (!still_has_its_name(fd, paths.lock)) continue;
    write_pid(fd);
    return DataLock(std::move(file));
  }
}

int DataLock::holder(const DataPaths& paths) {
  const core::Descriptor file(::open(paths.lock.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return 0;
  // A shared lock, so that two askers do not take each other for a server.
  const bool free = ::flock(file.fd(), LOCK_SH | LOCK_NB) == 0;
  return free ? 0 : read_pid(file.fd());
}

}  // namespace coupon::store
