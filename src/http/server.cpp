#include "coupond/http/server.h"

#include <pthread.h>

#include <thread>
#include <vector>

#include "coupond/core/assert.h"
#include "coupond/http/problem.h"
#include "src/http/event_loop.h"
#include "src/http/listen_socket.h"
#include "src/http/request_ids.h"
#include "src/http/request_queue.h"
#include "src/http/server_responder.h"

namespace coupon::http {

using Owner = Connection::Owner;
using Phase = Connection::Phase;

namespace {

// The threads that run handlers. Ends them when it goes, however that comes about.
class Workers {
 public:
  explicit Workers(RequestQueue& queue) : queue_(queue) {}
  ~Workers() {
    queue_.close();
    for (std::thread& thread : threads_) thread.join();
  }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  void start(std::size_t count, const std::function<void()>& work) {
    for (std::size_t i = 0; i < count; ++i) threads_.emplace_back(work);
  }

 private:
  RequestQueue& queue_;
  std::vector<std::thread> threads_;
};

}  // namespace

struct Server::Impl {
  Impl(ServerOptions given_options, Handler given_handler, core::Clock given_clock,
       const core::Random& random, ServerHooks given_hooks)
      : options(std::move(given_options)),
        handler(std::move(given_handler)),
        clock(std::move(given_clock)),
        hooks(std::move(given_hooks)),
        ids(random),
        queue(options.queue_capacity),
        loop(options, clock, hooks, ids, queue) {}

  void work();
  void answer(Connection& connection, Responder& responder);
  Reply run_handler(Request& request);
  std::size_t body_limit(const Request& head);
  // False: the reply could not be sent whole.
  bool send(Connection& connection, Reply& reply, Responder& responder);
  void finish(Connection& connection);
  bool try_park(Connection& connection);
  void fault(const Request& request, std::string_view what);

  const ServerOptions options;
  const Handler handler;
  const core::Clock clock;
  const ServerHooks hooks;
  RequestIds ids;
  RequestQueue queue;
  ListenSocket socket;
  EventLoop loop;
  std::atomic<std::size_t> streams{0};
};

Server::Server(ServerOptions options, Handler handler, core::Clock clock, core::Random random,
               ServerHooks hooks)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(handler), std::move(clock), random,
                                   std::move(hooks))) {}

Server::~Server() = default;

core::Result<core::Done> Server::bind() {
  const ServerOptions& options = impl_->options;
  if (!options.unix_path.empty()) {
    return impl_->socket.open_unix(options.unix_path, options.backlog);
  }
  return impl_->socket.open(options.host, options.port, options.backlog);
}

std::size_t Server::descriptors_for(std::size_t max_connections) {
  return max_connections + EventLoop::refused_at_once(max_connections);
}

int Server::port() const { return impl_->socket.port(); }

void Server::serve() {
  COUPOND_ASSERT(impl_->socket.fd() >= 0);
  Workers workers(impl_->queue);
  workers.start(impl_->options.workers, [this] { impl_->work(); });
  impl_->loop.run(impl_->socket.fd());
  impl_->socket.close();
}

void Server::stop() noexcept { impl_->loop.stop(); }

std::size_t Server::connections() const { return impl_->loop.connections(); }

void Server::Impl::fault(const Request& request, std::string_view what) {
  if (hooks.on_fault) hooks.on_fault(request.request_id, what);
}

void Server::Impl::work() {
  ::pthread_setname_np(::pthread_self(), "worker");
  Responder responder;
  while (Connection* connection = queue.pop()) answer(*connection, responder);
}

std::size_t Server::Impl::body_limit(const Request& head) {
  try {
    return options.body_limit ? options.body_limit(head) : 0;
  } catch (const std::exception& error) {
    fault(head, error.what());
    return 0;
  }
}

Reply Server::Impl::run_handler(Request& request) {
  try {
    return handler(request);
  } catch (const std::exception& error) {
    fault(request, error.what());
  } catch (...) {
    fault(request, "an exception that is not a std::exception");
  }
  // What went wrong is in the log under the request's id, and nobody else's business.
  return problem_reply(request, {.reason = core::Reason::kInternal, .message = {}});
}

void Server::Impl::answer(Connection& connection, Responder& responder) {
  Request& request = connection.reader.request();
  if (connection.asks_limit) {
    connection.asks_limit = false;
    connection.reader.set_body_limit(body_limit(request));
    return loop.give_back(connection);
  }
  Reply reply = run_handler(request);
  options.allowed_origins.mark(request, reply);
  const bool streamed = static_cast<bool>(reply.stream);
  if (streamed && streams.fetch_add(1) >= options.max_streams) {
    reply = problem_reply(request, {.reason = core::Reason::kBusy, .message = {}});
    options.allowed_origins.mark(request, reply);
  }
  const int status = reply.status;
  if (!send(connection, reply, responder)) connection.cut();
  if (streamed) streams.fetch_sub(1);
  if (hooks.on_request) {
    hooks.on_request(request, status, EventLoop::steady_us() - connection.complete_us);
  }
  finish(connection);
}

bool Server::Impl::send(Connection& connection, Reply& reply, Responder& responder) {
  const Request& request = connection.reader.request();
  // To HTTP/1.0 the end of a streamed body is the end of the connection.
  connection.close_after_reply = reply.close || !connection.reader.keep_alive() ||
                                 loop.stopping() || (reply.stream && request.http_1_0);
  const ReplyContext context{.method = request.method,
                             .http_1_0 = request.http_1_0,
                             .https = request.https,
                             .close = connection.close_after_reply,
                             .request_id = request.request_id,
                             .now = request.received_at};
  const auto flush = [&] {
    return connection.flush_all(options.write_timeout_ms, loop.stopping());
  };
  connection.phase = Phase::kWriting;
  connection.deadline_ms = EventLoop::steady_us() / 1000 + options.write_timeout_ms;
  if (request.method != "HEAD") connection.shared_out = reply.shared_body;
  try {
    return responder.write(reply, context, connection.out, flush) &&
           connection.flush() != Connection::Flushed::kBroken;
  } catch (const std::exception& error) {
    fault(request, error.what());
    return false;
  }
}

void Server::Impl::finish(Connection& connection) {
  if (!connection.is_cut() && try_park(connection)) return;
  loop.give_back(connection);
}

// The short way: everything is sent, nothing more has come, so the connection can wait for its next
// event without the loop looking at it. False: the loop must.
bool Server::Impl::try_park(Connection& connection) {
  if (connection.close_after_reply || !connection.all_sent() || connection.unread_in_kernel() ||
      connection.reader.has_unread() || loop.stopping()) {
    return false;
  }
  connection.begin_next();
  connection.deadline_ms = EventLoop::steady_us() / 1000 + options.idle_timeout_ms;
  Owner expected = Owner::kBusy;
  return connection.owner.compare_exchange_strong(expected, Owner::kParked,
                                                  std::memory_order_acq_rel);
}

}  // namespace coupon::http
