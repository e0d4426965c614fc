// The built binary as a child process, for tests of what a user runs: `coupond serve` on a free
// loopback port, and commands. The binary is the one COUPOND_BINARY names. Children die with the
// thread that started them. One thread; failures to start throw std::runtime_error with the
// child's output.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace coupon::test {

// How a child ended.
struct Ended {
  int code = 0;        // its exit code; 128 + the signal's number when a signal ended it
  std::string output;  // what it wrote, both streams
};

// Runs `coupond ARGUMENTS` to its end.
Ended run_coupond(const std::vector<std::string>& arguments);

class ServerProcess {
 public:
  struct Options {
    std::string data_dir;
    std::vector<std::string> flags = {};    // more of serve's
    std::vector<std::string> wrapper = {};  // a command in front, which must exec the server
  };

  // Starts `coupond serve`; its output goes to the file `data_dir`.log.
  explicit ServerProcess(Options options);
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;
  // Kills it when it still runs.
  ~ServerProcess() { kill(); }

  // Waits until it takes connections. Throws when it ends before.
  void wait_until_ready();
  int port() const { return port_; }
  pid_t pid() const { return pid_; }
  bool running() const { return pid_ > 0; }
  std::string output() const;

  // kill -9: the process has no chance to do anything more. Returns when it is gone.
  void kill();
  // SIGTERM; returns its exit code when it is gone.
  int terminate();

 private:
  int reap();

  const std::string log_;
  pid_t pid_ = -1;
  int port_ = 0;
};

}  // namespace coupon::test
