#include "src/http/event_loop.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

namespace coupon::http {
namespace {

using Owner = Connection::Owner;
using Phase = Connection::Phase;

constexpr std::size_t kScratchBytes = 64 * 1024;
constexpr int kEventsAtOnce = 256;
constexpr int kAcceptsAtOnce = 64;
constexpr std::size_t kRefusedAtOnce = 128;

constexpr WireRefusal kTooManyConnections{503, "busy",
                                          "Too many connections; try again in a moment."};
// While stopping: how often we look, and how long a slow reader may take for its reply.
constexpr int kStopTickMs = 20;
constexpr int kStopGraceMs = 1000;

constexpr WireRefusal kNoRoom{503, "busy", "Too many large uploads at once; try again."};
constexpr WireRefusal kTooSlow{408, "request_timeout", "The request did not arrive in time."};

int check(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

// Data is null for the listening socket and the loop itself for the wake-up. False when the kernel
// has no memory for it.
bool watch(int epoll_fd, int operation, int fd, std::uint32_t events, void* data) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = data;
  return ::epoll_ctl(epoll_fd, operation, fd, &event) == 0;
}

int shortest(const ServerOptions& options) {
  return std::min({options.idle_timeout_ms, options.request_deadline_ms, options.write_timeout_ms,
                   options.drain_timeout_ms});
}

// The address of the other end, IPv4-mapped ones as IPv4; empty where there is none.
std::optional<core::IpAddress> address_of(const sockaddr_storage& peer) {
  char text[INET6_ADDRSTRLEN] = "";
  if (peer.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(peer);
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
  } else if (peer.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(peer);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
  }
  return core::IpAddress::parse(text);
}

}  // namespace

EventLoop::EventLoop(const ServerOptions& options, const core::Clock& clock,
                     const ServerHooks& hooks, RequestIds& ids, RequestQueue& queue)
    : options_(options),
      clock_(clock),
      hooks_(hooks),
      ids_(ids),
      queue_(queue),
      budget_(options.memory_bytes),
      tick_ms_(std::clamp(shortest(options) / 4, 10, 500)),
      scratch_(kScratchBytes) {
  epoll_ = core::Descriptor(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1"));
  wake_ = core::Descriptor(check(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd"));
  // Edge-triggered: each write wakes us once, and nobody needs to read the count.
  check(watch(epoll_.fd(), EPOLL_CTL_ADD, wake_.fd(), EPOLLIN | EPOLLET, this) ? 0 : -1,
        "epoll_ctl");
}

EventLoop::~EventLoop() = default;

std::int64_t EventLoop::steady_us() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

std::size_t EventLoop::refused_at_once(std::size_t max_connections) {
  return std::min(kRefusedAtOnce, max_connections / 4 + 1);
}

void EventLoop::run(int listen_fd) {
  listen_fd_ = listen_fd;
  resume_accepting();
  epoll_event events[kEventsAtOnce];
  while (!stopping_.load() || !connections_.empty()) {
    const int n = ::epoll_wait(epoll_.fd(), events, kEventsAtOnce, wait_ms());
    now_ms_ = steady_us() / 1000;
    for (int i = 0; i < n; ++i) {
      void* const about = events[i].data.ptr;
      if (about == nullptr) {
        accept_some();
      } else if (about != this) {
        handle_event(events[i].events, *static_cast<Connection*>(about));
      }
    }
    take_given_back();
    if (stopping_.load()) close_parked();
    if (now_ms_ >= next_tick_ms_) expire();
    if (budget_.is_over() || !large_waiting_.empty()) make_room();
  }
}

void EventLoop::stop() noexcept {
  stopping_.store(true);
  wake();
}

void EventLoop::wake() noexcept {
  const int saved = errno;  // a signal handler must leave it alone
  const std::uint64_t one = 1;
  if (::write(wake_.fd(), &one, sizeof one) < 0) errno = saved;
}

void EventLoop::give_back(Connection& connection) {
  {
    const core::MutexLock lock(mutex_);
    given_back_.push_back(&connection);
    if (given_back_.size() > 1) return;  // whoever was first has called
  }
  wake();
}

void EventLoop::take_given_back() {
  std::vector<Connection*> batch;
  {
    const core::MutexLock lock(mutex_);
    batch.swap(given_back_);
  }
  for (Connection* connection : batch) {
    if (connection->owner.exchange(Owner::kBusy) == Owner::kBusyWithEvent) {
      connection->note_unread();
    }
    drive(*connection);
  }
}

void EventLoop::handle_event(std::uint32_t events, Connection& connection) {
  Owner owner = connection.owner.load(std::memory_order_acquire);
  // A worker may park it this moment; from kParked on it is ours.
  while (owner == Owner::kBusy) {
    if (connection.owner.compare_exchange_weak(owner, Owner::kBusyWithEvent)) return;
  }
  if (owner == Owner::kBusyWithEvent) return;
  connection.owner.store(Owner::kBusy, std::memory_order_relaxed);
  // This event will not come again: whoever does not read to the end now has to remember it.
  const bool hang_up = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
  if (hang_up || connection.phase != Phase::kReading) connection.note_unread();
  drive(connection);
}

void EventLoop::accept_some() {
  for (int i = 0; i < kAcceptsAtOnce && accepting_; ++i) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    core::Descriptor socket(::accept4(listen_fd_, reinterpret_cast<sockaddr*>(&peer), &size,
                                      SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket.is_open()) {
      admit(std::move(socket), address_of(peer).value_or(core::IpAddress{}));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return;
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      // The connection stays in the backlog and would wake us at once, again and again.
      if (hooks_.on_fault) hooks_.on_fault("", "cannot accept connections: out of descriptors");
      pause_accepting();
    }
    // Anything else is about that one connection, which is gone.
  }
}

bool EventLoop::over_limit(const core::IpAddress& address) const {
  if (connections_.size() >= options_.max_connections) return true;
  if (options_.max_connections_per_address == 0) return false;
  const auto it = per_address_.find(address.rate_key());
  if (it == per_address_.end() || it->second < options_.max_connections_per_address) return false;
  return !options_.trusted_proxies.trusts(address);
}

void EventLoop::admit(core::Descriptor socket, const core::IpAddress& address) {
  if (connections_.size() >= options_.max_connections + refused_at_once(options_.max_connections)) {
    return;
  }
  const int yes = 1;
  const int fd = socket.fd();
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  const bool refused = over_limit(address);
  auto owned = std::make_unique<Connection>(std::move(socket), address.to_string(),
                                            address.rate_key(), options_.body_bytes, budget_);
  Connection& connection = *owned;
  connection.index = connections_.size();
  connections_.push_back(std::move(owned));
  ++per_address_[connection.limit_key()];
  open_.store(connections_.size(), std::memory_order_relaxed);
  const std::uint32_t events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  if (!watch(epoll_.fd(), EPOLL_CTL_ADD, fd, events, &connection)) {
    close(connection);
  } else if (refused) {
    refuse(connection, kTooManyConnections);
    drive(connection);
  } else {
    park(connection, now_ms_ + options_.idle_timeout_ms);
  }
}

void EventLoop::pause_accepting() {
  accepting_ = false;
  watch(epoll_.fd(), EPOLL_CTL_DEL, listen_fd_, 0, nullptr);
}

void EventLoop::resume_accepting() {
  accepting_ = watch(epoll_.fd(), EPOLL_CTL_ADD, listen_fd_, EPOLLIN, nullptr);
}

void EventLoop::park(Connection& connection, std::int64_t deadline_ms) {
  connection.deadline_ms = deadline_ms;
  connection.owner.store(Owner::kParked, std::memory_order_relaxed);
}

void EventLoop::close(Connection& connection) {
  const auto it = per_address_.find(connection.limit_key());
  if (--it->second == 0) per_address_.erase(it);
  const std::size_t index = connection.index;
  std::swap(connections_[index], connections_.back());
  connections_[index]->index = index;
  connections_.pop_back();
  open_.store(connections_.size(), std::memory_order_relaxed);
}

void EventLoop::expire() {
  next_tick_ms_ = now_ms_ + tick_ms_;
  if (!accepting_ && !stopping_.load()) resume_accepting();
  // From the back, because close() moves the last one into the gap.
  for (std::size_t i = connections_.size(); i-- > 0;) {
    Connection& connection = *connections_[i];
    if (connection.owner.load(std::memory_order_acquire) != Owner::kParked) continue;
    if (connection.deadline_ms > now_ms_) continue;
    connection.owner.store(Owner::kBusy, std::memory_order_relaxed);
    if (connection.phase == Phase::kReading && connection.reader.started()) {
      refuse(connection, kTooSlow);
      drive(connection);
    } else {
      close(connection);
    }
  }
}

double EventLoop::pace_of(const Connection& connection) const {
  const bool reading = connection.phase == Phase::kReading;
  const std::int64_t since =
      reading ? connection.started_ms : connection.deadline_ms - options_.write_timeout_ms;
  return static_cast<double>(connection.moved_bytes()) /
         static_cast<double>(std::max<std::int64_t>(now_ms_ - since, 1));
}

// Only between events, so that none of those at hand is about a connection that is gone.
void EventLoop::make_room() {
  const auto large = std::exchange(large_waiting_, {});
  std::vector<std::pair<double, Connection*>> holders;
  for (Connection* connection : large) holders.emplace_back(pace_of(*connection), connection);
  for (const auto& connection : connections_) {
    if (connection->charged_bytes() == 0) continue;
    if (connection->owner.load(std::memory_order_acquire) != Owner::kParked) continue;
    holders.emplace_back(pace_of(*connection), connection.get());
  }
  std::sort(holders.begin(), holders.end());
  for (const auto& [pace, connection] : holders) {
    if (!budget_.is_over()) break;
    if (connection->owner.load(std::memory_order_acquire) != Owner::kParked) {
      refuse(*connection, kNoRoom);
      connection->drop_request();
    } else {
      if (hooks_.on_refusal) hooks_.on_refusal(connection->address(), 503, "memory");
      close(*connection);
    }
  }
  for (Connection* connection : large) {
    if (connection->owner.exchange(Owner::kBusy) == Owner::kBusyWithEvent) {
      connection->note_unread();
    }
    drive(*connection);
  }
}

void EventLoop::close_parked() {
  if (stop_ms_ == 0) stop_ms_ = now_ms_;
  if (accepting_) pause_accepting();
  for (std::size_t i = connections_.size(); i-- > 0;) {
    Connection& connection = *connections_[i];
    if (connection.owner.load(std::memory_order_acquire) != Owner::kParked) continue;
    const bool sending = connection.phase == Phase::kWriting;
    if (!sending || now_ms_ - stop_ms_ > kStopGraceMs) close(connection);
  }
}

int EventLoop::wait_ms() const {
  if (!large_waiting_.empty()) return 0;
  if (stopping_.load()) return kStopTickMs;
  if (connections_.empty() && accepting_) return -1;
  return static_cast<int>(std::max<std::int64_t>(0, next_tick_ms_ - now_ms_));
}

}  // namespace coupon::http
