// Names requests, so that a client's complaint finds its line in the log. Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "coupond/core/random.h"
#include "coupond/http/request.h"

namespace coupon::http {

class RequestIds {
 public:
  // Takes four random bytes, so that the ids of two runs differ.
  explicit RequestIds(const core::Random& random);

  // "3f9a01c2-17": unique within the run.
  std::string next();
  // The request's own X-Request-Id when it is 1 to 64 of [A-Za-z0-9._-], else a new one.
  std::string of(const Request& request);

 private:
  std::string prefix_;
  std::atomic<std::uint64_t> count_{0};
};

}  // namespace coupon::http
