// The load generator of `coupond bench`: keep-alive connections on few threads, each with one
// request on its way, every reply checked. It ends by itself, by time or number, and talks to
// loopback only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "coupond/core/result.h"
#include "coupond/load/histogram.h"

namespace coupon::load {

// What is asked and what must be answered. Both are called from all threads of the generator.
struct Workload {
  // Puts request number n (0, 1, 2 … across all connections) into `bytes`, which is empty: a whole
  // HTTP/1.1 message. False when there are no more.
  std::function<bool(std::uint64_t n, std::string& bytes)> request;
  // Whether this is the right answer.
  std::function<bool(int status, std::string_view body)> accept;
};

struct Plan {
  std::string address = "127.0.0.1";  // a loopback address
  int port = 0;
  std::size_t connections = 64;
  std::size_t threads = 1;
  double seconds = 5;                  // no request is sent after that
  std::uint64_t requests_max = ~0ULL;  // nor after so many
  // Called about ten times a second, on one thread, with the time that is over.
  std::function<void(double seconds)> progress = {};
};

struct Outcome {
  std::uint64_t right = 0;       // replies that were accepted
  std::uint64_t wrong = 0;       // other replies, and connections that broke
  std::string first_wrong = {};  // the first of those, for a person
  double seconds = 0;            // from the first request to the last reply
  Histogram latency = {};        // of the right ones: from request sent to reply read
  std::uint64_t least = 0;       // replies the worst served connection got
  std::uint64_t most = 0;        // and the best served one

  double per_second() const { return seconds > 0 ? static_cast<double>(right) / seconds : 0; }
};

// Runs the plan. Refused when the address is not loopback or cannot be connected to.
core::Result<Outcome> run(const Plan& plan, const Workload& workload);

}  // namespace coupon::load
