// Goal: no malformed, ambiguous or oversized request reaches a handler, and nothing that follows it
// on the connection is executed either (request smuggling). Method: each case sends raw bytes with
// a well-formed request right behind them, reads until the server closes, and looks at what the
// handler was given.
#include <catch2/catch.hpp>
#include <mutex>
#include <nlohmann/json.hpp>

#include "tests/support/local_server.h"
#include "tests/support/raw_cases.h"
#include "tests/support/raw_client.h"

namespace coupon {
namespace {

using test::chunk_cases;
using test::field_cases;
using test::framing_cases;
using test::line_cases;
using test::LocalServer;
using test::many_fields;
using test::raw_get;
using test::raw_post;
using test::RawCase;
using test::RawClient;
using test::target_cases;

const std::string kFollowing = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";

// Remembers what it was asked.
class Witness {
 public:
  http::Server::Handler handler() {
    return [this](http::Request& request) {
      const std::lock_guard lock(mutex_);
      seen_.push_back(request.method + " " + request.target_path);
      return http::text_reply(200, "executed");
    };
  }
  std::vector<std::string> seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

 private:
  mutable std::mutex mutex_;  // guards seen_
  std::vector<std::string> seen_;
};

std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

void check_refused(LocalServer& server, const RawCase& c) {
  RawClient client(server.port());
  (void)client.send(c.bytes + kFollowing);
  const std::string answer = client.read_to_end();
  INFO("case: " << c.name << "\nanswer: " << answer);
  REQUIRE(answer.rfind("HTTP/1.1 " + std::to_string(c.status) + " ", 0) == 0);
  CHECK(occurrences(answer, "\r\nDate: ") == 1);  // one reply, no more
  CHECK(occurrences(answer, "\r\nConnection: close\r\n") == 1);
  CHECK(occurrences(answer, "\r\nContent-Type: application/problem+json\r\n") == 1);
  CHECK(occurrences(answer, "\r\nCache-Control: no-store\r\n") == 1);
  if (c.bytes.rfind("HEAD", 0) == 0) return;
  const auto body = nlohmann::json::parse(answer.substr(answer.find("\r\n\r\n") + 4));
  CHECK(body["status"] == c.status);
  CHECK(body["error"] == body["detail"]);
  CHECK(body["message"] == body["detail"]);
  CHECK(!body["code"].get<std::string>().empty());
  CHECK(!body["request_id"].get<std::string>().empty());
}

void check_all_refused(const std::vector<RawCase>& cases) {
  Witness witness;
  LocalServer server(witness.handler());
  for (const RawCase& c : cases) {
    check_refused(server, c);
    CHECK(witness.seen().empty());
  }
}

}  // namespace

TEST_CASE("a request whose end is ambiguous or too far is refused before its body", "[http]") {
  check_all_refused(framing_cases());
}

TEST_CASE("a body whose chunks are malformed or too much is refused", "[http]") {
  check_all_refused(chunk_cases());
}

TEST_CASE("a chunked body is put together, and the next request found behind it", "[http]") {
  LocalServer server([](http::Request& request) {
    return http::text_reply(200, request.target_path + " " + request.body + " " +
                                     std::string(request.header("Content-Length").value_or("-")));
  });
  const std::string chunked = "Host: x\r\nTransfer-Encoding: Chunked\r\n\r\n";
  const std::string request = "POST /a HTTP/1.1\r\n" + chunked +
                              "3\r\nhel\r\n000A;q=1\r\nlo, world!\r\n0\r\n\r\n" +
                              "PUT /b HTTP/1.1\r\n" + chunked + "0\r\n\r\n" +
                              "GET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, request.size()}) {
    RawClient client(server.port());
    for (std::size_t at = 0; at < request.size(); at += piece) {
      REQUIRE(client.send(request.substr(at, piece)));
    }
    const std::string answers = client.read_to_end();
    INFO(answers);
    CHECK(answers.find("/a hello, world! 13HTTP/1.1 200") != std::string::npos);
    CHECK(answers.find("/b  0HTTP/1.1 200") != std::string::npos);
    CHECK(answers.find("/c  -") != std::string::npos);
  }
}

