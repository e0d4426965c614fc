#include "src/app/line_socket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace coupon::app {
namespace {

// A thousand codes with room to spare.
constexpr std::size_t kLineMaxBytes = std::size_t{4} << 20;
constexpr std::size_t kReadBytes = std::size_t{64} << 10;

}  // namespace

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

int Fd::release() {
  const int fd = fd_;
  fd_ = -1;
  return fd;
}

SocketAddress::SocketAddress(const std::string& path)
    : directory_(path.size() < sizeof address_.sun_path
                     ? -1
                     : ::open(path.substr(0, path.rfind('/') + 1).c_str(),
                              O_PATH | O_DIRECTORY | O_CLOEXEC)) {
  address_.sun_family = AF_UNIX;
  const std::string name = directory_.ok() ? "/proc/self/fd/" + std::to_string(directory_.get()) +
                                                 path.substr(path.rfind('/'))
                                           : path;
  ok_ = name.size() < sizeof address_.sun_path;
  if (ok_) std::memcpy(address_.sun_path, name.c_str(), name.size() + 1);
}

bool LineSocket::wait_readable(int timeout_ms) const {
  std::array<pollfd, 2> wanted{pollfd{.fd = fd_, .events = POLLIN, .revents = 0},
                               pollfd{.fd = waker_, .events = POLLIN, .revents = 0}};
  int ready = 0;
  do {
    ready = ::poll(wanted.data(), wanted.size(), timeout_ms);
  } while (ready < 0 && errno == EINTR);
  return ready > 0 && wanted[1].revents == 0;
}

std::optional<std::string> LineSocket::read_line(int timeout_ms) {
  while (true) {
    const std::size_t end = buffer_.find('\n');
    if (end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    if (buffer_.size() > kLineMaxBytes || !wait_readable(timeout_ms)) return std::nullopt;
    const std::size_t before = buffer_.size();
    buffer_.resize(before + kReadBytes);
    const ssize_t got = ::recv(fd_, buffer_.data() + before, kReadBytes, 0);
    buffer_.resize(before + static_cast<std::size_t>(got > 0 ? got : 0));
    if (got == 0 || (got < 0 && errno != EINTR)) return std::nullopt;
  }
}

bool LineSocket::write_line(std::string_view line) {
  std::string text(line);
  text += '\n';
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t sent = ::send(fd_, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

}  // namespace coupon::app
