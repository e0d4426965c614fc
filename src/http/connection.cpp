#include "src/http/connection.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>

namespace coupon::http {
namespace {

// How soon a worker that waits for a slow client notices that the server stops.
constexpr int kStopCheckMs = 100;

}  // namespace

Connection::Connection(core::Descriptor socket, std::string address, std::string limit_key,
                       std::size_t body_bytes, MemoryBudget& budget)
    : reader(body_bytes),
      budget_(budget),
      socket_(std::move(socket)),
      address_(std::move(address)),
      limit_key_(std::move(limit_key)) {}

Connection::~Connection() { budget_.change(charged_, 0); }

void Connection::charge() {
  const std::size_t held = reader.held_bytes() + out.size();
  if (held == charged_) return;
  budget_.change(charged_, held);
  charged_ = held;
}

int Connection::take(std::span<char> scratch) {
  for (;;) {
    const ssize_t n = ::recv(fd(), scratch.data(), scratch.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      unread_in_kernel_ = false;
      return 0;
    }
    if (n <= 0) return -1;
    // A short read has emptied the socket, unless the end of the stream is behind it.
    if (static_cast<std::size_t>(n) == scratch.size()) unread_in_kernel_ = true;
    return static_cast<int>(n);
  }
}

Connection::Received Connection::receive(std::span<char> scratch) {
  const int n = take(scratch);
  if (n < 0) return Received::kEnd;
  if (n == 0) return Received::kNothing;
  reader.append({scratch.data(), static_cast<std::size_t>(n)});
  return Received::kBytes;
}

Connection::Received Connection::discard(std::span<char> scratch) {
  const int n = take(scratch);
  if (n < 0) return Received::kEnd;
  drained_bytes += static_cast<std::size_t>(n);
  return n == 0 ? Received::kNothing : Received::kBytes;
}

Connection::Flushed Connection::flush() {
  const std::size_t all = out.size() + (shared_out ? shared_out->size() : 0);
  while (sent_ < all) {
    const ssize_t n = send_rest();
    if (n > 0) {
      sent_ += static_cast<std::size_t>(n);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return Flushed::kPart;
    } else if (errno != EINTR) {
      return Flushed::kBroken;
    }
  }
  out.clear();
  shared_out.reset();
  sent_ = 0;
  return Flushed::kAll;
}

void Connection::drop_request() {
  reader.reset();
  charge();
}

ssize_t Connection::send_rest() {
  const std::size_t from_out = std::min(sent_, out.size());
  iovec parts[2] = {{out.data() + from_out, out.size() - from_out}, {}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 1;
  if (shared_out) {
    const std::size_t from_shared = sent_ - from_out;
    // sendmsg() only reads; its type is older than const.
    parts[1] = {const_cast<char*>(shared_out->data()) + from_shared,
                shared_out->size() - from_shared};
    message.msg_iovlen = 2;
  }
  return ::sendmsg(fd(), &message, MSG_NOSIGNAL);
}

bool Connection::flush_all(int timeout_ms, const std::atomic<bool>& stopping) {
  for (int waited_ms = 0;;) {
    const Flushed flushed = flush();
    if (flushed != Flushed::kPart) return flushed == Flushed::kAll;
    if (waited_ms >= timeout_ms || stopping.load()) return false;
    const int wait_ms = std::min(kStopCheckMs, timeout_ms - waited_ms);
    pollfd writable{fd(), POLLOUT, 0};
    if (::poll(&writable, 1, wait_ms) == 0) waited_ms += wait_ms;
  }
}

void Connection::send_continue() {
  constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  // Nothing else is on its way, so the kernel takes these few bytes; a client that is gone shows
  // at the next read.
  if (::send(fd(), kContinue.data(), kContinue.size(), MSG_NOSIGNAL) < 0) return;
}

void Connection::cut() {
  cut_ = true;
  const linger reset{1, 0};
  ::setsockopt(fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
}

void Connection::begin_next() {
  reader.reset();
  charge();
  phase = Phase::kReading;
  started_ms = 0;
}

void Connection::finish_sending() { ::shutdown(fd(), SHUT_WR); }

}  // namespace coupon::http
