#include "src/cli/prove_server.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

namespace coupon::cli {
namespace {

constexpr char kSelf[] = "/proc/self/exe";
constexpr std::string_view kUrl = "http://127.0.0.1:";
constexpr int kPatienceMs = 60'000;

// 0 when it could not be started.
pid_t spawn(std::vector<std::string> arguments, int output, const std::string& log) {
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log.c_str(),
                                     O_WRONLY | O_CREAT | O_TRUNC, 0600);
  pid_t pid = 0;
  const int problem = ::posix_spawn(&pid, kSelf, &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  return problem == 0 ? pid : 0;
}

}  // namespace

core::Result<std::unique_ptr<ProveServer>> ProveServer::launch(const std::string& data_dir) {
  std::array<int, 2> pipe{-1, -1};
  pid_t pid = 0;
  if (::pipe2(pipe.data(), O_CLOEXEC) == 0) {
    pid = spawn(
        {"coupond", "serve", "--data", data_dir, "--listen", "127.0.0.1:0", "--rate-limits", "off"},
        pipe[1], data_dir + ".log");
    ::close(pipe[1]);
  }
  std::unique_ptr<ProveServer> server(new ProveServer(pid, pipe[0]));
  if (pid > 0) return server;
  return core::Error{.reason = core::Reason::kInternal,
                     .message = "No server could be started on " + data_dir + "."};
}

ProveServer::~ProveServer() {
  kill();
  if (output_ >= 0) ::close(output_);
}

// The banner ends its line with the address.
bool ProveServer::wait_until_ready() {
  std::string text;
  std::array<char, 512> buffer{};
  for (;;) {
    pollfd readable{output_, POLLIN, 0};
    if (::poll(&readable, 1, kPatienceMs) != 1) return false;
    const ssize_t got = ::read(output_, buffer.data(), buffer.size());
    if (got <= 0) return false;
    text.append(buffer.data(), static_cast<std::size_t>(got));
    const std::size_t url = text.find(kUrl);
    if (url == std::string::npos || text.find('\n', url) == std::string::npos) continue;
    port_ = std::atoi(text.c_str() + url + kUrl.size());
    return port_ > 0;
  }
}

void ProveServer::kill() {
  const pid_t pid = std::exchange(pid_, 0);
  if (pid <= 0) return;
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
}

}  // namespace coupon::cli
