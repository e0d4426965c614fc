// An http::Server on a free port with a thread of its own, for tests of the server itself.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "coupond/http/server.h"

namespace coupon::test {

class LocalServer {
 public:
  // Throws std::runtime_error when it cannot start. The clock is the system's.
  explicit LocalServer(http::Server::Handler handler, http::ServerOptions options = {});
  ~LocalServer() { stop(); }
  LocalServer(const LocalServer&) = delete;
  LocalServer& operator=(const LocalServer&) = delete;

  int port() const { return server_.port(); }
  std::size_t connections() const { return server_.connections(); }
  // Returns when serve() has.
  void stop();

  // What the hooks were told, in order: "refusal 400 malformed_request", "fault …",
  // "request GET /x 200". Any thread.
  std::vector<std::string> events() const;
  std::size_t count(const std::string& event) const;

 private:
  void note(std::string event);

  mutable std::mutex mutex_;  // guards events_
  std::vector<std::string> events_;
  http::Server server_;
  std::thread thread_;
};

// A handler that says what it was asked.
inline http::Reply echo(http::Request& request) {
  return http::text_reply(200, request.method + " " + request.target_path + " " + request.body);
}

// The least that is a request.
inline std::string simple_get(const std::string& path) {
  return "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n";
}

// Waits until `condition` holds, at most kPatienceMs. Says whether it did.
bool eventually(const std::function<bool()>& condition);

}  // namespace coupon::test
