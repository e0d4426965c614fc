// Lines over a Unix socket, with limits: the transport of control.h and desk.h. One thread each.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <optional>
#include <string>
#include <string_view>

namespace coupon::app {

// Closes at the end of its scope.
class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Fd& operator=(Fd&&) = delete;
  ~Fd();

  int get() const { return fd_; }
  int release();
  bool ok() const { return fd_ >= 0; }

 private:
  int fd_;
};

// A socket's address, also where the path is longer than an address may be: then it goes by way of
// the opened directory. Good as long as this lives.
class SocketAddress {
 public:
  explicit SocketAddress(const std::string& path);

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address_); }
  socklen_t size() const { return sizeof address_; }
  bool ok() const { return ok_; }

 private:
  sockaddr_un address_{};
  Fd directory_;
  bool ok_ = false;
};

// Both ends of a conversation.
class LineSocket {
 public:
  // `waker`: reading ends when this descriptor becomes readable; -1: none. Stays the caller's.
  explicit LineSocket(int fd, int waker = -1) : fd_(fd), waker_(waker) {}

  // The next line without its end; nothing when the other side is gone, the line is too long or
  // nothing came for `timeout_ms` (-1: for ever).
  std::optional<std::string> read_line(int timeout_ms);
  // False when the other side is gone.
  bool write_line(std::string_view line);

 private:
  bool wait_readable(int timeout_ms) const;

  const int fd_;
  const int waker_;
  std::string buffer_;
};

}  // namespace coupon::app
