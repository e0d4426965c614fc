// Goal: when the process has no file descriptor left, the server waits instead of spinning, goes on
// serving those it has, and accepts again when there is room. Method: clients queue in the backlog
// of a bound server, then the limit is lowered, then it begins to serve.
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "coupond/core/random.h"
#include "coupond/http/server.h"
#include "tests/support/local_server.h"
#include "tests/support/raw_client.h"

namespace coupon {
namespace {

// Lowers the number of descriptors this process may have, for the life of the object.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(int room) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int next_free = ::dup(0);
    ::close(next_free);
    rlimit lowered = before_;
    lowered.rlim_cur = static_cast<rlim_t>(next_free + room);
    ::setrlimit(RLIMIT_NOFILE, &lowered);
  }
  ~DescriptorLimit() { lift(); }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;
  void lift() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace

// UndefinedBehaviorSanitizer opens a pipe to check each virtual call and takes the lack of
// descriptors for a wild pointer, so its preset (which has AddressSanitizer too) goes without.
#ifndef __SANITIZE_ADDRESS__
TEST_CASE("without descriptors the server waits and does not spin", "[http]") {
  std::atomic<int> faults{0};
  http::ServerOptions options;
  http::Server server(options, [](http::Request&) { return http::text_reply(200, "served"); },
                      core::system_clock_now, core::system_random,
                      {.on_fault = [&](std::string_view, std::string_view) { ++faults; }});
  REQUIRE(server.bind().ok());
  std::vector<test::RawClient> clients;
  for (int i = 0; i < 40; ++i) {
    clients.emplace_back(server.port());
    REQUIRE(clients.back().send("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  }
  DescriptorLimit limit(10);
  std::thread serving([&] { server.serve(); });
  std::string first;
  bool full = false;
  try {
    first = clients.front().read_until("served");
    full = test::eventually([&] { return faults > 0; });
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
  } catch (const std::exception& error) {
    first = error.what();
  }
  const std::size_t connections = server.connections();
  const int faults_while_full = faults;
  limit.lift();
  int served = 0;
  for (std::size_t i = 1; i < clients.size(); ++i) {
    served += clients[i].read_until("served").rfind("HTTP/1.1 200 ", 0) == 0;
  }
  server.stop();
  serving.join();
  CHECK(first.rfind("HTTP/1.1 200 ", 0) == 0);
  CHECK(full);
  CHECK(connections == 10);
  // It tries again twice a second; spinning would be many thousand times.
  CHECK(faults_while_full < 100);
  CHECK(served == 39);
}
#endif

}  // namespace coupon
