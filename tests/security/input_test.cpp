// Goal: input that is too large, no JSON, or about something else than it says is refused before it
// does anything, and none of it reaches a header, a log or an address where it does not belong.
#include <catch2/catch.hpp>
#include <sstream>

#include "tests/security/site.h"
#include "tests/support/local_server.h"
#include "tests/support/raw_client.h"

using namespace coupon;
using nlohmann::json;
using test::BlackBox;
using test::knock;
using test::Person;
using test::RawClient;

namespace {

test::HttpResponse post_json(int port, const std::string& path, const std::string& body,
                             const std::string& token = {}) {
  return knock(port, "POST", path, token, body);
}

}  // namespace

TEST_CASE("compressed, chunked and endless bodies are refused unread", "[S24][security]") {
  BlackBox box;
  box.start();
  const int port = box.server().port();
  const std::int64_t before_kib = test::rss_kib(box.server().pid());
  for (const char* encoding : {"gzip", "deflate", "br", "zstd", "gzip, gzip", "x-gzip"}) {
    INFO(encoding);
    CHECK(knock(port, "POST", "/login", {}, std::string(1000, '\x1f'),
                {{"Content-Encoding", encoding}})
              .status == 415);
  }
  RawClient chunked(port);
  chunked.send("POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "10000\r\n" + std::string(0x10000, 'a') + "\r\n";
  for (int i = 0; i < 800 && chunked.send(chunk); ++i) {
  }
  RawClient announced(port);
  announced.send("POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 50000000\r\n\r\n");
  CHECK(announced.read_until("\r\n").find(" 413 ") != std::string::npos);
  const std::int64_t more_kib = test::rss_kib(box.server().pid()) - before_kib;
  if (test::kMemoryIsOwn) CHECK(more_kib < 4 * 1024);
  CHECK(knock(port, "GET", "/healthz").status == 200);
}

TEST_CASE("only who may import makes the server take a large body", "[S24][security]") {
  BlackBox box;
  const Person admin = box.add_person(domain::Role::kAdmin);
  const Person staff = box.add_person(domain::Role::kStaff);
  box.add_campaign("pool", domain::Mode::kPool, {});
  box.start();
  const int port = box.server().port();
  const auto import = [&](const std::string& token, std::size_t bytes) {
    return knock(port, "POST", "/api/v1/campaigns/pool/codes/import", token,
                 "code\n" + std::string(bytes, '\n'), {{"Content-Type", "text/csv"}})
        .status;
  };
  for (const std::string& token : {std::string(), std::string("nonsense"), staff.token}) {
    CHECK(import(token, 1 << 20) == 413);
    CHECK(import(token, 1000) == (token == staff.token ? 403 : 401));
    // Not a byte of it is waited for.
    RawClient raw(port);
    raw.send("POST /api/v1/campaigns/pool/codes/import HTTP/1.1\r\nHost: x\r\nAuthorization: " +
             token + "\r\nContent-Length: 60000000\r\n\r\n");
    CHECK(raw.read_until("\r\n").find(" 413 ") != std::string::npos);
  }
  const int taken = import(admin.token, 1 << 20);
  CHECK(taken != 413);
  CHECK(taken < 500);
}

TEST_CASE("JSON that is too deep, too large or no JSON is refused in words", "[S25][security]") {
  BlackBox box;
  const Person admin = box.add_person(domain::Role::kAdmin);
  box.start();
  const int port = box.server().port();
  const auto nested = [](int depth) {
    return R"({"email":)" + std::string(std::size_t(depth), '[') +
           std::string(std::size_t(depth), ']') + "}";
  };
  std::vector<std::string> bodies = {nested(17),
                                     nested(1000),
                                     nested(30'000),
                                     std::string(60'000, '['),
                                     std::string(60'000, '{'),
                                     std::string(30'000, '"')};
  for (const char* value : {"1e308",
                            "1e309",
                            "-1e400",
                            "9223372036854775808",
                            "18446744073709551616",
                            "1.5",
                            "NaN",
                            "Infinity",
                            "01",
                            "+1",
                            "0x1",
                            "\"\\ud800\"",
                            "\"\\udc00\\ud800\"",
                            "\"\xff\"",
                            "\"\xc0\xaf\"",
                            "\"\xed\xa0\x80\"",
                            "\"a\\u0000b\"",
                            "\"\x01\"",
                            "nul",
                            "tru",
                            "",
                            "'x'",
                            "[1,]",
                            "{,}",
                            "\"unfinished",
                            "/* x */ 1",
                            "1 2"}) {
    bodies.push_back(R"({"count":)" + std::string(value) + "}");
    bodies.push_back(R"({"email":"x@example.com","password":)" + std::string(value) + "}");
  }
  bodies.push_back(std::string("{\"email\":\"a\0b\"}", 15));
  bodies.push_back("\xef\xbb\xbf{}");
  for (const std::string& body : bodies) {
    INFO(body.substr(0, 100));
    const auto native = post_json(port, "/api/v1/auth/register", body);
    CHECK(native.status == 400);
    CHECK(!lasting(native).at("code").get<std::string>().empty());
    const int service = post_json(port, "/register", body).status;
    CHECK((service == 400 || service == 422));
    CHECK(post_json(port, "/admin/generate-codes", body, admin.token).status == 400);
  }
  CHECK(knock(port, "GET", "/healthz").status == 200);
}

TEST_CASE("who the client is cannot be said in a header, except by a trusted proxy",
          "[S26][security]") {
  BlackBox box;
  const Person alice = box.add_person();
  box.start({"--rate-limits", "on", "--log", "json"});
  const int port = box.server().port();
  const json card = {{"user_id", alice.id}, {"card_code", "x"}};
  const auto enter = [&](test::Headers headers) {
    headers.emplace_back("Authorization", "Bearer " + alice.token);
    return knock(port, "POST", "/redeem", {}, card.dump(), std::move(headers)).status;
  };
  const std::vector<std::pair<std::string, std::string>> tricks = {
      {"X-Forwarded-For", "203.0.113.9"},
      {"X-Forwarded-For", "127.0.0.1"},
      {"X-Forwarded-For", ""},
      {"X-Forwarded-For", ",,,"},
      {"X-Forwarded-For", "unknown"},
      {"X-Forwarded-For", "::1"},
      {"X-Forwarded-For", "[::1]:80"},
      {"X-Forwarded-For", "1.2.3"},
      {"X-Forwarded-For", std::string(4000, '1')},
      {"X-Forwarded-For", "203.0.113.9, 127.0.0.1"},
      {"X-Real-IP", "203.0.113.9"},
      {"Forwarded", "for=203.0.113.9"},
      {"Forwarded", "for=\"[2001:db8::1]\";proto=https"},
      {"REMOTE_ADDR", "203.0.113.9"},
      {"X-Client-IP", "203.0.113.9"},
      {"True-Client-IP", "203.0.113.9"},
      {"CF-Connecting-IP", "203.0.113.9"},
      {"X-Cluster-Client-IP", "203.0.113.9"},
      {"X-ProxyUser-Ip", "203.0.113.9"},
      {"Via", "1.1 203.0.113.9"},
      {"X-Forwarded-Host", "evil.example"},
      {"X-Forwarded-Proto", "https"}};
  REQUIRE(tricks.size() >= 20);
  for (int i = 0; i < 10; ++i) REQUIRE(enter({}) == 400);
  for (const auto& trick : tricks) {
    INFO(trick.first << ": " << trick.second);
    CHECK(enter({trick}) == 429);
    const auto reply = test::HttpClient(port).get("/healthz", {trick});
    CHECK(reply.status == 200);
    CHECK(reply.header("Strict-Transport-Security").empty());
  }
  const std::string log = box.server().output();
  CHECK(log.find("203.0.113.9") == std::string::npos);
  CHECK(log.find("evil.example") == std::string::npos);
}

TEST_CASE("a line end in the input ends no header and no line of the log", "[S27][security]") {
  const std::string format = GENERATE("text", "json");
  BlackBox box;
  const Person alice = box.add_person();
  box.start({"--log", format});
  const int port = box.server().port();
  const std::string evil = "%0d%0aSet-Cookie:%20evil=1%0d%0a%0d%0a<html>";
  std::string all;
  for (const std::string& target :
       {"/" + evil, "/api/v1/coupons/" + evil, "/api/v1/users?cursor=" + evil, "/healthz?x=" + evil,
        "/v1/coupons/" + evil + "/", std::string("/%E5%98%8A%E5%98%8DSet-Cookie:%20evil=1")}) {
    RawClient client(port);
    client.send(
        "GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Request-Id: " + evil +
        "\r\nUser-Agent: a\tb\x1b[31m\r\nAuthorization: Bearer " + alice.token + "\r\n\r\n");
    all += client.read_to_end();
    RawClient second(port);
    second.send("GET " + target +
                " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer " +
                alice.token + "\r\n\r\n");
    all += second.read_to_end();
  }
  knock(port, "POST", "/register", {},
        R"({"email":"x@example.com\r\nSet-Cookie: evil=1","password":"a\nlevel=error b 1"})");
  CHECK(all.find("Set-Cookie: evil") == std::string::npos);
  CHECK(all.find("\r\n\r\n<html>") == std::string::npos);
  for (int i = 0; i < 3; ++i) REQUIRE(knock(port, "GET", "/healthz").status == 200);
  // A line is written when its reply is sent.
  const auto lines_of = [&](const std::string& mark) {
    const std::string text = box.server().output();
    std::size_t count = 0;
    for (std::size_t at = 0; (at = text.find(mark, at)) != std::string::npos; ++at) ++count;
    return count;
  };
  REQUIRE(test::eventually([&] { return lines_of("/healthz") >= 3; }));
  std::istringstream lines(box.server().output());
  int logged = 0;
  for (std::string line; std::getline(lines, line);) {
    INFO(line);
    CHECK(line.find("evil") == std::string::npos);
    CHECK(line.find('\x1b') == std::string::npos);
    if (line.find("request") == std::string::npos) continue;
    ++logged;
    if (format == "json") CHECK(json::accept(line));
    if (format == "text") CHECK(line.starts_with("20"));
  }
  CHECK(logged >= 3);
}
