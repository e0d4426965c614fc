#include "coupond/store/ballast.h"

#include <fcntl.h>
#include <unistd.h>

#include "coupond/core/descriptor.h"
#include "coupond/core/limits.h"
#include "src/store/files.h"

namespace coupon::store {

std::uint64_t free_bytes(const DataPaths& paths) { return free_bytes(paths.directory).value_or(0); }

bool keep_ballast(const DataPaths& paths) {
  if (exists(paths.ballast)) return true;
  constexpr auto kNeeded =
      static_cast<std::uint64_t>(core::limits::kBallastBytes) + core::limits::kDiskFreeMinBytes;
  if (free_bytes(paths) < kNeeded) return false;
  const core::Descriptor file(
      ::open(paths.ballast.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file.is_open()) return false;
  const bool made = ::posix_fallocate(file.fd(), 0, core::limits::kBallastBytes) == 0;
  if (!made) ::unlink(paths.ballast.c_str());
  return made;
}

}  // namespace coupon::store
