#include "tests/support/server_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "tests/support/http_client.h"
#include "tests/support/temp_dir.h"
#include "tests/support/text.h"

namespace coupon::test {
namespace {

using test::content_of;

constexpr std::string_view kUrl = "http://127.0.0.1:";

std::string binary() {
  const char* path = std::getenv("COUPOND_BINARY");
  if (path == nullptr) throw std::runtime_error("COUPOND_BINARY does not name the binary");
  return path;
}

pid_t start(std::vector<std::string> arguments, const std::string& output) {
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const int out = ::open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const pid_t pid = out < 0 ? -1 : ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }
  if (out >= 0) ::close(out);
  if (pid < 0) throw std::runtime_error("no child process for " + arguments[0]);
  return pid;
}

int wait_for(pid_t pid) {
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::vector<std::string> command_line(const ServerProcess::Options& options) {
  std::vector<std::string> words = options.wrapper;
  for (const char* word : {"serve", "--listen", "127.0.0.1:0", "--data"}) {
    if (word == std::string_view("serve")) words.push_back(binary());
    words.emplace_back(word);
  }
  words.push_back(options.data_dir);
  words.insert(words.end(), options.flags.begin(), options.flags.end());
  return words;
}

}  // namespace

Ended run_coupond(const std::vector<std::string>& arguments) {
  const TempDir directory;
  std::vector<std::string> words = {binary()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  const int code = wait_for(start(std::move(words), directory / "output"));
  return {.code = code, .output = content_of(directory / "output")};
}

ServerProcess::ServerProcess(Options options)
    : log_(options.data_dir + ".log"), pid_(start(command_line(options), log_)) {}

std::string ServerProcess::output() const { return content_of(log_); }

void ServerProcess::wait_until_ready() {
  using std::chrono::steady_clock;
  const auto deadline = steady_clock::now() + std::chrono::milliseconds(3 * kPatienceMs);
  while (steady_clock::now() < deadline) {
    const std::string text = output();
    // A member of a cluster names etcd's address before its own.
    const std::size_t own = text.find("answering");
    const std::size_t url = text.find(kUrl, own == std::string::npos ? 0 : own);
    if (url != std::string::npos && text.find('\n', url) != std::string::npos) {
      port_ = std::atoi(text.c_str() + url + kUrl.size());
      if (HttpClient(port_).get("/healthz").status == 200) return;
    }
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      throw std::runtime_error("the server ended at its start: " + text);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  throw std::runtime_error("the server did not start: " + output());
}

int ServerProcess::reap() {
  const pid_t pid = std::exchange(pid_, -1);
  return pid > 0 ? wait_for(pid) : 0;
}

void ServerProcess::kill() {
  if (pid_ > 0) ::kill(pid_, SIGKILL);
  reap();
}

int ServerProcess::terminate() {
  if (pid_ > 0) ::kill(pid_, SIGTERM);
  return reap();
}

}  // namespace coupon::test
