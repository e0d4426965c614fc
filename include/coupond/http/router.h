// Finds the handler of a request by its path segments: a trie without regular expressions, so a
// look-up costs one step a segment and nothing a client sends can make it slow.
// Built on one thread at start-up; after that read-only, and handle() is safe from any thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "coupond/http/reply.h"
#include "coupond/http/request.h"

namespace coupon::http {

using Handler = std::function<Reply(Request&)>;

class Router {
 public:
  Router();
  ~Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  // `pattern` is "/" or segments such as "/coupons/{id}/claim"; a segment is a literal or one
  // {placeholder}, which takes any segment but an empty one. A literal wins over a placeholder,
  // segment by segment from the left. A slash at the end of pattern or path makes no difference.
  // GET serves HEAD too. `name` is what request.route says; empty: the pattern itself. Names must
  // be few and fixed: they label metrics. Throws std::logic_error on a malformed pattern or a
  // method and pattern declared twice: both are faults of the program, found at start-up.
  void add(std::string_view method, std::string_view pattern, Handler handler,
           std::string name = {});

  // Fills request.params and request.route, takes a slash off the end of request.segments, and runs
  // the handler. 404 for an unknown path, 405 with
  // Allow for an unknown method, 204 with Allow for OPTIONS (and no CORS headers), all with the
  // JSON error body of problem.h.
  Reply handle(Request& request) const;

 private:
  struct Node;
  std::unique_ptr<Node> root_;
};

}  // namespace coupon::http
