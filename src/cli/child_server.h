// This very program, or another build of it, as a server for `prove` and `bench` to work on: a
// child process on a free loopback port, which does not outlive us, and which a Ctrl-C in the
// terminal does not reach. To be started, used and ended by one thread, the main one.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "coupond/core/descriptor.h"
#include "coupond/core/result.h"

namespace coupon::cli {

class ChildServer {
 public:
  struct Options {
    std::string program = this_program();
    std::vector<std::string> environment = {};  // beside ours: "NAME=value"
  };
  static std::string this_program() { return "/proc/self/exe"; }

  // Starts it on the data directory; its log goes to the file `log`. Refused when there is no
  // process to be had.
  static core::Result<std::unique_ptr<ChildServer>> launch(const std::string& data_dir,
                                                           const std::string& log,
                                                           const Options& options);
  // The same, and waits until it serves. The refusal gives the log's last line.
  static core::Result<std::unique_ptr<ChildServer>> start(const std::string& data_dir,
                                                          const std::string& log,
                                                          const Options& options);

  // For this program with nothing in its environment but ours.
  static auto launch(const std::string& data_dir, const std::string& log) {
    return launch(data_dir, log, Options());
  }
  static auto start(const std::string& data_dir, const std::string& log) {
    return start(data_dir, log, Options());
  }
  // Runs a command of the program to its end; what it prints goes to the file `log`. Its exit code;
  // -1 when it was not to be had.
  static int run(const std::string& program, std::vector<std::string> arguments,
                 const std::string& log);
  // The last line of such a file.
  static std::string last_line(const std::string& log);

  ChildServer(const ChildServer&) = delete;
  ChildServer& operator=(const ChildServer&) = delete;
  // kill()
  ~ChildServer();

  int port() const { return port_; }
  // From the start of the process to its first answer that it is ready.
  double ready_ms() const { return ready_ms_; }
  // Its resident memory now.
  std::int64_t memory_kib() const;
  // What it has written to the disk so far, as the kernel counts it.
  std::int64_t written_bytes() const;

  // Ends it in order. False when it ended with an error.
  bool stop();
  // kill -9; returns when the process is gone.
  void kill();

 private:
  ChildServer(pid_t pid, core::Descriptor output) : pid_(pid), output_(std::move(output)) {}

  // False when it ended instead, or took more than a minute.
  bool wait_until_ready();
  bool read_port();
  bool asks_until_ready() const;
  int end_with(int signal);

  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  pid_t pid_;
  const core::Descriptor output_;  // its standard output
  int port_ = 0;
  double ready_ms_ = 0;
};

}  // namespace coupon::cli
