// Accepts connections, reads requests, hands complete ones to the queue and closes what is slow,
// broken or too much. Everything here runs on the thread of run(), but for what says otherwise.
// It never blocks, and asks nobody who may: what needs a look at the database is a worker's, how
// large a body may be too. A client can cost it memory within bounds, not time.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "coupond/core/descriptor.h"
#include "coupond/core/mutex.h"
#include "coupond/core/net.h"
#include "coupond/http/server.h"
#include "src/http/connection.h"
#include "src/http/request_ids.h"
#include "src/http/request_queue.h"
#include "src/http/server_responder.h"

namespace coupon::http {

class EventLoop {
 public:
  // All must outlive the loop.
  EventLoop(const ServerOptions& options, const core::Clock& clock, const ServerHooks& hooks,
            RequestIds& ids, RequestQueue& queue);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Serves `listen_fd` until stop(), then until workers have given every connection back.
  void run(int listen_fd);
  // Any thread, also a signal handler.
  void stop() noexcept;
  const std::atomic<bool>& stopping() const { return stopping_; }
  std::size_t connections() const { return open_.load(std::memory_order_relaxed); }

  // For workers, when they are done with a connection; they must not touch it afterwards. Its
  // phase says what remains to be done.
  void give_back(Connection& connection);

  static std::int64_t steady_us();
  // Connections beyond the limit that may be told so before they are closed.
  static std::size_t refused_at_once(std::size_t max_connections);

 private:
  void handle_event(std::uint32_t events, Connection& connection);
  void take_given_back();
  void wake() noexcept;

  void accept_some();
  void admit(core::Descriptor socket, const core::IpAddress& address);
  bool over_limit(const core::IpAddress& address) const;
  void pause_accepting();
  void resume_accepting();

  // Does what the connection's phase asks for until it would have to wait. The loop must own it.
  void drive(Connection& connection);
  bool read_request(Connection& connection);  // true: the phase changed
  bool write_reply(Connection& connection);   // true: the phase changed
  void drain(Connection& connection);
  // Gives it to the workers, for a reply or for the body's limit.
  bool hand_over(Connection& connection);  // true: refused, the phase changed
  bool push(Connection& connection);       // the same
  void refuse(Connection& connection, const WireRefusal& refusal);
  void park(Connection& connection, std::int64_t deadline_ms);
  void close(Connection& connection);

  void expire();
  // Closes the slowest until what is held fits the budget, and goes on with large bodies.
  void make_room();
  double pace_of(const Connection& connection) const;  // bytes a millisecond
  void close_parked();
  std::int64_t request_deadline(const Connection& connection) const;
  bool is_local() const { return !options_.unix_path.empty(); }
  int wait_ms() const;

  const ServerOptions& options_;
  const core::Clock& clock_;
  const ServerHooks& hooks_;
  RequestIds& ids_;
  RequestQueue& queue_;
  MemoryBudget budget_;
  Responder responder_;
  const int tick_ms_;

  core::Descriptor epoll_;
  core::Descriptor wake_;  // an eventfd
  int listen_fd_ = -1;
  bool accepting_ = false;
  bool told_of_distrusted_ = false;
  std::int64_t stop_ms_ = 0;  // when stopping was noticed
  std::int64_t now_ms_ = 0;
  std::int64_t next_tick_ms_ = 0;
  std::vector<char> scratch_;
  std::vector<std::unique_ptr<Connection>> connections_;
  // Bodies above the usual limit that are in the way of the budget; theirs or others' must go.
  std::vector<Connection*> large_waiting_;
  std::unordered_map<std::string, std::size_t> per_address_;
  std::atomic<std::size_t> open_{0};
  std::atomic<bool> stopping_{false};

  core::Mutex mutex_;
  std::vector<Connection*> given_back_ COUPOND_GUARDED_BY(mutex_);
};

}  // namespace coupon::http
