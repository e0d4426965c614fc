// What a service manager is told, with a socket of ours in its place.
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstddef>
#include <cstring>

#include "tests/support/program.h"
#include "tests/support/temp_dir.h"

using namespace coupon;

namespace {

// `name` as in NOTIFY_SOCKET: a path, or "@" and a name outside the file system.
class FakeManager {
 public:
  explicit FakeManager(const std::string& name) : fd_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    REQUIRE(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), size) == 0);
    const timeval patience{.tv_sec = 30, .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  ~FakeManager() { ::close(fd_); }
  FakeManager(const FakeManager&) = delete;
  FakeManager& operator=(const FakeManager&) = delete;

  // The next message; empty when none comes.
  std::string next() {
    std::array<char, 1024> text{};
    const ssize_t got = ::recv(fd_, text.data(), text.size(), 0);
    return got > 0 ? std::string(text.data(), static_cast<std::size_t>(got)) : std::string();
  }

 private:
  const int fd_;
};

}  // namespace

TEST_CASE("a service manager is told when the server is ready and when it stops", "[notify]") {
  const test::TempDir directory;
  const bool in_a_file = GENERATE(true, false);
  const std::string name =
      in_a_file ? directory / "notify" : "@coupond-test-" + std::to_string(::getpid());
  FakeManager manager(name);
  test::Daemon daemon(directory / "data", {}, {"NOTIFY_SOCKET=" + name});
  const std::string ready = manager.next();
  CHECK(ready.starts_with("READY=1\n"));
  CHECK(ready.find("STATUS=serving http://127.0.0.1:" + std::to_string(daemon.port())) !=
        std::string::npos);
  CHECK(daemon.end_with(SIGTERM) == 0);
  CHECK(manager.next().starts_with("STOPPING=1"));
}

TEST_CASE("a server does not depend on a service manager that is gone", "[notify]") {
  const test::TempDir directory;
  for (const std::string& name : {directory / "nobody", std::string("@"), std::string(200, 'x')}) {
    test::Daemon daemon(directory / "data", {}, {"NOTIFY_SOCKET=" + name});
    CHECK(daemon.end_with(SIGTERM) == 0);
  }
}
