#include "src/load/client.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <utility>

namespace coupon::load {
namespace {

constexpr std::size_t kReadAtOnce = 16 * 1024;
constexpr std::string_view kEndOfHead = "\r\n\r\n";
// As our server writes it.
constexpr std::string_view kLength = "\r\nContent-Length: ";

template <class Number>
bool read_number(std::string_view text, Number& out) {
  return std::from_chars(text.data(), text.data() + text.size(), out).ec == std::errc();
}

bool connect_v4(int fd, const std::string& address, int port) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  if (::inet_pton(AF_INET, address.c_str(), &to.sin_addr) != 1) return false;
  return ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
}

bool connect_v6(int fd, const std::string& address, int port) {
  sockaddr_in6 to{};
  to.sin6_family = AF_INET6;
  to.sin6_port = htons(static_cast<std::uint16_t>(port));
  if (::inet_pton(AF_INET6, address.c_str(), &to.sin6_addr) != 1) return false;
  return ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
}

}  // namespace

bool Client::connect(const std::string& address, int port) {
  const bool v6 = address.find(':') != std::string::npos;
  socket_ = core::Descriptor(::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket_.is_open()) return false;
  if (!(v6 ? connect_v6(fd(), address, port) : connect_v4(fd(), address, port))) return false;
  const int on = 1;
  ::setsockopt(fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return ::fcntl(fd(), F_SETFL, O_NONBLOCK) == 0;
}

bool Client::send() {
  input_.clear();
  head_bytes_ = 0;
  const ssize_t sent = ::send(fd(), request_.data(), request_.size(), MSG_NOSIGNAL);
  waiting = sent == static_cast<ssize_t>(request_.size());
  return waiting;
}

Client::Progress Client::receive() {
  const std::size_t had = input_.size();
  input_.resize(had + kReadAtOnce);
  const ssize_t n = ::recv(fd(), input_.data() + had, kReadAtOnce, 0);
  input_.resize(had + static_cast<std::size_t>(n > 0 ? n : 0));
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return Progress::kWaiting;
  if (n <= 0) return Progress::kBroken;
  return parse();
}

Client::Progress Client::parse() {
  if (head_bytes_ == 0) {
    const std::size_t end = input_.find(kEndOfHead);
    if (end == std::string::npos) return Progress::kWaiting;
    head_bytes_ = end + kEndOfHead.size();
    if (!parse_head(std::string_view(input_).substr(0, head_bytes_))) return Progress::kBroken;
  }
  if (input_.size() < head_bytes_ + body_bytes_) return Progress::kWaiting;
  body_ = std::string_view(input_).substr(head_bytes_, body_bytes_);
  waiting = false;
  ++replies;
  return Progress::kReply;
}

// "HTTP/1.1 200 OK" and a length; 204 has none.
bool Client::parse_head(std::string_view head) {
  if (!head.starts_with("HTTP/1.1 ") || !read_number(head.substr(9, 3), status_)) return false;
  const std::size_t length = head.find(kLength);
  body_bytes_ = 0;
  if (length == std::string_view::npos) return status_ == 204;
  return read_number(head.substr(length + kLength.size()), body_bytes_);
}

}  // namespace coupon::load
