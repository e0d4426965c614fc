#include "coupond/app/control.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "coupond/app/actions.h"
#include "src/app/line_socket.h"

namespace coupon::app {
namespace {

// A command that says nothing for this long is gone, or does not know better.
constexpr int kSilenceMs = 30'000;
constexpr timeval kSendTimeout{.tv_sec = 10, .tv_usec = 0};
constexpr http::JsonLimits kLimits{.bytes_max = std::size_t{4} << 20, .depth_max = 16};

core::Error no_socket(const std::string& path) {
  return {.reason = core::Reason::kInternal,
          .message = "The control socket " + path + " cannot be made: " + std::strerror(errno)};
}

// The directory is its owner's alone already; this does not rest on it.
bool is_same_user(int connection) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == ::geteuid() || peer.uid == 0;
}

}  // namespace

core::Result<std::unique_ptr<ControlServer>> ControlServer::start(service::Engine& engine) {
  const std::string& path = engine.paths().socket;
  const SocketAddress address(path);
  Fd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  Fd waker(::eventfd(0, EFD_CLOEXEC));
  // Left by a server that was killed; the directory's lock says that there is no other.
  ::unlink(path.c_str());
  if (!address.ok() || !listener.ok() || !waker.ok() ||
      ::bind(listener.get(), address.get(), address.size()) != 0 ||
      ::chmod(path.c_str(), 0600) != 0 || ::listen(listener.get(), 16) != 0) {
    return no_socket(path);
  }
  return std::unique_ptr<ControlServer>(
      new ControlServer(engine, listener.release(), waker.release()));
}

ControlServer::ControlServer(service::Engine& engine, int listener, int waker)
    : engine_(engine), listener_(listener), waker_(waker), thread_([this] { work(); }) {}

ControlServer::~ControlServer() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(waker_, &one, sizeof one);
  thread_.join();
  ::unlink(engine_.paths().socket.c_str());
  ::close(listener_);
  ::close(waker_);
}

void ControlServer::work() {
  while (true) {
    std::array<pollfd, 2> wanted{pollfd{.fd = listener_, .events = POLLIN, .revents = 0},
                                 pollfd{.fd = waker_, .events = POLLIN, .revents = 0}};
    if (::poll(wanted.data(), wanted.size(), -1) < 0 && errno != EINTR) return;
    if (wanted[1].revents != 0) return;
    if (wanted[0].revents == 0) continue;
    const Fd connection(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC));
    if (connection.ok() && is_same_user(connection.get())) serve(connection.get());
  }
}

void ControlServer::serve(int connection) {
  ::setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &kSendTimeout, sizeof kSendTimeout);
  LineSocket socket(connection, waker_);
  while (const auto line = socket.read_line(kSilenceMs)) {
    if (!socket.write_line(answer(*line))) return;
  }
}

std::string ControlServer::answer(const std::string& line) {
  Json reply = Json::object();
  const auto request = http::parse_json(line, kLimits);
  const bool good = request.ok() && request->is_object() && request->contains("action") &&
                    request->at("action").is_string() && request->contains("in");
  if (!good) {
    reply["error"] = "That is not a request of a coupond command.";
    return reply.dump();
  }
  const auto outcome =
      perform(engine_, request->at("action").get_ref<const std::string&>(), request->at("in"));
  if (outcome.ok()) {
    reply["out"] = outcome.value();
  } else {
    reply["error"] = describe(outcome.error());
  }
  return reply.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace coupon::app