TEST_CASE("a request with malformed lines is refused", "[http]") {
  check_all_refused(line_cases());
}

TEST_CASE("a request with a bad target or method is refused", "[http]") {
  check_all_refused(target_cases());
}

TEST_CASE("a request with bad or too many header fields is refused", "[http]") {
  check_all_refused(field_cases());
}

TEST_CASE("every refusal is the same when the bytes come one at a time", "[http]") {
  Witness witness;
  LocalServer server(witness.handler());
  for (const RawCase& c :
       {framing_cases()[0], framing_cases()[9], chunk_cases()[0], line_cases()[0], line_cases()[4],
        target_cases()[23], field_cases()[0]}) {
    INFO(c.name);
    RawClient client(server.port());
    for (const char byte : c.bytes) (void)client.send({&byte, 1});
    const std::string answer = client.read_to_end();
    CHECK(answer.rfind("HTTP/1.1 " + std::to_string(c.status) + " ", 0) == 0);
  }
  CHECK(witness.seen().empty());
}

TEST_CASE("what is exactly at a limit is served", "[http]") {
  Witness witness;
  LocalServer server(witness.handler());
  const std::string close = "Connection: close\r\n";
  const std::vector<std::string> requests = {
      "GET /" + std::string(511, 'a') + " HTTP/1.1\r\nHost: x\r\n" + close + "\r\n",
      raw_get(many_fields(99) + close),
      raw_post(close + "Content-Length: 65536\r\n", std::string(65536, 'b')),
      raw_post(close + "Content-Length: 0\r\n"),
      raw_post(close),
      raw_post(close + "Transfer-Encoding: chunked\r\n",
               "10000\r\n" + std::string(65536, 'b') + "\r\n0\r\n\r\n"),
      raw_post(close + "Transfer-Encoding: chunked\r\n",
               "1;aaaaaaaaaaaaaaa\r\nb\r\n00000000\r\n\r\n"),
      raw_get("Host: [::1]:8080\r\n" + close),
      "DELETE /a HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n" + close + "\r\n",
      "GET /a HTTP/1.0\r\n\r\n",
      "GET /%C3%A9%2F?x=%26+y HTTP/1.1\r\nHost: x\r\n" + close + "\r\n",
  };
  for (const std::string& request : requests) {
    RawClient client(server.port());
    REQUIRE(client.send(request));
    const std::string answer = client.read_to_end();
    INFO(request.substr(0, 200) << "\n" << answer);
    CHECK(answer.rfind("HTTP/1.1 200 OK\r\n", 0) == 0);
  }
  CHECK(witness.seen().size() == requests.size());
}

TEST_CASE("a refusal echoes a valid request id and replaces any other", "[http]") {
  Witness witness;
  LocalServer server(witness.handler());
  const auto answer_to = [&](const std::string& id) {
    RawClient client(server.port());
    (void)client.send(raw_post("X-Request-Id: " + id + "\r\nTransfer-Encoding: gzip\r\n"));
    return client.read_to_end();
  };
  CHECK(answer_to("till-7_a.b").find("\r\nX-Request-Id: till-7_a.b\r\n") != std::string::npos);
  CHECK(answer_to("a b").find("a b") == std::string::npos);
  CHECK(answer_to("<script>").find("script") == std::string::npos);
  CHECK(answer_to(std::string(65, 'a')).find(std::string(65, 'a')) == std::string::npos);
  CHECK(answer_to(std::string(64, 'a')).find(std::string(64, 'a')) != std::string::npos);
}

TEST_CASE("a large body is refused before it is read", "[http]") {
  Witness witness;
  LocalServer server(witness.handler());
  RawClient client(server.port());
  REQUIRE(client.send(raw_post("Content-Length: 50000000\r\n")));
  // Not a byte of it is sent, so the answer cannot have waited for one.
  CHECK(client.read_until("\r\n").rfind("HTTP/1.1 413 ", 0) == 0);
  CHECK(witness.seen().empty());
}

}  // namespace coupon
