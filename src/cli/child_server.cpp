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

#include "coupond/load/generator.h"

namespace coupon::cli {
namespace {

using std::chrono::steady_clock;

constexpr char kSelf[] = "/proc/self/exe";
constexpr std::string_view kUrl = "http://127.0.0.1:";
constexpr int kStartTimeoutMs = 60'000;
constexpr int kReadyTries = 5'000;

core::Error refuse(std::string message) {
  return {.reason = core::Reason::kInternal, .message = std::move(message)};
}

// Becomes the server. A group of its own: what the terminal tells us is not for the child.
[[noreturn]] void become_server(char* const* argv, int output, int log) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  ::execv(kSelf, argv);
  ::_exit(127);
}

// -1 when there is no process to be had.
pid_t spawn(std::vector<std::string> arguments, int output, int log) {
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid == 0) become_server(argv.data(), output, log);
  return pid;
}

// The log may be gone when the user reads about it.
std::string last_line(const std::string& path) {
  std::ifstream file(path);
  std::string last = "it left no log.";
  for (std::string line; std::getline(file, line);) last = line;
  return last;
}

}  // namespace

core::Result<std::unique_ptr<ChildServer>> ChildServer::launch(const std::string& data_dir,
                                                               const std::string& log) {
  std::array<int, 2> pipe{-1, -1};
  const int log_fd = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (log_fd < 0 || ::pipe2(pipe.data(), O_CLOEXEC) != 0) {
    if (log_fd >= 0) ::close(log_fd);
    return refuse("No log or pipe for a server on " + data_dir + " could be made.");
  }
  const pid_t pid = spawn(
      {"coupond", "serve", "--data", data_dir, "--listen", "127.0.0.1:0", "--rate-limits", "off"},
      pipe[1], log_fd);
  ::close(pipe[1]);
  ::close(log_fd);
  std::unique_ptr<ChildServer> server(new ChildServer(pid, pipe[0]));
  if (pid < 0) return refuse("No server could be started on " + data_dir + ".");
  return server;
}

core::Result<std::unique_ptr<ChildServer>> ChildServer::start(const std::string& data_dir,
                                                              const std::string& log) {
  auto server = launch(data_dir, log);
  if (!server.ok() || server.value()->wait_until_ready()) return server;
  return refuse("The server did not start: " + last_line(log));
}

ChildServer::~ChildServer() {
  kill();
  ::close(output_);
}

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
    pollfd readable{output_, POLLIN, 0};
    if (::poll(&readable, 1, kStartTimeoutMs) != 1) return false;
    const ssize_t n = ::read(output_, buffer.data(), buffer.size());
    if (n <= 0) return false;
    text.append(buffer.data(), static_cast<std::size_t>(n));
    const std::size_t url = text.find(kUrl);
    if (url == std::string::npos || text.find('\n', url) == std::string::npos) continue;
    port_ = std::atoi(text.c_str() + url + kUrl.size());
    return port_ > 0;
  }
}

bool ChildServer::asks_until_ready() const {
  const std::string request =
      "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  for (int i = 0; i < kReadyTries; ++i) {
    const auto answer = load::ask("127.0.0.1", port_, request);
    if (answer && answer->status == 200) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

std::int64_t ChildServer::memory_kib() const {
  std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
  std::string word;
  std::int64_t kib = 0;
  while (status >> word) {
    if (word == "VmRSS:" && status >> kib) return kib;
  }
  return 0;
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
