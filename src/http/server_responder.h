// Writes replies as HTTP/1.1 and adds what every reply carries. cpp-httplib prints the status line
// and the header fields, and frames streamed bodies in chunks; for that it is run on a request line
// made here, from memory into memory. It reads nothing that a client sent and never touches a
// socket. One per thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "coupond/core/types.h"
#include "coupond/http/reply.h"

namespace coupon::http {

// What the writing of a reply depends on, besides the reply.
struct ReplyContext {
  std::string_view method = "GET";  // HEAD: no body
  bool http_1_0 = false;            // no chunks; keep-alive must be said
  bool https = false;               // adds Strict-Transport-Security
  bool close = true;                // says so; the caller closes
  std::string_view request_id;
  core::UnixMs now;  // for Date
};

class Responder {
 public:
  Responder();
  ~Responder();
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;

  // Appends `reply` to `out`, but for a shared body, which is the caller's to send. Of a streamed
  // one, `flush` is called when some 64 KiB have gathered and must empty `out` or return false.
  // False: the reply is not whole, the connection must be cut. Throws what reply.stream throws.
  bool write(Reply& reply, const ReplyContext& context, std::string& out,
             const std::function<bool()>& flush);

 private:
  class Httplib;
  std::unique_ptr<Httplib> httplib_;
};

}  // namespace coupon::http
