// The smallest HTTP client: one GET of a plain-text server, for `health`; and how addresses of
// servers are read.
#pragma once

#include <string>

#include "coupond/core/result.h"

namespace coupon::cli {

struct HttpTarget {
  std::string host;  // without brackets
  std::string port = "80";
  std::string path = "/";
};

// "http://HOST:PORT/path"; nothing is looked up. kInvalidRequest for another scheme.
core::Result<HttpTarget> read_target(const std::string& url);

struct HttpAnswer {
  int status = 0;
  std::string body;
};

// `url`: "http://HOST:PORT/path", HOST numeric or localhost. Gives up after five seconds of
// silence.
core::Result<HttpAnswer> http_get(const std::string& url);

}  // namespace coupon::cli
