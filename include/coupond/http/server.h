// The HTTP/1.1 server. Reading is ours: strict, and within limits of size, time, memory and number
// that cpp-httplib's server lacks. Of cpp-httplib, replies are written: status line, header fields
// and the chunks of streamed bodies (src/http/server_responder.h). No byte reaches a handler before
// the whole request is there and valid; no thread waits for a client, except while it streams a
// reply to one.
//
// One thread (the caller of serve()) accepts, reads and checks; a fixed pool runs handlers. A
// connection with nothing to do costs a socket and some hundred bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "coupond/core/clock.h"
#include "coupond/core/limits.h"
#include "coupond/core/random.h"
#include "coupond/core/result.h"
#include "coupond/http/allowed_origins.h"
#include "coupond/http/reply.h"
#include "coupond/http/request.h"
#include "coupond/http/trusted_proxies.h"

namespace coupon::http {

struct ServerOptions {
  std::string host = "127.0.0.1";  // An IPv4 or IPv6 address, or "localhost". No names.
  int port = 0;                    // 0: any free one; see Server::port().
  // A Unix socket of this path, in place of host and port, for whoever owns the directory: mode
  // 0600, requests marked as local. A socket that is there already is taken for left over.
  std::string unix_path = {};
  int backlog = 1024;

  std::size_t workers = 64;                     // Handlers that may run at once.
  std::size_t queue_capacity = 1024;            // Complete requests waiting for one; beyond: 503.
  std::size_t max_connections = 4096;           // Beyond: 503 and closed.
  std::size_t max_connections_per_address = 0;  // IPv6 by /64; 0: no limit. Proxies are exempt.
  std::size_t max_streams = 16;                 // Replies being streamed at once; beyond: 503.

  // The head's limits are in core/limits.h: beyond them 414 or 431.
  std::size_t body_bytes = core::limits::kBodyMaxBytes;  // Beyond: 413.
  // The limit of a request that may take more, such as an administrator's import; 0: body_bytes.
  // Asked on a worker, before more than body_bytes are taken. May be empty.
  std::function<std::size_t(const Request& head)> body_limit = {};
  // What requests and replies in flight may take together. Beyond, large bodies are refused (503)
  // and the slowest clients closed.
  std::size_t memory_bytes = core::limits::kHttpMemoryBytes;

  int idle_timeout_ms = 60'000;      // Without a request.
  int request_deadline_ms = 10'000;  // First byte of a request to its last, whatever the pace.
  std::size_t large_body_bytes_per_s = 64 * 1024;  // What came of a large body earns time on top.
  int write_timeout_ms = 10'000;                   // Without the client taking a byte of the reply.
  int drain_timeout_ms = 1'000;  // How long we listen after the last reply before we close.

  TrustedProxies trusted_proxies = {};
  AllowedOrigins allowed_origins = {};
};

// Told about what happens. Called on the server's threads, several at once; must not block.
struct ServerHooks {
  // A request was answered by the handler. `duration_us` is from complete request to reply sent or,
  // for a streamed one, ended.
  std::function<void(const Request&, int status, std::int64_t duration_us)> on_request = {};
  // The server refused by itself: malformed, too large, too slow, overloaded.
  std::function<void(std::string_view peer_address, int status, std::string_view code)> on_refusal =
      {};
  // Somebody who is no trusted proxy sent X-Forwarded-For or X-Forwarded-Proto: told of once.
  std::function<void(std::string_view peer_address)> on_distrusted = {};
  // A handler threw, or the machine refused us something: the sentence for the log.
  std::function<void(std::string_view request_id, std::string_view what)> on_fault = {};
};

class Server {
 public:
  using Handler = std::function<Reply(Request&)>;

  // `handler` is called on the workers, several at once. A throw of it becomes a 500 without the
  // exception's text.
  Server(ServerOptions options, Handler handler, core::Clock clock, core::Random random,
         ServerHooks hooks = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // How many descriptors a server with so many connections may take.
  static std::size_t descriptors_for(std::size_t max_connections);

  // Takes the address and begins to queue connections. Fails when it is taken (also by a second
  // server with the same options) or not ours; the message names the address and the remedy.
  core::Result<core::Done> bind();
  // The port taken; valid after bind().
  int port() const;

  // Serves until stop(); then refuses new work, lets running handlers finish and send, closes every
  // connection and returns. Call once, after bind().
  void serve();
  // Makes serve() return soon. Any thread, any number of times, also from a signal handler.
  void stop() noexcept;
  // Open connections now; any thread.
  std::size_t connections() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace coupon::http
