// The server with well-behaved, slow and too many clients.
#include <atomic>
#include <catch2/catch.hpp>
#include <semaphore>
#include <thread>

#include "coupond/core/random.h"
#include "tests/support/http_client.h"
#include "tests/support/local_server.h"
#include "tests/support/raw_client.h"

namespace coupon {
namespace {

using namespace test;

// Holds handlers until it is opened.
class Gate {
 public:
  http::Server::Handler handler() {
    return [this](http::Request& request) {
      if (request.target_path == "/wait") {
        ++waiting_;
        gate_.acquire();
      }
      return test::echo(request);
    };
  }
  bool wait_until_held(int count) {
    return eventually([&] { return waiting_.load() >= count; });
  }
  void open(int count) { gate_.release(count); }

 private:
  std::atomic<int> waiting_{0};
  std::counting_semaphore<1024> gate_{0};
};

}  // namespace

TEST_CASE("a connection is kept and serves many requests", "[http]") {
  LocalServer server(test::echo);
  RawClient client(server.port());
  for (int i = 0; i < 100; ++i) {
    const std::string path = "/" + std::to_string(i);
    REQUIRE(client.send(test::simple_get(path)));
    CHECK(client.read_until("GET " + path + " ").rfind("HTTP/1.1 200 OK", 0) == 0);
  }
  CHECK(server.connections() == 1);
}

TEST_CASE("pipelined requests are answered in order", "[http]") {
  LocalServer server(test::echo);
  RawClient client(server.port());
  std::string requests;
  for (int i = 0; i < 50; ++i) {
    requests += "POST /p" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n";
    requests += std::to_string(100 + i);
  }
  REQUIRE(client.send(requests));
  for (int i = 0; i < 50; ++i) {
    const std::string expected = "POST /p" + std::to_string(i) + " " + std::to_string(100 + i);
    const std::string answer = client.read_until(expected);
    CHECK(answer.find("HTTP/1.1 200 OK") == 0);
    CHECK(answer.find("HTTP/1.1", 1) == std::string::npos);
  }
}

TEST_CASE("a request that arrives in pieces is put together", "[http]") {
  LocalServer server(test::echo);
  RawClient client(server.port());
  const std::string request =
      "POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";
  for (const char byte : request) {
    REQUIRE(client.send({&byte, 1}));
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  CHECK(client.read_to_end().find("POST /slow hello") != std::string::npos);
}

TEST_CASE("the connection closes when the client asks, by either version's rules", "[http]") {
  LocalServer server(test::echo);
  const auto answer_to = [&](const std::string& request) {
    RawClient client(server.port());
    REQUIRE(client.send(request));
    return client.read_to_end();
  };
  CHECK(answer_to("GET / HTTP/1.1\r\nHost: x\r\nConnection: foo, Close\r\n\r\n")
            .find("\r\nConnection: close\r\n") != std::string::npos);
  CHECK(answer_to("GET / HTTP/1.0\r\n\r\n").find("200 OK") != std::string::npos);

  RawClient old_but_kept(server.port());
  for (int i = 0; i < 2; ++i) {
    REQUIRE(old_but_kept.send("GET /k HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    const std::string answer = old_but_kept.read_until("GET /k ");
    CHECK(answer.find("\r\nConnection: keep-alive\r\n") != std::string::npos);
  }
}

TEST_CASE("a client that stops sending is still answered", "[http]") {
  LocalServer server(test::echo);
  RawClient client(server.port());
  REQUIRE(client.send(test::simple_get("/half")));
  client.finish_sending();
  CHECK(client.read_to_end().find("GET /half") != std::string::npos);
}

TEST_CASE("a client that expects 100-continue is told to go on, or refused at once", "[http]") {
  LocalServer server(test::echo);
  const std::string head = "POST /e HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n";
  RawClient client(server.port());
  REQUIRE(client.send(head + "Content-Length: 2\r\n\r\n"));
  CHECK(client.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  REQUIRE(client.send("ok"));
  CHECK(client.read_until("POST /e ok").find("HTTP/1.1 200 OK") == 0);

  RawClient too_large(server.port());
  REQUIRE(too_large.send(head + "Content-Length: 100000\r\n\r\n"));
  CHECK(too_large.read_to_end().find("HTTP/1.1 413 ") == 0);
}

TEST_CASE("every reply carries the security headers and no version", "[http]") {
  LocalServer server([](http::Request& request) {
    if (request.target_path == "/page") return http::text_reply(200, "<p>", http::kHtml);
    if (request.target_path == "/none") return http::empty_reply();
    if (request.target_path == "/throw") throw std::runtime_error("SELECT secret FROM vault");
    return http::json_reply(404, "{}");
  });
  HttpClient client(server.port());
  for (const char* path : {"/page", "/none", "/throw", "/missing"}) {
    INFO(path);
    const HttpResponse response = client.get(path);
    CHECK(response.header("Cache-Control") == "no-store");
    CHECK(response.header("X-Content-Type-Options") == "nosniff");
    CHECK(response.header("Referrer-Policy") == "no-referrer");
    CHECK(response.header("Content-Security-Policy").rfind("default-src 'none'", 0) == 0);
    CHECK(!response.header("X-Request-Id").empty());
    CHECK(response.header("Date").find(" GMT") != std::string::npos);
    CHECK(response.header("Server").empty());
    CHECK(response.header("Access-Control-Allow-Origin").empty());
  }
  const std::string page_policy = client.get("/page").header("Content-Security-Policy");
  CHECK(page_policy.find("script-src 'self'") != std::string::npos);
  CHECK(page_policy.find("base-uri 'none'") != std::string::npos);
  CHECK(client.get("/none").header("Content-Length").empty());
}

TEST_CASE("a trusted proxy's word on the client is believed, nobody else's", "[http]") {
  const auto who = [](http::Request& request) {
    return http::text_reply(200, request.client_address + (request.https ? " https" : " http") +
                                     " through " + request.peer_address);
  };
  const test::Headers forwarded = {{"X-Forwarded-For", "6.6.6.6, 192.0.2.7"},
                                   {"X-Forwarded-Proto", "https"},
                                   {"REMOTE_ADDR", "7.7.7.7"}};
  LocalServer trusting_nobody(who);
  HttpClient direct(trusting_nobody.port());
  const HttpResponse plain = direct.get("/", forwarded);
  CHECK(plain.body == "127.0.0.1 http through 127.0.0.1");
  CHECK(plain.header("Strict-Transport-Security").empty());

  http::ServerOptions options;
  options.trusted_proxies = http::TrustedProxies::parse({"127.0.0.0/8"}).value();
  LocalServer behind_proxy(who, options);
  HttpClient proxied(behind_proxy.port());
  const HttpResponse secure = proxied.get("/", forwarded);
  CHECK(secure.body == "192.0.2.7 https through 127.0.0.1");
  CHECK(!secure.header("Strict-Transport-Security").empty());
}

TEST_CASE("a handler that throws gives a 500 without its text, and a line in the log", "[http]") {
  LocalServer server([](http::Request& request) -> http::Reply {
    if (request.target_path == "/odd") throw 7;
    throw std::runtime_error("SELECT secret FROM vault");
  });
  HttpClient client(server.port());
  const HttpResponse response = client.get("/x", {{"X-Request-Id", "find-me"}});
  CHECK(response.status == 500);
  CHECK(response.header("X-Request-Id") == "find-me");
  CHECK(response.body.find("find-me") != std::string::npos);
  CHECK(response.body.find("secret") == std::string::npos);
  CHECK(client.get("/odd").status == 500);
  CHECK(server.count("fault SELECT secret FROM vault") == 1);
}

TEST_CASE("a header value that would begin a new header is not sent", "[http]") {
  LocalServer server([](http::Request&) {
    http::Reply reply = http::empty_reply();
    reply.headers.emplace_back("Location", "/a\r\nSet-Cookie: evil=1");
    reply.headers.emplace_back("X-Good", "1");
    return reply;
  });
  HttpClient client(server.port());
  const HttpResponse response = client.get("/");
  CHECK(response.header("Set-Cookie").empty());
  CHECK(response.header("Location").empty());
  CHECK(response.header("X-Good") == "1");
}

TEST_CASE("HEAD gives the headers of GET without a body", "[http]") {
  LocalServer server([](http::Request&) { return http::text_reply(200, "twelve bytes"); });
  RawClient client(server.port());
  REQUIRE(client.send("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
  const std::string answer = client.read_to_end();
  CHECK(answer.find("\r\nContent-Length: 12\r\n") != std::string::npos);
  CHECK(answer.substr(answer.size() - 4) == "\r\n\r\n");
}

TEST_CASE("half-open and idle connections do not hold up a good client", "[http]") {
  http::ServerOptions options;
  options.workers = 4;
  LocalServer server(test::echo, options);
  std::vector<RawClient> idle;
  for (int i = 0; i < 300; ++i) {
    idle.emplace_back(server.port());
    REQUIRE(idle.back().send(i % 2 == 0
                                 ? "POST /x HTTP/1.1\r\nHost: x\r\nContent-Le"
                                 : "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\na"));
  }
  for (int i = 0; i < 500; ++i) idle.emplace_back(server.port());
  HttpClient good(server.port());
  for (int i = 0; i < 200; ++i) REQUIRE(good.get("/good").status == 200);
  CHECK(server.connections() == 801);
  // With workers held by half-open clients the good one would have waited for their deadline and
  // they would have been told so.
  CHECK(server.count("refusal 408 request_timeout") == 0);
}

TEST_CASE("a body that drips in hits the absolute deadline", "[http]") {
  http::ServerOptions options;
  options.request_deadline_ms = 150;
  LocalServer server(test::echo, options);
  RawClient client(server.port());
  REQUIRE(client.send("POST /drip HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"));
  // Each byte in time, the whole never: a timeout per read would let this go on.
  while (client.quiet_for(20)) (void)client.send("x");
  CHECK(client.read_to_end().find("HTTP/1.1 408 ") == 0);
  CHECK(server.count("refusal 408 request_timeout") == 1);
}

TEST_CASE("an idle connection is closed without a word", "[http]") {
  http::ServerOptions options;
  options.idle_timeout_ms = 50;
  LocalServer server(test::echo, options);
  RawClient fresh(server.port());
  CHECK(fresh.read_to_end().empty());
  RawClient used(server.port());
  REQUIRE(used.send(test::simple_get("/once")));
  CHECK(used.read_to_end().find("GET /once") != std::string::npos);
  CHECK(eventually([&] { return server.connections() == 0; }));
}

TEST_CASE("beyond the connection limit a client is told to come back", "[http]") {
  http::ServerOptions options;
  options.max_connections = 10;
  LocalServer server(test::echo, options);
  std::vector<RawClient> held;
  for (int i = 0; i < 10; ++i) {
    held.emplace_back(server.port());
    REQUIRE(held.back().send(test::simple_get("/held")));
    (void)held.back().read_until("GET /held ");
  }
  RawClient extra(server.port());
  (void)extra.send(test::simple_get("/extra"));
  const std::string answer = extra.read_to_end();
  CHECK(answer.find("HTTP/1.1 503 ") == 0);
  CHECK(answer.find("\r\nRetry-After: 1\r\n") != std::string::npos);
  held.pop_back();
  REQUIRE(eventually([&] { return server.connections() < 10; }));
  HttpClient after(server.port());
  CHECK(after.get("/after").status == 200);
}

TEST_CASE("one address cannot take all connections", "[http]") {
  http::ServerOptions options;
  options.max_connections_per_address = 3;
  LocalServer server(test::echo, options);
  std::vector<RawClient> held;
  for (int i = 0; i < 3; ++i) {
    held.emplace_back(server.port());
    REQUIRE(held.back().send(test::simple_get("/held")));
    (void)held.back().read_until("GET /held ");
  }
  RawClient extra(server.port());
  CHECK(extra.read_to_end().find("HTTP/1.1 503 ") == 0);
}

TEST_CASE("a full queue refuses with 503 and executes nothing", "[http]") {
  Gate gate;
  http::ServerOptions options;
  options.workers = 1;
  options.queue_capacity = 1;
  LocalServer server(gate.handler(), options);
  RawClient running(server.port());
  REQUIRE(running.send(test::simple_get("/wait")));
  REQUIRE(gate.wait_until_held(1));
  // One more fits; of the rest each is refused.
  std::vector<RawClient> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back(server.port());
    REQUIRE(clients.back().send("GET /q HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
  }
  REQUIRE(eventually([&] { return server.count("refusal 503 busy") == 3; }));
  gate.open(1);
  int served = 0;
  for (RawClient& client : clients) {
    const std::string answer = client.read_to_end();
    served += answer.find("HTTP/1.1 200 ") == 0;
    if (answer.find("HTTP/1.1 503 ") == 0) {
      CHECK(answer.find("\r\nRetry-After: 1\r\n") != std::string::npos);
    }
  }
  CHECK(served == 1);
  CHECK(server.count("request GET /q 200") == 1);
}

TEST_CASE("stop ends idle, half-open and draining clients and lets a running request finish",
          "[http]") {
  Gate gate;
  LocalServer server(gate.handler());
  RawClient idle(server.port());
  REQUIRE(idle.send(test::simple_get("/idle")));
  (void)idle.read_until("GET /idle ");
  RawClient half_open(server.port());
  REQUIRE(half_open.send("GET /never HTTP/1.1\r\nHo"));
  RawClient running(server.port());
  REQUIRE(running.send(test::simple_get("/wait")));
  REQUIRE(gate.wait_until_held(1));

  std::thread stopper([&] { server.stop(); });
  // These end although a request still runs.
  CHECK(idle.read_to_end().empty());
  CHECK(half_open.read_to_end().empty());
  gate.open(1);
  const std::string answer = running.read_to_end();
  stopper.join();
  CHECK(answer.find("HTTP/1.1 200 OK") == 0);
  CHECK(answer.find("\r\nConnection: close\r\n") != std::string::npos);
  CHECK_THROWS(RawClient(server.port()));
}

TEST_CASE("a second server on the same port does not start, and says why", "[http]") {
  LocalServer server(test::echo);
  http::ServerOptions options;
  options.port = server.port();
  http::Server second(options, test::echo, core::system_clock_now, core::system_random);
  const auto bound = second.bind();
  REQUIRE(!bound);
  CHECK(bound.error().message.find(std::to_string(server.port())) != std::string::npos);
  CHECK(bound.error().message.find("another port") != std::string::npos);

  options.host = "example.org";
  http::Server named(options, test::echo, core::system_clock_now, core::system_random);
  const auto refused = named.bind();
  REQUIRE(!refused);
  CHECK(refused.error().reason == core::Reason::kInvalidRequest);
}

TEST_CASE("clients that vanish cost nothing", "[http]") {
  LocalServer server(test::echo);
  for (int i = 0; i < 100; ++i) {
    RawClient client(server.port());
    REQUIRE(client.send(i % 2 == 0 ? test::simple_get("/gone") : "POST /gone HTT"));
    if (i % 3 == 0) client.abort();
  }
  CHECK(eventually([&] { return server.connections() == 0; }));
  HttpClient good(server.port());
  CHECK(good.get("/still-here").status == 200);
}

}  // namespace coupon
