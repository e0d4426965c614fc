// The smallest HTTP client: one GET of a plain-text server, for `health`.
#pragma once

#include <string>

#include "coupond/core/result.h"

namespace coupon::cli {

struct HttpAnswer {
  int status = 0;
  std::string body;
};

// `url`: "http://HOST:PORT/path", HOST numeric or localhost. Gives up after five seconds of
// silence.
core::Result<HttpAnswer> http_get(const std::string& url);

}  // namespace coupon::cli
