// What the server does when the machine around it is odd: a log that nobody reads, closed standard
// descriptors, few descriptors, a terminal that goes away, a proxy that nobody named.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/cli/words.h"
#include "tests/support/http_client.h"
#include "tests/support/server_process.h"

using nlohmann::json;
using test::HttpClient;
using test::ServerProcess;

namespace {

// Starts the server from a shell that did `preparation`.
ServerProcess::Options prepared(const std::string& data, const std::string& preparation,
                                std::vector<std::string> flags = {}) {
  return {.data_dir = data,
          .flags = std::move(flags),
          .wrapper = {"/bin/sh", "-c", preparation + "; exec \"$@\"", "sh"}};
}

int healthy(int port, int requests) {
  HttpClient client(port);
  int good = 0;
  for (int i = 0; i < requests; ++i) good += client.get("/healthz").status == 200 ? 1 : 0;
  return good;
}

}  // namespace

TEST_CASE("a log that nobody reads keeps no request waiting, nor the end", "[streams]") {
  test::TempDir parent;
  const std::string fifo = parent / "log";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  const int reader = ::open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  REQUIRE(reader >= 0);
  ServerProcess server(prepared(parent / "data", "exec 2>'" + fifo + "'"));
  server.wait_until_ready();
  // Far more lines than a pipe holds.
  CHECK(healthy(server.port(), 3000) == 3000);
  SECTION("and is still there") { CHECK(server.terminate() == 0); }
  SECTION("and whose reader then goes") {
    ::close(reader);
    CHECK(healthy(server.port(), 100) == 100);
    CHECK(server.terminate() == 0);
  }
  ::close(reader);
}

TEST_CASE("nothing is opened in the place of a closed standard descriptor", "[streams]") {
  test::TempDir parent;
  ServerProcess server(prepared(parent / "data", "exec 0<&- 2>&-"));
  server.wait_until_ready();
  CHECK(healthy(server.port(), 10) == 10);
  for (const char* fd : {"0", "2"}) {
    const std::string link = "/proc/" + std::to_string(server.pid()) + "/fd/" + fd;
    CHECK(std::filesystem::read_symlink(link) == "/dev/null");
  }
  CHECK(server.terminate() == 0);
}

TEST_CASE("a terminal that goes away ends the server as SIGTERM does, unless nohup was said",
          "[streams]") {
  test::TempDir parent;
  CHECK(Daemon(parent / "data").end_with(SIGHUP) == 0);
  ServerProcess server(prepared(parent / "data", "trap '' HUP"));
  server.wait_until_ready();
  ::kill(server.pid(), SIGHUP);
  CHECK(healthy(server.port(), 100) == 100);
  CHECK(server.terminate() == 0);
}

TEST_CASE("with few descriptors the server takes fewer clients, says so and serves them",
          "[streams]") {
  test::TempDir parent;
  ServerProcess server(prepared(parent / "data", "ulimit -n 64"));
  server.wait_until_ready();
  CHECK(server.output().find("12 at once, not 4096: this process may open 64 files") !=
        std::string::npos);
  std::vector<std::unique_ptr<HttpClient>> clients;
  int served = 0;
  for (int i = 0; i < 12; ++i) {
    clients.push_back(std::make_unique<HttpClient>(server.port()));
    served += clients.back()->get("/coupons/stats").status == 200 ? 1 : 0;
  }
  CHECK(served == 12);
  HttpClient more(server.port());
  CHECK(more.get("/healthz").status == 503);
  CHECK(clients.front()->get("/readyz").status == 200);
  CHECK(server.terminate() == 0);
  const auto none = run_program({.arguments = {"serve", "--data", parent / "data", "--listen",
                                               "127.0.0.1:0", "--max-connections", "0"}});
  CHECK(none.exit_code == 2);
}

TEST_CASE("a proxy in front must be named", "[streams]") {
  test::TempDir parent;
  const auto unnamed = run_program({.arguments = {"serve", "--data", parent / "data", "--listen",
                                                  "0.0.0.0:0", "--behind-proxy"}});
  CHECK(unnamed.exit_code == 2);
  CHECK(unnamed.err.find("--trusted-proxy") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(parent / "data"));

  ServerProcess server({.data_dir = parent / "data"});
  server.wait_until_ready();
  HttpClient client(server.port());
  const auto has_proxy = [&] {
    return client.get("/readyz").body.find("X-Forwarded-For") != std::string::npos;
  };
  CHECK_FALSE(has_proxy());
  for (int i = 0; i < 5; ++i) client.get("/healthz", {{"X-Forwarded-For", "203.0.113.7"}});
  CHECK(has_proxy());
  CHECK(server.terminate() == 0);
  const std::string log = server.output();
  const std::size_t first = log.find("forwarded_header_ignored");
  CHECK(first != std::string::npos);
  CHECK(log.find("forwarded_header_ignored", first + 1) == std::string::npos);
}

TEST_CASE("pages of the origins named may call, and what is no origin is refused", "[streams]") {
  test::TempDir parent;
  const Daemon daemon(parent / "data", {"--allow-origin", "https://shop.example"});
  HttpClient client(daemon.port());
  const auto preflight =
      client.send("OPTIONS", "/coupons/generate",
                  {{"Origin", "https://shop.example"}, {"Access-Control-Request-Method", "POST"}});
  CHECK(preflight.status == 204);
  CHECK(preflight.header("Access-Control-Allow-Origin") == "https://shop.example");
  CHECK(preflight.header("Access-Control-Allow-Methods").find("POST") != std::string::npos);
  const auto bad = run_program({.arguments = {"serve", "--data", parent / "other", "--listen",
                                              "127.0.0.1:0", "--allow-origin", "shop.example/"}});
  CHECK(bad.exit_code == 2);
  CHECK(bad.err.find("--allow-origin") != std::string::npos);
}
