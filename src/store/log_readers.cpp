#include "coupond/store/log_readers.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <sstream>

namespace coupon::store {
namespace {

// Where SQLite locks the marks of those who read, in the file beside the log.
constexpr std::int64_t kFirstMark = 123;
constexpr std::int64_t kLastMark = 127;

std::string link_target(const std::string& path) {
  std::array<char, 4096> target{};
  const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
  return size < 0 ? std::string() : std::string(target.data(), static_cast<std::size_t>(size));
}

// "pid (command) state ...": the command may hold anything but its last parenthesis.
LogReader reader_of(pid_t pid) {
  const std::string directory = "/proc/" + std::to_string(pid);
  std::ifstream file(directory + "/stat");
  std::string text;
  std::getline(file, text);
  const std::size_t open = text.find('(');
  const std::size_t end = text.rfind(')');
  LogReader reader{.pid = pid};
  if (open == std::string::npos || end == std::string::npos || end + 2 >= text.size()) {
    return reader;
  }
  reader.command = text.substr(open + 1, end - open - 1);
  reader.stopped = text[end + 2] == 'T' || text[end + 2] == 't';
  const std::string program = link_target(directory + "/exe");
  reader.is_ours = !program.empty() && program == link_target("/proc/self/exe");
  return reader;
}

std::int64_t log_bytes(const DataPaths& paths) {
  struct stat info = {};
  return ::stat((paths.database + "-wal").c_str(), &info) == 0 ? info.st_size : 0;
}

std::string named(const LogReader& reader) {
  return "process " + std::to_string(reader.pid) + " (" + reader.command +
         (reader.stopped ? ", stopped)" : ")");
}

}  // namespace

std::optional<LogReader> other_reader(const DataPaths& paths) {
  struct stat info = {};
  if (::stat((paths.database + "-shm").c_str(), &info) != 0) return std::nullopt;
  const std::string inode = ":" + std::to_string(info.st_ino);
  std::optional<LogReader> found;
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    // "1: POSIX  ADVISORY  READ 4711 08:01:262155 124 124"
    std::istringstream fields(line);
    std::string number, kind, how, what, file;
    pid_t pid = 0;
    std::int64_t first = 0;
    if (!(fields >> number >> kind >> how >> what >> pid >> file >> first)) continue;
    const bool is_mark = file.ends_with(inode) && first >= kFirstMark && first <= kLastMark;
    if (!is_mark || pid <= 0 || pid == ::getpid()) continue;
    const LogReader reader = reader_of(pid);
    if (!found || reader.stopped) found = reader;
  }
  return found;
}

std::optional<std::string> pinned_log(const DataPaths& paths, std::int64_t bytes) {
  if (log_bytes(paths) <= bytes) return std::nullopt;
  const auto reader = other_reader(paths);
  if (!reader) return std::nullopt;
  return "the log has " + std::to_string(log_bytes(paths) >> 20) + " MiB and grows, because " +
         named(*reader) + " reads an old state: end that process";
}

std::optional<std::string> end_stopped_reader(const DataPaths& paths, std::int64_t bytes) {
  if (log_bytes(paths) <= bytes) return std::nullopt;
  const auto reader = other_reader(paths);
  if (!reader || !reader->stopped || !reader->is_ours) return std::nullopt;
  // In this order: the first waits until it runs again, and then it tidies up after itself.
  if (::kill(reader->pid, SIGTERM) != 0 || ::kill(reader->pid, SIGCONT) != 0) return std::nullopt;
  return named(*reader);
}

}  // namespace coupon::store
