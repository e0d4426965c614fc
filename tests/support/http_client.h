// A small HTTP/1.1 client with one keep-alive connection, for tests and the load generator. One
// object per thread. It opens the connection when it needs one, and again when the server has
// closed it; a request that may have been executed is never sent twice. Transport failures throw
// std::runtime_error.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/raw_client.h"

namespace coupon::test {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct HttpResponse {
  int status = 0;
  Headers headers;
  std::string body;     // chunks put together
  bool closed = false;  // the server closes the connection after it

  // The first header of that name in any case; empty when there is none.
  std::string header(std::string_view name) const;
};

class HttpClient {
 public:
  explicit HttpClient(int port) : port_(port) {}

  // `path` is sent as it is. Content-Length is added for a body, or for POST, PUT and PATCH.
  HttpResponse send(std::string_view method, std::string_view path, const Headers& headers = {},
                    std::string_view body = {});
  HttpResponse get(std::string_view path, const Headers& headers = {}) {
    return send("GET", path, headers);
  }
  // With Content-Type: application/json unless `headers` has one.
  HttpResponse post(std::string_view path, std::string_view json = {}, Headers headers = {});

  void disconnect() { connection_.reset(); }

 private:
  HttpResponse receive(bool has_body);
  std::string receive_body(const HttpResponse& response);
  void need(std::size_t bytes);
  std::string take_line();

  const int port_;
  std::optional<RawClient> connection_;
  std::string input_;
};

}  // namespace coupon::test
