#include "src/cli/workplace.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace coupon::cli {
namespace {

int make_signalfd() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGTERM);
  ::sigaddset(&set, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

}  // namespace

Workplace::Workplace(const std::string& purpose) {
  std::error_code failed;
  const auto parent = std::filesystem::temp_directory_path(failed);
  std::string path = (parent / ("coupond-" + purpose + "-XXXXXX")).string();
  if (!failed && ::mkdtemp(path.data()) != nullptr) path_ = path;
}

Workplace::~Workplace() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

Interruption::Interruption() : signals_(make_signalfd()) {}

Interruption::~Interruption() { ::close(signals_); }

bool Interruption::asked() {
  signalfd_siginfo told{};
  if (::read(signals_, &told, sizeof told) == sizeof told) asked_ = true;
  return asked_;
}

}  // namespace coupon::cli
