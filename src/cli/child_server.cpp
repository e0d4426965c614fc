#include "src/cli/child_server.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "coupond/http/client.h"

namespace coupon::cli {
namespace {

using core::refuse;
using std::chrono::steady_clock;

constexpr std::string_view kUrl = "http://127.0.0.1:";
constexpr int kStartTimeoutMs = 60'000;
constexpr int kReadyTries = 5'000;

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (std::string& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

// Becomes the program. A group of its own: what the terminal tells us is not for the child.
[[noreturn]] void become(const char* program, char* const* argv, char* const* environment,
                         int output, int log) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  ::execve(program, argv, environment);
  ::_exit(127);
}

// -1 when there is no process to be had.
pid_t spawn(const ChildServer::Options& options, std::vector<std::string> arguments, int output,
            int log) {
  arguments.insert(arguments.begin(), "coupond");
  std::vector<std::string> environment = options.environment;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    environment.emplace_back(*variable);
  }
  const auto argv = pointers(arguments);
  const auto envp = pointers(environment);
  const pid_t pid = ::fork();
  if (pid == 0) become(options.program.c_str(), argv.data(), envp.data(), output, log);
  return pid;
}

core::Descriptor open_log(const std::string& log) {
  return core::Descriptor(::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
}

// The number behind a word of a file of /proc; 0 when it is not there.
std::int64_t number_behind(const std::string& path, const std::string& mark) {
  std::ifstream file(path);
  std::string word;
  std::int64_t number = 0;
  while (file >> word) {
    if (word == mark && file >> number) return number;
  }
  return 0;
}

}  // namespace

// The log may be gone when the user reads about it.
std::string ChildServer::last_line(const std::string& log) {
  std::ifstream file(log);
  std::string last = "it left no log.";
  for (std::string line; std::getline(file, line);) last = line;
  return last;
}

int ChildServer::run(const std::string& program, std::vector<std::string> arguments,
                     const std::string& log) {
  const core::Descriptor to = open_log(log);
  if (!to.is_open()) return -1;
  const pid_t pid = spawn({.program = program}, std::move(arguments), to.fd(), to.fd());
  int status = 0;
  if (pid < 0 || ::waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) return -1;
  return WEXITSTATUS(status);
}

core::Result<std::unique_ptr<ChildServer>> ChildServer::launch(const std::string& data_dir,
                                                               const std::string& log,
                                                               const Options& options) {
  std::array<int, 2> pipe{-1, -1};
  const core::Descriptor to = open_log(log);
  if (!to.is_open() || ::pipe2(pipe.data(), O_CLOEXEC) != 0) {
    return refuse("No log or pipe for a server on " + data_dir + " could be made.");
  }
  core::Descriptor read_end(pipe[0]);
  const core::Descriptor write_end(pipe[1]);
  const pid_t pid = spawn(
      options, {"serve", "--data", data_dir, "--listen", "127.0.0.1:0", "--rate-limits", "off"},
      write_end.fd(), to.fd());
  std::unique_ptr<ChildServer> server(new ChildServer(pid, std::move(read_end)));
  if (pid < 0) return refuse("No server could be started on " + data_dir + ".");
  return server;
}

core::Result<std::unique_ptr<ChildServer>> ChildServer::start(const std::string& data_dir,
                                                              const std::string& log,
                                                              const Options& options) {
  auto server = launch(data_dir, log, options);
  if (!server.ok() || server.value()->wait_until_ready()) return server;
  return refuse("The server did not start: " + last_line(log));
}

ChildServer::~ChildServer() { kill(); }

bool ChildServer::wait_until_ready() {
  if (!read_port() || !asks_until_ready()) return false;
  ready_ms_ = std::chrono::duration<double, std::milli>(steady_clock::now() - began_).count();
  return true;
}

// The banner ends its line with the address.
bool ChildServer::read_port() {
  std::string text;
  std::array<char, 512> buffer{};
  for (;;) {
    pollfd readable{output_.fd(), POLLIN, 0};
    if (::poll(&readable, 1, kStartTimeoutMs) != 1) return false;
    const ssize_t n = ::read(output_.fd(), buffer.data(), buffer.size());
    if (n <= 0) return false;
    text.append(buffer.data(), static_cast<std::size_t>(n));
    const std::size_t url = text.find(kUrl);
    if (url == std::string::npos || text.find('\n', url) == std::string::npos) continue;
    port_ = std::atoi(text.c_str() + url + kUrl.size());
    return port_ > 0;
  }
}

bool ChildServer::asks_until_ready() const {
  auto client = http::Client::of_url("http://127.0.0.1:" + std::to_string(port_));
  for (int i = 0; i < kReadyTries; ++i) {
    const auto answer = client.value().send({.target = "/readyz"});
    if (answer.ok() && answer->status == 200) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

std::int64_t ChildServer::memory_kib() const {
  return number_behind("/proc/" + std::to_string(pid_) + "/status", "VmRSS:");
}

std::int64_t ChildServer::written_bytes() const {
  return number_behind("/proc/" + std::to_string(pid_) + "/io", "write_bytes:");
}

// Its wait status; 0 when it was gone already.
int ChildServer::end_with(int signal) {
  const pid_t pid = std::exchange(pid_, -1);
  if (pid <= 0) return 0;
  ::kill(pid, signal);
  int status = 0;
  ::waitpid(pid, &status, 0);
  return status;
}

bool ChildServer::stop() {
  const int status = end_with(SIGTERM);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void ChildServer::kill() { end_with(SIGKILL); }

}  // namespace coupon::cli
