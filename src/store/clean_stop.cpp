#include "src/store/clean_stop.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <optional>
#include <string>

#include "coupond/core/descriptor.h"
#include "coupond/store/database.h"

namespace coupon::store {
namespace {

// What tells a touched file from an untouched one; nothing while the write-ahead log holds more.
std::optional<std::string> fingerprint(const DataPaths& paths) {
  struct stat log = {};
  if (::stat((paths.database + "-wal").c_str(), &log) == 0 && log.st_size > 0) return std::nullopt;
  struct stat file = {};
  if (::stat(paths.database.c_str(), &file) != 0) return std::nullopt;
  return std::to_string(file.st_size) + " " + std::to_string(file.st_mtim.tv_sec) + "." +
         std::to_string(file.st_mtim.tv_nsec);
}

}  // namespace

bool take_clean_stop(const DataPaths& paths) {
  std::ifstream file(paths.clean_stop);
  std::string noted;
  const bool there = static_cast<bool>(std::getline(file, noted));
  file.close();
  if (!there) return false;
  ::unlink(paths.clean_stop.c_str());
  return fingerprint(paths) == noted;
}

// Not synced: if a power cut takes it, the next start reads the file through, and that is all.
void mark_clean_stop(const DataPaths& paths) noexcept {
  try {
    const auto noted = fingerprint(paths);
    if (!noted) return;
    const core::Descriptor file(
        ::open(paths.clean_stop.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (file.is_open()) core::write_all(file.fd(), *noted + "\n");
  } catch (const std::exception&) {
    // Out of memory: then there is no note.
  }
}

}  // namespace coupon::store
