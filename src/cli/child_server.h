// The server a benchmark drives: this very program, as a child, on a free loopback port.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "coupond/core/result.h"

namespace coupon::cli {

class BenchServer {
 public:
  // Starts it on the data directory and waits until it serves. Its log goes to bench.log there.
  static core::Result<std::unique_ptr<BenchServer>> start(const std::string& data_dir);

  BenchServer(const BenchServer&) = delete;
  BenchServer& operator=(const BenchServer&) = delete;
  // stop()
  ~BenchServer();

  int port() const { return port_; }
  // From the start of the process to its first answer.
  double ready_ms() const { return ready_ms_; }
  // Its resident memory now.
  std::int64_t memory_kib() const;
  // Its processor time so far, of all its threads.
  double cpu_seconds() const;

  // Ends it in order. False when it ended with an error.
  bool stop();

 private:
  BenchServer(int pid, int output) : pid_(pid), output_(output) {}

  bool read_port();
  bool wait_until_ready();

  int pid_;
  int output_;  // its standard output
  int port_ = 0;
  double ready_ms_ = 0;
};

}  // namespace coupon::cli
