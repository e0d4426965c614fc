#include "src/cli/bench_server.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <fstream>
#include <sstream>
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

// Runs this program again with `arguments`; its output goes to `output`, its log to `log`.
int spawn(std::vector<std::string> arguments, int output, int log) {
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, log, STDERR_FILENO);
  pid_t pid = 0;
  const int failed = ::posix_spawn(&pid, kSelf, &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  return failed == 0 ? pid : -1;
}

}  // namespace

core::Result<std::unique_ptr<BenchServer>> BenchServer::start(const std::string& data_dir) {
  const std::string log_path = data_dir + "/bench.log";
  std::array<int, 2> pipe{-1, -1};
  const int log = ::open(log_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (log < 0 || ::pipe2(pipe.data(), O_CLOEXEC) != 0) {
    if (log >= 0) ::close(log);
    return refuse("No log or pipe for the server could be made.");
  }
  const auto began = steady_clock::now();
  const int pid = spawn(
      {"coupond", "serve", "--data", data_dir, "--listen", "127.0.0.1:0", "--rate-limits", "off"},
      pipe[1], log);
  ::close(pipe[1]);
  ::close(log);
  std::unique_ptr<BenchServer> server(new BenchServer(pid, pipe[0]));
  if (pid < 0 || !server->read_port() || !server->wait_until_ready()) {
    return refuse("The server did not start; " + log_path + " says why.");
  }
  server->ready_ms_ =
      std::chrono::duration<double, std::milli>(steady_clock::now() - began).count();
  return server;
}

BenchServer::~BenchServer() {
  stop();
  ::close(output_);
}

// The banner ends its line with the address.
bool BenchServer::read_port() {
  std::string text;
  std::array<char, 512> buffer;
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

bool BenchServer::wait_until_ready() {
  const std::string request =
      "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  for (int i = 0; i < kReadyTries; ++i) {
    const auto answer = load::ask("127.0.0.1", port_, request);
    if (answer && answer->status == 200) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

std::int64_t BenchServer::memory_kib() const {
  std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
  std::string word;
  std::int64_t kib = 0;
  while (status >> word) {
    if (word == "VmRSS:" && status >> kib) return kib;
  }
  return 0;
}

double BenchServer::cpu_seconds() const {
  std::ifstream stat("/proc/" + std::to_string(pid_) + "/stat");
  std::string text;
  std::getline(stat, text);
  // Behind the name in parentheses, the twelfth and thirteenth field are ticks in user and system.
  const std::size_t end_of_name = text.rfind(')');
  if (end_of_name == std::string::npos) return 0;
  std::istringstream fields(text.substr(end_of_name + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

bool BenchServer::stop() {
  const int pid = std::exchange(pid_, -1);
  if (pid <= 0) return true;
  ::kill(pid, SIGTERM);
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace coupon::cli
