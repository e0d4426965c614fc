#include "src/http/listen_socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

namespace coupon::http {
namespace {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  in_port_t port() const {
    return storage.ss_family == AF_INET ? reinterpret_cast<const sockaddr_in&>(storage).sin_port
                                        : reinterpret_cast<const sockaddr_in6&>(storage).sin6_port;
  }
};

// Without a resolver: a static binary has none that works everywhere.
std::optional<Address> parse_address(const std::string& host, int port) {
  const std::string text = host == "localhost" ? "127.0.0.1" : host;
  const in_port_t network_port = htons(static_cast<std::uint16_t>(port));
  Address address;
  auto& v4 = reinterpret_cast<sockaddr_in&>(address.storage);
  if (::inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = network_port;
    address.size = sizeof v4;
    return address;
  }
  auto& v6 = reinterpret_cast<sockaddr_in6&>(address.storage);
  if (::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) != 1) return std::nullopt;
  v6.sin6_family = AF_INET6;
  v6.sin6_port = network_port;
  address.size = sizeof v6;
  return address;
}

core::Error failure(const std::string& host, int port, int error) {
  const std::string where = host + " port " + std::to_string(port);
  const auto sentence = [&]() -> std::string {
    switch (error) {
      case EADDRINUSE:
        return "Cannot listen on " + where +
               ": another program has it. Stop that program or choose another port.";
      case EADDRNOTAVAIL:
        return "Cannot listen on " + where + ": this machine does not have that address.";
      case EACCES:
        return "Cannot listen on " + where +
               ": ports below 1024 need special rights. Choose a higher port.";
      default:
        return "Cannot listen on " + where + ": " + std::strerror(error) + ".";
    }
  };
  return {.reason = core::Reason::kInternal, .message = sentence()};
}

// False: with errno. A path with no room in an address is gone to by way of its opened directory.
bool bind_to_path(int fd, const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() < sizeof address.sun_path) {
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    return ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  const std::size_t slash = path.rfind('/');
  const core::Descriptor directory(
      ::open(path.substr(0, slash + 1).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  return directory.is_open() &&
         bind_to_path(fd, "/proc/self/fd/" + std::to_string(directory.fd()) + path.substr(slash));
}

}  // namespace

core::Result<core::Done> ListenSocket::open_unix(const std::string& path, int backlog) {
  socket_ = core::Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  ::unlink(path.c_str());
  const bool listening = socket_.is_open() && bind_to_path(fd(), path) &&
                         ::chmod(path.c_str(), 0600) == 0 && ::listen(fd(), backlog) == 0;
  if (listening) {
    unix_path_ = path;
    return core::Done{};
  }
  const int error = errno;
  close();
  return core::Error{
      .reason = core::Reason::kInternal,
      .message = "The socket " + path + " cannot be made: " + std::strerror(error) + "."};
}

core::Result<core::Done> ListenSocket::open(const std::string& host, int port, int backlog) {
  auto address = parse_address(host, port);
  if (!address || port < 0 || port > 65'535) {
    return core::Error{.reason = core::Reason::kInvalidRequest,
                       .message = "Cannot listen on \"" + host + "\" port " + std::to_string(port) +
                                  ": give an IP address or localhost, and a port from 0 to 65535."};
  }
  socket_ = core::Descriptor(
      ::socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int yes = 1;
  const bool listening =
      socket_.is_open() && ::setsockopt(fd(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
      ::bind(fd(), address->get(), address->size) == 0 && ::listen(fd(), backlog) == 0 &&
      ::getsockname(fd(), address->get(), &address->size) == 0;
  if (!listening) {
    const int error = errno;
    close();
    return failure(host, port, error);
  }
  port_ = ntohs(address->port());
  return core::Done{};
}

void ListenSocket::close() {
  if (!unix_path_.empty()) ::unlink(unix_path_.c_str());
  unix_path_.clear();
  socket_ = core::Descriptor();
}

}  // namespace coupon::http
