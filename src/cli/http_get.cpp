#include "src/cli/http_get.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <memory>
#include <string_view>

namespace coupon::cli {
namespace {

constexpr timeval kSilence{.tv_sec = 5, .tv_usec = 0};
constexpr std::string_view kScheme = "http://";

core::Error refuse(std::string message) {
  return {.reason = core::Reason::kInvalidRequest, .message = std::move(message)};
}

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

 private:
  const int fd_;
};

int connect_to(const HttpTarget& target) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  if (::getaddrinfo(target.host.c_str(), target.port.c_str(), &hints, &list) != 0) return -1;
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(list, ::freeaddrinfo);
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    const int fd = ::socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC, one->ai_protocol);
    if (fd < 0) continue;
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &kSilence, sizeof kSilence);
    ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &kSilence, sizeof kSilence);
    if (::connect(fd, one->ai_addr, one->ai_addrlen) == 0) return fd;
    ::close(fd);
  }
  return -1;
}

std::string read_all(int fd) {
  std::string text;
  std::array<char, 4096> part{};
  ssize_t got = 0;
  while ((got = ::recv(fd, part.data(), part.size(), 0)) > 0) {
    text.append(part.data(), static_cast<std::size_t>(got));
  }
  return text;
}

}  // namespace

core::Result<HttpTarget> read_target(const std::string& url) {
  if (!url.starts_with(kScheme)) return refuse(url + " is not an http:// address.");
  const std::size_t slash = std::min(url.find('/', kScheme.size()), url.size());
  const std::string place = url.substr(kScheme.size(), slash - kScheme.size());
  HttpTarget target;
  if (slash < url.size()) target.path = url.substr(slash);
  const std::size_t colon = place.rfind(':');
  const bool has_port = colon != std::string::npos && place.find(']', colon) == std::string::npos;
  target.host = place.substr(0, has_port ? colon : place.size());
  if (has_port) target.port = place.substr(colon + 1);
  if (target.host.starts_with('[') && target.host.ends_with(']')) {
    target.host = target.host.substr(1, target.host.size() - 2);
  }
  return target;
}

core::Result<HttpAnswer> http_get(const std::string& url) {
  const auto target = read_target(url);
  if (!target.ok()) return target.error();
  const Socket socket(connect_to(*target));
  if (socket.fd() < 0) return refuse("Nothing answers at " + url + ".");
  const std::string request = "GET " + target->path + " HTTP/1.1\r\nHost: " + target->host +
                              "\r\nConnection: close\r\n\r\n";
  if (::send(socket.fd(), request.data(), request.size(), MSG_NOSIGNAL) < 0) {
    return refuse("Nothing answers at " + url + ".");
  }
  const std::string text = read_all(socket.fd());
  const std::size_t head = text.find("\r\n\r\n");
  HttpAnswer answer;
  const bool good =
      text.starts_with("HTTP/1.1 ") && head != std::string::npos &&
      std::from_chars(text.data() + 9, text.data() + 12, answer.status).ec == std::errc();
  if (!good) return refuse("What answers at " + url + " is not an HTTP server.");
  answer.body = text.substr(head + 4);
  return answer;
}

}  // namespace coupon::cli
