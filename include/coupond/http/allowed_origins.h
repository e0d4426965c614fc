// Which web pages of other origins may call: CORS (Fetch standard, 3.2). By default none, and then
// no reply speaks of it. A session comes in a header that a page must set itself, never in a
// cookie, so credentials are not allowed to anybody. A value: const functions are safe on any
// thread.
#pragma once

#include <string>
#include <vector>

#include "coupond/core/result.h"
#include "coupond/http/reply.h"

namespace coupon::http {

class AllowedOrigins {
 public:
  AllowedOrigins() = default;

  // Each entry is an origin as browsers send it, "https://shop.example" or
  // "http://localhost:3000", or "*" for all. kInvalidRequest names a bad one.
  static core::Result<AllowedOrigins> parse(const std::vector<std::string>& origins);

  // Adds to the reply what a browser must read before it gives it to the page that asked. A
  // preflight (OPTIONS) is told the methods of the reply's Allow.
  void mark(const Request& request, Reply& reply) const;

 private:
  std::vector<std::string> origins_;
  bool all_ = false;
};

}  // namespace coupon::http
