// Replies larger than a socket takes at once: streamed ones and slow readers.
#include <atomic>
#include <catch2/catch.hpp>
#include <memory>

#include "tests/support/http_client.h"
#include "tests/support/local_server.h"
#include "tests/support/raw_client.h"

namespace coupon {
namespace {

using namespace test;

// Far more than the socket buffers of both ends together.
constexpr std::size_t kPieces = 2000;
const std::string kPiece(16 * 1024, 'p');

// Streams kPieces pieces and counts those made.
http::Reply long_stream(const std::shared_ptr<std::atomic<std::size_t>>& made) {
  http::Reply reply{.status = 200, .content_type = "text/csv", .body = {}};
  reply.stream = [made](std::string& chunk) {
    if (made->load() == kPieces) return false;
    made->fetch_add(1);
    chunk = kPiece;
    return true;
  };
  return reply;
}

http::Reply of_pieces(std::vector<std::string> pieces) {
  http::Reply reply{.status = 200, .content_type = "text/csv", .body = {}};
  reply.stream = [pieces, next = std::size_t{0}](std::string& chunk) mutable {
    if (next == pieces.size()) return false;
    chunk = pieces[next++];
    return true;
  };
  return reply;
}

}  // namespace

TEST_CASE("a streamed reply arrives whole and the connection goes on", "[http]") {
  LocalServer server([](http::Request&) { return of_pieces({"a,b\n", "", "1,2\n"}); });
  HttpClient client(server.port());
  for (int i = 0; i < 3; ++i) {
    const HttpResponse response = client.get("/export");
    CHECK(response.status == 200);
    CHECK(response.header("Transfer-Encoding") == "chunked");
    CHECK(response.header("Content-Length").empty());
    CHECK(response.header("Content-Type") == "text/csv");
    CHECK(response.body == "a,b\n1,2\n");
  }
  CHECK(server.connections() == 1);
}

TEST_CASE("an empty stream is an empty body", "[http]") {
  LocalServer server([](http::Request&) { return of_pieces({}); });
  HttpClient client(server.port());
  CHECK(client.get("/").body.empty());
  CHECK(client.get("/").status == 200);
}

TEST_CASE("HTTP/1.0 gets a stream without chunks, ended by the close", "[http]") {
  LocalServer server([](http::Request&) { return of_pieces({"a,b\n", "1,2\n"}); });
  RawClient client(server.port());
  REQUIRE(client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
  const std::string answer = client.read_to_end();
  CHECK(answer.find("Transfer-Encoding") == std::string::npos);
  CHECK(answer.substr(answer.find("\r\n\r\n")) == "\r\n\r\na,b\n1,2\n");
}

TEST_CASE("a stream is made no faster than the client takes it", "[http]") {
  auto made = std::make_shared<std::atomic<std::size_t>>(0);
  LocalServer server([made](http::Request&) { return long_stream(made); });
  RawClient client(server.port(), 8 * 1024);
  REQUIRE(client.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
  (void)client.read_until("\r\n\r\n");
  // Wait until the stream stands still, which it must before its end.
  std::size_t before = 0;
  REQUIRE(eventually([&] {
    const std::size_t now = made->load();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    return now > 0 && std::exchange(before, now) == now;
  }));
  CHECK(made->load() < kPieces);
  const std::string rest = client.read_to_end();
  CHECK(made->load() == kPieces);
  CHECK(rest.size() > kPieces * kPiece.size());
  CHECK(rest.substr(rest.size() - 7) == "\r\n0\r\n\r\n");
}

TEST_CASE("a stream whose client stands still is cut, and so is one that throws", "[http]") {
  auto made = std::make_shared<std::atomic<std::size_t>>(0);
  http::ServerOptions options;
  options.write_timeout_ms = 100;
  LocalServer server(
      [made](http::Request& request) {
        if (request.target_path == "/long") return long_stream(made);
        http::Reply reply = http::text_reply(200, "");
        reply.stream = [](std::string&) -> bool { throw std::runtime_error("disk gone"); };
        return reply;
      },
      options);
  RawClient still(server.port(), 8 * 1024);
  REQUIRE(still.send("GET /long HTTP/1.1\r\nHost: x\r\n\r\n"));
  CHECK(eventually([&] { return server.connections() == 0 && made->load() > 0; }));
  CHECK(made->load() < kPieces);

  RawClient unlucky(server.port());
  REQUIRE(unlucky.send("GET /throw HTTP/1.1\r\nHost: x\r\n\r\n"));
  // Without the last chunk the client knows that the body is torn.
  CHECK(unlucky.read_to_end().find("0\r\n\r\n") == std::string::npos);
  CHECK(server.count("fault disk gone") == 1);
}

TEST_CASE("beyond the limit of streams a further one is refused", "[http]") {
  auto made = std::make_shared<std::atomic<std::size_t>>(0);
  http::ServerOptions options;
  options.max_streams = 1;
  LocalServer server(
      [made](http::Request& request) {
        return request.target_path == "/long" ? long_stream(made) : of_pieces({"x"});
      },
      options);
  RawClient first(server.port(), 8 * 1024);
  REQUIRE(first.send("GET /long HTTP/1.1\r\nHost: x\r\n\r\n"));
  (void)first.read_until("\r\n\r\n");
  HttpClient second(server.port());
  const HttpResponse refused = second.get("/short");
  CHECK(refused.status == 503);
  CHECK(refused.header("Retry-After") == "1");
  first.abort();
  CHECK(eventually([&] { return second.get("/short").status == 200; }));
}

TEST_CASE("slow readers of large replies hold no worker", "[http]") {
  const std::string large(8 << 20, 'l');
  http::ServerOptions options;
  options.workers = 2;
  LocalServer server(
      [&](http::Request& request) {
        return http::text_reply(200, request.target_path == "/large" ? large : "small");
      },
      options);
  std::vector<RawClient> slow;
  for (int i = 0; i < 10; ++i) {
    slow.emplace_back(server.port(), 8 * 1024);
    REQUIRE(slow.back().send("GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
  }
  HttpClient good(server.port());
  for (int i = 0; i < 20; ++i) REQUIRE(good.get("/small").status == 200);
  const std::string whole = slow.front().read_to_end();
  CHECK(whole.size() > large.size());
  CHECK(whole.find("Content-Length: " + std::to_string(large.size())) != std::string::npos);
}

TEST_CASE("routes with a limit of their own take larger bodies", "[http]") {
  http::ServerOptions options;
  options.body_limit = [](const http::Request& head) {
    const bool import = head.method == "POST" && head.target_path == "/import";
    return import ? std::size_t{1} << 20 : std::size_t{0};
  };
  options.memory_bytes = std::size_t{3} << 19;
  LocalServer server(
      [](http::Request& request) {
        return http::text_reply(200, std::to_string(request.body.size()));
      },
      options);
  const std::string body(1 << 20, 'b');
  HttpClient client(server.port());
  for (int i = 0; i < 3; ++i) CHECK(client.post("/import", body).body == "1048576");
  CHECK(client.post("/import", body + "b").status == 413);
  CHECK(client.post("/other", body).status == 413);

  // Together they may not take more memory than set.
  RawClient first(server.port());
  REQUIRE(first.send("POST /import HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n" +
                     body.substr(1)));
  // Of two that do not fit the slower is closed, which is the one that stands still.
  // What it sent may still be on its way when the other comes, and then both fit: so more than one.
  REQUIRE(eventually([&] {
    return client.post("/import", body).status == 200 && server.count("refusal 503 memory") == 1;
  }));
  CHECK(first.read_to_end().empty());
  CHECK(server.count("refusal 503 memory") == 1);
  // One that has announced much and sent little takes little.
  RawClient idle(server.port());
  REQUIRE(idle.send("POST /import HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\nx"));
  for (int i = 0; i < 3; ++i) CHECK(client.post("/import", body).status == 200);
}

}  // namespace coupon
