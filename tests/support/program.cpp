#include "tests/support/program.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <stdexcept>

namespace coupon::test {
namespace {

std::string binary() {
  const char* path = std::getenv("COUPOND_BINARY");
  if (path == nullptr) throw std::runtime_error("COUPOND_BINARY does not name the executable");
  return path;
}

struct Pipe {
  Pipe() {
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
  }
  std::array<int, 2> ends{};
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

// Descriptors for the child's 0, 1 and 2.
pid_t spawn(const Invocation& invocation, int in, int out, int err) {
  std::vector<std::string> arguments = invocation.arguments;
  arguments.insert(arguments.begin(), binary());
  std::vector<std::string> environment = invocation.environment;
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, in, 0);
  ::posix_spawn_file_actions_adddup2(&actions, out, 1);
  ::posix_spawn_file_actions_adddup2(&actions, err, 2);
  pid_t pid = -1;
  const int failed = ::posix_spawn(&pid, arguments[0].c_str(), &actions, nullptr,
                                   pointers(arguments).data(), pointers(environment).data());
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) throw std::runtime_error("cannot start " + arguments[0]);
  return pid;
}

int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// Reads both until both have ended.
void drain(int out, int err, ProgramOutcome& outcome) {
  std::array<pollfd, 2> wanted{pollfd{.fd = out, .events = POLLIN, .revents = 0},
                               pollfd{.fd = err, .events = POLLIN, .revents = 0}};
  std::array<std::string*, 2> texts{&outcome.out, &outcome.err};
  while (wanted[0].fd >= 0 || wanted[1].fd >= 0) {
    ::poll(wanted.data(), wanted.size(), -1);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (wanted[i].fd < 0 || wanted[i].revents == 0) continue;
      std::array<char, 4096> part{};
      const ssize_t got = ::read(wanted[i].fd, part.data(), part.size());
      if (got > 0) texts[i]->append(part.data(), static_cast<std::size_t>(got));
      if (got == 0) wanted[i].fd = -1;
    }
  }
}

}  // namespace

ProgramOutcome run_program(const Invocation& invocation) {
  Pipe in;
  Pipe out;
  Pipe err;
  const pid_t pid = spawn(invocation, in.ends[0], out.ends[1], err.ends[1]);
  for (const int fd : {in.ends[0], out.ends[1], err.ends[1]}) ::close(fd);
  // A program that ends without reading what it is given must not end us; it has started already,
  // so it does not inherit this.
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  if (::write(in.ends[1], invocation.input.data(), invocation.input.size()) < 0) ::perror("write");
  std::signal(SIGPIPE, before);
  ::close(in.ends[1]);
  ProgramOutcome outcome;
  drain(out.ends[0], err.ends[0], outcome);
  ::close(out.ends[0]);
  ::close(err.ends[0]);
  outcome.exit_code = wait_for(pid);
  return outcome;
}

Daemon::Daemon(const std::string& data_dir, std::vector<std::string> more_arguments,
               std::vector<std::string> environment) {
  Invocation invocation{.arguments = {"serve", "--data", data_dir, "--listen", "127.0.0.1:0"},
                        .environment = std::move(environment)};
  invocation.arguments.insert(invocation.arguments.end(), more_arguments.begin(),
                              more_arguments.end());
  Pipe out;
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  pid_ = spawn(invocation, null, out.ends[1], null);
  ::close(null);
  ::close(out.ends[1]);
  out_ = out.ends[0];
  const std::string mark = "http://127.0.0.1:";
  while (banner_.find(mark) == std::string::npos || !banner_.ends_with('\n')) {
    std::array<char, 4096> part{};
    const ssize_t got = ::read(out_, part.data(), part.size());
    if (got <= 0) throw std::runtime_error("serve ended with " + std::to_string(end_with(SIGKILL)));
    banner_.append(part.data(), static_cast<std::size_t>(got));
  }
  port_ = std::atoi(banner_.c_str() + banner_.find(mark) + mark.size());
}

Daemon::~Daemon() {
  if (pid_ > 0) end_with(SIGKILL);
  ::close(out_);
}

int Daemon::end_with(int signal) {
  ::kill(pid_, signal);
  const int code = wait_for(pid_);
  pid_ = -1;
  return code;
}

}  // namespace coupon::test
