// What clients can make the server hold, and whom it lets call from elsewhere.
#include <atomic>
#include <catch2/catch.hpp>
#include <memory>

#include "coupond/http/client.h"
#include "tests/support/http_client.h"
#include "tests/support/local_server.h"
#include "tests/support/raw_client.h"
#include "tests/support/temp_dir.h"

namespace coupon {

using namespace test;

TEST_CASE("clients that do not read share what they do not read", "[http]") {
  const auto constant = std::make_shared<const std::string>(std::size_t{1} << 20, 'c');
  http::ServerOptions options;
  options.memory_bytes = 1 << 20;
  LocalServer server(
      [&](http::Request&) {
        return http::Reply{
            .content_type = std::string(http::kPlainText), .body = {}, .shared_body = constant};
      },
      options);
  std::vector<RawClient> idle;
  for (int i = 0; i < 20; ++i) {
    idle.emplace_back(server.port(), 8 * 1024);
    REQUIRE(idle.back().send(test::simple_get("/a") + test::simple_get("/b")));
  }
  REQUIRE(eventually([&] { return server.count("request GET /a 200") == 20; }));
  HttpClient client(server.port());
  for (const char* method : {"GET", "HEAD", "GET"}) {
    const HttpResponse reply = client.send(method, "/c");
    CHECK(reply.header("Content-Length") == "1048576");
    CHECK(reply.body == (std::string(method) == "HEAD" ? "" : *constant));
  }
  for (RawClient& one : idle) {
    CHECK(one.read_until("\r\n\r\nccc").find("200 OK") != std::string::npos);
  }
  CHECK(server.count("refusal 503 memory") == 0);
}

TEST_CASE("half-sent bodies beyond the memory set cost the slowest their connection", "[http]") {
  http::ServerOptions options;
  options.memory_bytes = 300'000;
  LocalServer server(test::echo, options);
  const std::string half =
      "POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 60001\r\n\r\n" + std::string(60'000, 'h');
  std::vector<RawClient> slow;
  for (int i = 0; i < 12; ++i) {
    slow.emplace_back(server.port());
    REQUIRE(slow.back().send(half));
  }
  REQUIRE(eventually([&] { return server.count("refusal 503 memory") >= 8; }));
  // Who is quick is served beside them, also with a body that comes in parts.
  RawClient quick(server.port());
  REQUIRE(quick.send("POST /quick HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab"));
  REQUIRE(quick.send("cd"));
  CHECK(quick.read_until("abcd").find("200 OK") != std::string::npos);
  CHECK(server.count("refusal 503 memory") <= 9);
}

TEST_CASE("how large a body may be is asked of a worker, not of the thread that reads", "[http]") {
  std::atomic<bool> released = false;
  http::ServerOptions options;
  options.body_limit = [&](const http::Request& head) {
    if (head.target_path == "/held") eventually([&] { return released.load(); });
    return std::size_t{1} << 20;
  };
  LocalServer server(test::echo, options);
  RawClient held(server.port());
  REQUIRE(
      held.send("POST /held HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n20000\r\n"));
  HttpClient other(server.port());
  for (int i = 0; i < 20; ++i) REQUIRE(other.get("/free").status == 200);
  CHECK_FALSE(released.load());
  REQUIRE(held.send(std::string(0x20000, 'b')));
  released = true;
  REQUIRE(held.send("\r\n0\r\n\r\n"));
  CHECK(held.read_until("POST /held bbb").find("200 OK") != std::string::npos);
}

TEST_CASE("whoever comes over the owner's socket is known before a large body is taken", "[http]") {
  test::TempDir directory;
  http::ServerOptions options;
  options.unix_path = directory / "socket";
  options.body_limit = [](const http::Request& head) {
    return head.local ? std::size_t{1} << 20 : std::size_t{0};
  };
  LocalServer server(test::echo, options);
  auto client = http::Client::of_socket(options.unix_path, {});
  const std::string large(500'000, 'l');
  const auto reply = client.send({.method = "POST", .target = "/import", .body = large});
  REQUIRE(reply.ok());
  CHECK(reply->status == 200);
  CHECK(reply->body == "POST /import " + large);
}

TEST_CASE("replies to pages of an allowed origin say so, refusals too", "[http]") {
  http::ServerOptions options;
  options.allowed_origins = http::AllowedOrigins::parse({"https://shop.example"}).value();
  LocalServer server(test::echo, options);
  HttpClient client(server.port());
  const auto allowed = client.get("/a", {{"Origin", "https://shop.example"}});
  CHECK(allowed.header("Access-Control-Allow-Origin") == "https://shop.example");
  const auto other = client.get("/a", {{"Origin", "https://evil.example"}});
  CHECK(other.header("Access-Control-Allow-Origin").empty());
  const auto refused =
      client.post("/a", std::string(70'000, 'x'), {{"Origin", "https://shop.example"}});
  CHECK(refused.status == 413);
  CHECK(refused.header("Access-Control-Allow-Origin") == "https://shop.example");
}

}  // namespace coupon
