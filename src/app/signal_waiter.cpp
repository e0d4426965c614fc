#include "src/app/signal_waiter.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <utility>

#include "coupond/app/app.h"
#include "coupond/core/assert.h"

namespace coupon::app {
namespace {

bool is_ignored(int signal) {
  struct sigaction now {};
  return ::sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  // The terminal has gone; unless nohup said not to mind.
  if (!is_ignored(SIGHUP)) sigaddset(&set, SIGHUP);
  return set;
}

}  // namespace

void take_stop_signals() {
  const sigset_t set = stop_signals();
  const int failed = ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  COUPOND_ASSERT(failed == 0);
  // Who reads our log or a reply and goes away must not end us.
  ::signal(SIGPIPE, SIG_IGN);
}

core::Descriptor stop_signals_fd(int flags) {
  const sigset_t set = stop_signals();
  return core::Descriptor(::signalfd(-1, &set, SFD_CLOEXEC | flags));
}

SignalWaiter::SignalWaiter(std::function<void()> stop)
    : stop_(std::move(stop)),
      stop_event_(::eventfd(0, EFD_CLOEXEC)),
      signals_(stop_signals_fd(0)),
      thread_([this] { wait(); }) {}

SignalWaiter::~SignalWaiter() {
  ask_to_stop();
  thread_.join();
}

void SignalWaiter::ask_to_stop() noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(stop_event_.fd(), &one, sizeof one);
}

void SignalWaiter::wait() {
  std::array<pollfd, 2> wanted{pollfd{.fd = stop_event_.fd(), .events = POLLIN, .revents = 0},
                               pollfd{.fd = signals_.fd(), .events = POLLIN, .revents = 0}};
  while (::poll(wanted.data(), wanted.size(), -1) < 0 && errno == EINTR) {
  }
  stop_();
}

}  // namespace coupon::app
