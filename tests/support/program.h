// The built executable, driven from outside: what it prints, how it ends, and as a server.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace coupon::test {

struct ProgramOutcome {
  int exit_code = -1;  // 128 + the signal when one ended it
  std::string out;
  std::string err;
};

// What to run it with.
struct Invocation {
  std::vector<std::string> arguments;
  std::vector<std::string> environment = {};  // "NAME=value"; nothing else is inherited
  std::string input = {};
};

// Runs it to its end.
ProgramOutcome run_program(const Invocation& invocation);

// A running `serve`; killed at the end of the scope.
class Daemon {
 public:
  // Starts it on a free port and waits until it says that it serves; throws when it ends instead.
  explicit Daemon(const std::string& data_dir, std::vector<std::string> more_arguments = {},
                  std::vector<std::string> environment = {});
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  int port() const { return port_; }
  pid_t pid() const { return pid_; }
  const std::string& banner() const { return banner_; }
  // Sends the signal and gives the exit code.
  int end_with(int signal);

 private:
  pid_t pid_ = -1;
  int out_ = -1;
  int port_ = 0;
  std::string banner_;
};

}  // namespace coupon::test
