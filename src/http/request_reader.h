// Turns the bytes of a connection into requests, one after the other, and refuses what breaks a
// limit before its body is read. No sockets and no clock: it can be fed by a test or a fuzzer.
// Used by one thread at a time.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "coupond/http/request.h"
#include "src/http/head.h"

namespace coupon::http {

// What readers of one server share.
struct BodyPolicy {
  std::size_t body_bytes;
  std::function<std::size_t(const Request& head)> limit_of;
  std::size_t large_bytes_total;
  std::atomic<std::size_t> large_bytes_now{0};
};

class RequestReader {
 public:
  enum class Step { kNeedMore, kComplete, kRefused };

  // `policy` must outlive the reader.
  explicit RequestReader(BodyPolicy& policy) : policy_(policy) {}
  ~RequestReader() { return_large_body(); }
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  void append(std::string_view bytes) { input_.append(bytes); }
  // Goes as far as the bytes allow. After kRefused the rest of the connection must be thrown away:
  // nobody can say where the next request begins.
  Step next();
  // Forgets the request and begins with the next one, of which bytes may be here already.
  void reset();

  // Everything but addresses, id and time; valid after kComplete, and as far as it was understood
  // after kRefused.
  Request& request() { return request_; }
  const Refusal& refusal() const { return refusal_; }  // after kRefused

  bool keep_alive() const { return keep_alive_; }
  // Bytes of a request are here, but not all.
  bool started() const { return head_done_ || !input_.empty(); }
  // Bytes beyond the current request are here.
  bool has_unread() const { return !input_.empty(); }
  // The client waits for "100 Continue" before it sends the body. True once.
  bool take_continue();
  // The body's size when it is above the ordinary limit, else 0: such a body needs more time.
  std::size_t large_body_bytes() const { return large_bytes_; }

 private:
  Step read_head();
  Step read_body();
  Step refuse(const Refusal& refusal);
  bool fill_request(const Head& head);
  std::optional<Refusal> admit_body(std::size_t bytes);
  void return_large_body();

  BodyPolicy& policy_;
  std::string input_;  // received, not yet used
  HeadScanner scanner_;
  Request request_;
  Refusal refusal_{};
  std::size_t body_missing_ = 0;
  std::size_t large_bytes_ = 0;  // counted in policy_.large_bytes_now
  bool head_done_ = false;
  bool keep_alive_ = true;
  bool continue_due_ = false;
};

}  // namespace coupon::http
