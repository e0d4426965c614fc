// Goal: no malformed, ambiguous or oversized request reaches a handler, and nothing that follows it
// on the connection is executed either (request smuggling). Method: each case sends raw bytes with
// a well-formed request right behind them, reads until the server closes, and looks at what the
// handler was given.
#include <catch2/catch.hpp>
#include <mutex>
#include <nlohmann/json.hpp>

#include "tests/support/local_server.h"
#include "tests/support/raw_client.h"

namespace coupon {
namespace {

using test::LocalServer;
using test::RawClient;

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

struct Case {
  const char* name;
  std::string bytes;
  int status;
};

std::string get(const std::string& fields) { return "GET /a HTTP/1.1\r\n" + fields + "\r\n"; }
std::string post(const std::string& fields, const std::string& body = "") {
  return "POST /a HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n" + body;
}
std::string with_nul(std::string text) {
  text[text.find('@')] = '\0';
  return text;
}
std::string many_fields(int count) {
  std::string fields = "Host: x\r\n";
  for (int i = 1; i < count; ++i) fields += "X-" + std::to_string(i) + ": 1\r\n";
  return fields;
}

std::vector<Case> framing_cases() {
  return {
      {"chunked", post("Transfer-Encoding: chunked\r\n", "0\r\n\r\n"), 411},
      {"chunked in capitals", post("TRANSFER-ENCODING: Chunked\r\n", "0\r\n\r\n"), 411},
      {"transfer encoding identity", post("Transfer-Encoding: identity\r\n"), 411},
      {"transfer encoding twice", post("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"),
       411},
      {"chunked on GET", get("Host: x\r\nTransfer-Encoding: chunked\r\n"), 411},
      {"length and chunked", post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"), 400},
      {"chunked and length", post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n"), 400},
      {"length twice, different", post("Content-Length: 1\r\nContent-Length: 2\r\n", "ab"), 400},
      {"length twice, the same", post("Content-Length: 2\r\nContent-Length: 2\r\n", "ab"), 400},
      {"length as a list", post("Content-Length: 2, 2\r\n", "ab"), 400},
      {"negative length", post("Content-Length: -1\r\n"), 400},
      {"length with a plus", post("Content-Length: +2\r\n", "ab"), 400},
      {"length in hexadecimal", post("Content-Length: 0x2\r\n", "ab"), 400},
      {"length with letters", post("Content-Length: 2x\r\n", "ab"), 400},
      {"empty length", post("Content-Length: \r\n"), 400},
      {"length beyond 64 bits", post("Content-Length: 18446744073709551618\r\n", "ab"), 400},
      {"length with an inner space", post("Content-Length: 1 0\r\n", "ab"), 400},
      {"compressed body", post("Content-Encoding: gzip\r\nContent-Length: 2\r\n", "ab"), 415},
      {"body above the limit", post("Content-Length: 65537\r\n"), 413},
      {"huge body", post("Content-Length: 999999999999999999\r\n"), 413},
      {"body on GET", get("Host: x\r\nContent-Length: 2\r\n") + "ab", 400},
      {"body on HEAD", "HEAD /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab", 400},
      {"body on DELETE", "DELETE /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab", 400},
      {"unknown expectation", post("Expect: 200-ok\r\nContent-Length: 2\r\n", "ab"), 417},
  };
}

std::vector<Case> line_cases() {
  return {
      {"bare LF after the request line", "GET /a HTTP/1.1\nHost: x\r\n\r\n", 400},
      {"bare LF after a field", "GET /a HTTP/1.1\r\nHost: x\nX: y\r\n\r\n", 400},
      {"bare LF in a value", get("Host: x\r\nX: a\nY: b\r\n"), 400},
      {"bare LF throughout", "GET /a HTTP/1.1\nHost: x\n\n", 400},
      {"bare CR in a value", get("Host: x\r\nX: a\rb\r\n"), 400},
      {"folded field", get("Host: x\r\nX: a\r\n b\r\n"), 400},
      {"field folded with a tab", get("Host: x\r\nX: a\r\n\tb\r\n"), 400},
      {"first field begins with a space", get(" Host: x\r\n"), 400},
      {"space before the colon", get("Host : x\r\n"), 400},
      {"space in a field name", get("Host: x\r\nX Y: a\r\n"), 400},
      {"field without a colon", get("Host: x\r\nnonsense\r\n"), 400},
      {"field without a name", get("Host: x\r\n: a\r\n"), 400},
      {"NUL in a value", with_nul(get("Host: x\r\nX: a@b\r\n")), 400},
      {"NUL in a name", with_nul(get("Host: x\r\nX@: a\r\n")), 400},
      {"control character in a value", get("Host: x\r\nX: a\x01\r\n"), 400},
      {"delete character in a value", get("Host: x\r\nX: a\x7f\r\n"), 400},
      {"an empty line first", "\r\nGET /a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"TLS spoken to us", "\x16\x03\x01\x02\x01\x01\xfc\x03\x03 abcdef", 400},
  };
}

std::vector<Case> target_cases() {
  const std::string host = "Host: x\r\n\r\n";
  return {
      {"no version", "GET /a\r\n" + host, 400},
      {"two spaces", "GET  /a HTTP/1.1\r\n" + host, 400},
      {"space in the path", "GET /a b HTTP/1.1\r\n" + host, 400},
      {"tab in the request line", "GET\t/a\tHTTP/1.1\r\n" + host, 400},
      {"version of the future", "GET /a HTTP/2.0\r\n" + host, 505},
      {"HTTP/0.9", "GET /a HTTP/0.9\r\n" + host, 505},
      {"version in lower case", "GET /a http/1.1\r\n" + host, 400},
      {"lower-case method", "get /a HTTP/1.1\r\n" + host, 501},
      {"TRACE", "TRACE /a HTTP/1.1\r\n" + host, 501},
      {"CONNECT", "CONNECT x:80 HTTP/1.1\r\n" + host, 501},
      {"unknown method", "FOO /a HTTP/1.1\r\n" + host, 501},
      {"bad character in the method", "G(T /a HTTP/1.1\r\n" + host, 400},
      {"absolute target", "GET http://x/a HTTP/1.1\r\n" + host, 400},
      {"star target", "OPTIONS * HTTP/1.1\r\n" + host, 400},
      {"relative target", "GET a HTTP/1.1\r\n" + host, 400},
      {"fragment", "GET /a#b HTTP/1.1\r\n" + host, 400},
      {"raw UTF-8 in the path", "GET /\xc3\xa9 HTTP/1.1\r\n" + host, 400},
      {"bad escape", "GET /a%2 HTTP/1.1\r\n" + host, 400},
      {"escape that is not hexadecimal", "GET /a%zz HTTP/1.1\r\n" + host, 400},
      {"escaped NUL", "GET /a%00 HTTP/1.1\r\n" + host, 400},
      {"escaped line end", "GET /a%0d%0aX:%20y HTTP/1.1\r\n" + host, 400},
      {"escaped line end in the query", "GET /a?b=%0d%0aX:%20y HTTP/1.1\r\n" + host, 400},
      {"overlong UTF-8", "GET /%c0%af HTTP/1.1\r\n" + host, 400},
      {"surrogate", "GET /a?b=%ed%a0%80 HTTP/1.1\r\n" + host, 400},
      {"path of 513 bytes", "GET /" + std::string(512, 'a') + " HTTP/1.1\r\n" + host, 414},
      {"query of 9 KiB", "GET /a?" + std::string(9 << 10, 'a') + " HTTP/1.1\r\n" + host, 414},
      {"endless request line", "GET /" + std::string(20 << 10, 'a'), 414},
  };
}

std::vector<Case> field_cases() {
  return {
      {"no Host", get("X: y\r\n"), 400},
      {"two Hosts", get("Host: x\r\nHost: y\r\n"), 400},
      {"empty Host", get("Host: \r\n"), 400},
      {"Host with a path", get("Host: x/y\r\n"), 400},
      {"Host with a user", get("Host: a@x\r\n"), 400},
      {"Authorization twice", get("Host: x\r\nAuthorization: a\r\nAuthorization: b\r\n"), 400},
      {"Idempotency-Key twice", post("Idempotency-Key: a\r\nIdempotency-Key: b\r\n"), 400},
      {"101 fields", get(many_fields(101)), 431},
      {"17 KiB of head", get("Host: x\r\nX: " + std::string(17 << 10, 'a') + "\r\n"), 431},
      {"endless field", "GET /a HTTP/1.1\r\nHost: x\r\nX: " + std::string(17 << 10, 'a'), 431},
  };
}

std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

void check_refused(LocalServer& server, const Case& c) {
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

void check_all_refused(const std::vector<Case>& cases) {
  Witness witness;
  LocalServer server(witness.handler());
  for (const Case& c : cases) {
    check_refused(server, c);
    CHECK(witness.seen().empty());
  }
}

}  // namespace

TEST_CASE("a request whose end is ambiguous or too far is refused before its body", "[http]") {
  check_all_refused(framing_cases());
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
  for (const Case& c : {framing_cases()[0], framing_cases()[7], line_cases()[0], line_cases()[4],
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
      get(many_fields(99) + close),
      post(close + "Content-Length: 65536\r\n", std::string(65536, 'b')),
      post(close + "Content-Length: 0\r\n"),
      post(close),
      get("Host: [::1]:8080\r\n" + close),
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
    (void)client.send(post("X-Request-Id: " + id + "\r\nTransfer-Encoding: chunked\r\n"));
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
  REQUIRE(client.send(post("Content-Length: 50000000\r\n")));
  // Not a byte of it is sent, so the answer cannot have waited for one.
  CHECK(client.read_until("\r\n").rfind("HTTP/1.1 413 ", 0) == 0);
  CHECK(witness.seen().empty());
}

}  // namespace coupon
