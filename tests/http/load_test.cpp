// The load generator against a real server: it counts what was answered, notices what was answered
// wrong, ends by number and by itself, and leaves other machines alone.
#include <atomic>
#include <catch2/catch.hpp>
#include <string>

#include "coupond/load/generator.h"
#include "tests/support/local_server.h"

namespace {

using namespace coupon;

bool write_get(std::uint64_t n, std::string& out) {
  out = "GET /number/" + std::to_string(n) + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
  return true;
}

http::Reply echo_path(http::Request& request) { return http::text_reply(200, request.target_path); }

TEST_CASE("every request of a run is sent once, and every reply counted") {
  std::atomic<std::uint64_t> sum{0};
  test::LocalServer server([&](http::Request& request) {
    sum += std::stoull(request.segments.at(1));
    return echo_path(request);
  });
  const auto outcome =
      load::run({.port = server.port(), .connections = 7, .threads = 2, .requests_max = 500},
                {.request = write_get, .accept = [](int status, std::string_view body) {
                   return status == 200 && body.starts_with("/number/");
                 }});
  REQUIRE(outcome.ok());
  CHECK(outcome->right == 500);
  CHECK(outcome->wrong == 0);
  CHECK(sum == 499 * 500 / 2);
  CHECK(outcome->latency.count() == 500);
  CHECK(outcome->least > 0);
  CHECK(outcome->seconds > 0);
}

TEST_CASE("a wrong answer is counted apart and shown") {
  test::LocalServer server([](http::Request& request) {
    const bool odd = std::stoull(request.segments.at(1)) % 2 == 1;
    return odd ? http::text_reply(503, "not now") : echo_path(request);
  });
  const auto outcome = load::run(
      {.port = server.port(), .connections = 3, .requests_max = 100},
      {.request = write_get, .accept = [](int status, std::string_view) { return status == 200; }});
  REQUIRE(outcome.ok());
  CHECK(outcome->right == 50);
  CHECK(outcome->wrong == 50);
  CHECK(outcome->first_wrong == "status 503: not now");
}

TEST_CASE("a connection that breaks is noticed, and the others go on") {
  test::LocalServer server([](http::Request& request) {
    http::Reply reply = echo_path(request);
    reply.close = request.target_path == "/number/0";
    return reply;
  });
  const auto outcome = load::run(
      {.port = server.port(), .connections = 2, .requests_max = 200},
      {.request = write_get, .accept = [](int status, std::string_view) { return status == 200; }});
  REQUIRE(outcome.ok());
  CHECK(outcome->wrong == 1);
  CHECK(outcome->right >= 199);
}

TEST_CASE("the load generator talks to loopback only, and says when nobody is there") {
  const load::Workload workload{.request = write_get,
                                .accept = [](int, std::string_view) { return true; }};
  CHECK_FALSE(load::run({.address = "192.0.2.1", .port = 80}, workload).ok());
  CHECK_FALSE(load::run({.address = "example.com", .port = 80}, workload).ok());
  CHECK_FALSE(load::run({.port = 1}, workload).ok());
}

}  // namespace
