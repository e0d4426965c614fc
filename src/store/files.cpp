#include "src/store/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string_view>
#include <vector>

#include "coupond/core/descriptor.h"

namespace coupon::store {
namespace {

using core::Descriptor;

constexpr std::size_t kCopyBytes = std::size_t{1} << 20;

core::Error failed(const char* what, const std::string& path, int error) {
  return {.reason = core::Reason::kInternal,
          .message = "The file " + path + " cannot be " + what + ": " + std::strerror(error) + "."};
}

int open_new(const std::string& path) {
  return ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

}  // namespace

std::optional<core::Error> make_private_file(const std::string& path) {
  const Descriptor file(open_new(path));
  if (!file.is_open()) return failed("made", path, errno);
  return std::nullopt;
}

std::optional<core::Error> write_private_file(const std::string& path, const std::string& text) {
  const Descriptor file(open_new(path));
  if (!file.is_open()) return failed("made", path, errno);
  if (!core::write_all(file.fd(), text) || ::fsync(file.fd()) != 0)
    return failed("written", path, errno);
  return sync_path(directory_of(path));
}

std::optional<core::Error> copy_private_file(const std::string& from, const std::string& to) {
  const Descriptor source(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (!source.is_open()) return failed("read", from, errno);
  const Descriptor target(open_new(to));
  if (!target.is_open()) return failed("made", to, errno);
  std::vector<char> part(kCopyBytes);
  ssize_t got = 0;
  while ((got = ::read(source.fd(), part.data(), part.size())) != 0) {
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("read", from, errno);
    if (!core::write_all(target.fd(), {part.data(), static_cast<std::size_t>(got)})) {
      return failed("written", to, errno);
    }
  }
  if (::fsync(target.fd()) != 0) return failed("written", to, errno);
  return std::nullopt;
}

std::optional<core::Error> sync_path(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open() || ::fsync(file.fd()) != 0) return failed("made durable", path, errno);
  return std::nullopt;
}

std::optional<core::Error> rename_file(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return failed("renamed", from, errno);
  return std::nullopt;
}

std::optional<std::uint64_t> free_bytes(const std::string& path) {
  struct statvfs disk = {};
  if (::statvfs(path.c_str(), &disk) != 0) return std::nullopt;
  return std::uint64_t{disk.f_bavail} * disk.f_frsize;
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

core::Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return failed("read", path, errno);
  return text.str();
}

}  // namespace coupon::store
