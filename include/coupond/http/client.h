// An HTTP/1.1 client without TLS, over TCP or a Unix socket: cpp-httplib's, behind this one header.
// Everything in coupond that asks a server uses it, but for the load generator's loop, which has to
// cost less than what it measures. One client belongs to one thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "coupond/core/result.h"
#include "coupond/http/request.h"

namespace coupon::http {

// Where "http://HOST:PORT/path" leads. Nothing is looked up.
struct ServerUrl {
  std::string host;  // without brackets
  int port = 80;
  std::string path = {};  // without the slash at the end
};
// kInvalidRequest for a text that is not such an address.
core::Result<ServerUrl> parse_url(const std::string& url);

struct ClientRequest {
  std::string method = "GET";
  std::string target = "/";  // path and query, percent-encoded
  std::string body = {};
  std::string content_type = "application/json";  // of a body that is not empty
  std::vector<NameValue> headers = {};
  // Given the body of a 2xx reply piece by piece, as it arrives; the reply's own is then empty.
  // False ends the request. May take as long as it likes: the server waits.
  std::function<bool(std::string_view)> receive = {};
};

struct ClientReply {
  int status = 0;
  std::string body = {};
};

class Client {
 public:
  struct Options {
    // How long the other side may be silent, while it is connected to and while it answers.
    std::chrono::seconds silence_max{5};
    // One connection for all requests; otherwise each has its own.
    bool keep_alive = false;
  };

  // HOST is numeric or localhost; a path is put in front of every target. Nothing is connected to
  // yet.
  static core::Result<Client> of_url(const std::string& url, Options options);
  static core::Result<Client> of_url(const std::string& url) { return of_url(url, Options()); }
  // A path of at most 107 bytes.
  static Client of_socket(const std::string& path, Options options);

  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  // Any status is a reply; one of 400 or more may have lost its end where `receive` is given.
  // kNotFound: nobody listens there, nothing was sent. kOutcomeUnknown: something went wrong after
  // that, so what was asked for may have been done.
  core::Result<ClientReply> send(const ClientRequest& request);

 private:
  struct Impl;
  explicit Client(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace coupon::http
