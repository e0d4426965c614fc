#include "coupond/store/backup_download.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <utility>

#include "coupond/core/limits.h"
#include "src/store/files.h"

namespace coupon::store {
namespace {

using core::refuse;

constexpr std::size_t kPieceBytes = std::size_t{64} << 10;

// The copy lies on the disk that the server writes to: it must leave it room.
std::optional<core::Error> no_room(const DataPaths& paths) {
  struct stat info = {};
  if (::stat(paths.database.c_str(), &info) != 0) return std::nullopt;  // back_up() says so
  const auto needed = static_cast<std::uint64_t>(info.st_size) + core::limits::kDiskFreeMinBytes;
  const auto room = free_bytes(paths.directory);
  if (!room || *room >= needed) return std::nullopt;
  return refuse("The disk has no room for a copy of " + std::to_string(info.st_size >> 20) +
                    " MiB. Run `coupond backup FILE` with a file on another disk.",
                core::Reason::kStorageFull);
}

}  // namespace

core::Result<BackupDownload> BackupDownload::make(const DataPaths& paths,
                                                  const BackupOptions& options) {
  if (auto error = no_room(paths)) return *std::move(error);
  const std::string file = paths.directory + "/DOWNLOAD";
  ::unlink(file.c_str());  // of a process that ended in between
  auto report = back_up(paths, file, options);
  if (!report.ok()) return report.error();
  core::Descriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  ::unlink(file.c_str());
  if (!opened.is_open()) return core::Error{.message = "The backup cannot be read again."};
  return BackupDownload(std::move(opened), *std::move(report));
}

bool BackupDownload::next(std::string& piece) {
  piece.resize(kPieceBytes);
  ssize_t got = 0;
  do {
    got = ::read(file_.fd(), piece.data(), piece.size());
  } while (got < 0 && errno == EINTR);
  if (got < 0) throw std::runtime_error("the backup cannot be read");
  piece.resize(static_cast<std::size_t>(got));
  return got > 0;
}

}  // namespace coupon::store
