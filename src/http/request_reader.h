// Turns the bytes of a connection into requests, one after the other, and refuses what breaks a
// limit before its body is read. No sockets and no clock: it can be fed by a test or a fuzzer.
// Used by one thread at a time.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "coupond/http/request.h"
#include "src/http/chunked_body.h"
#include "src/http/head.h"

namespace coupon::http {

class RequestReader {
 public:
  enum class Step {
    kNeedMore,
    kComplete,
    kRefused,
    // The body is larger than usual. Whether who sends it may is for others to find out: say so
    // with set_body_limit(), then call next() again.
    kAskLimit,
  };

  // `body_bytes`: how large a body may be without asking.
  explicit RequestReader(std::size_t body_bytes) : body_bytes_(body_bytes) {}
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  void append(std::string_view bytes) { input_.append(bytes); }
  // Goes as far as the bytes allow. After kRefused the rest of the connection must be thrown away:
  // nobody can say where the next request begins.
  Step next();
  // The answer to kAskLimit, for this request; below the usual limit that one holds.
  void set_body_limit(std::size_t bytes) { body_limit_ = bytes; }
  // Forgets the request and begins with the next one, of which bytes may be here already.
  void reset();

  // Everything but addresses, id and time; valid after kComplete, without the body after kAskLimit,
  // and as far as it was understood after kRefused. A chunked body is told like any other, by a
  // Content-Length.
  Request& request() { return request_; }
  const WireRefusal& refusal() const { return refusal_; }  // after kRefused

  bool keep_alive() const { return keep_alive_; }
  // Bytes of a request are here, but not all.
  bool started() const { return head_done_ || !input_.empty(); }
  // Bytes beyond the current request are here.
  bool has_unread() const { return !input_.empty(); }
  // The client waits for "100 Continue" before it sends the body. True once.
  bool take_continue();
  // Bytes kept of the current request and of what came behind it.
  std::size_t held_bytes() const { return head_bytes_ + request_.body.size() + input_.size(); }
  // How much of a body above the usual limit has come, else 0: such a body needs more time.
  std::size_t large_body_bytes() const { return body_limit_ ? request_.body.size() : 0; }

 private:
  Step read_head();
  Step read_body();
  Step read_chunks();
  Step refuse(const WireRefusal& refusal);
  bool fill_request(const Head& head);
  void tell_length();
  std::size_t most() const;
  void drop_spare_input();

  const std::size_t body_bytes_;
  std::string input_;  // received, not yet used
  HeadScanner scanner_;
  Request request_;
  WireRefusal refusal_{};
  std::size_t head_bytes_ = 0;
  std::size_t body_missing_ = 0;  // of a body with a length
  std::optional<std::size_t> body_limit_;
  std::optional<ChunkedBody> chunks_;
  bool head_done_ = false;
  bool keep_alive_ = true;
  bool continue_due_ = false;
};

}  // namespace coupon::http
