#include "src/cli/interruption.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include "coupond/app/app.h"

namespace coupon::cli {

Interruption::Interruption()
    : signals_((app::take_stop_signals(), app::stop_signals_fd(SFD_NONBLOCK))) {}

bool Interruption::asked() {
  signalfd_siginfo told{};
  if (::read(signals_.fd(), &told, sizeof told) == sizeof told) asked_ = true;
  return asked_;
}

}  // namespace coupon::cli
