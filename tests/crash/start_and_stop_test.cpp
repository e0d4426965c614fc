// How the built binary starts, stops, and stands bad company.
#include <catch2/catch.hpp>
#include <chrono>
#include <vector>

#include "tests/support/black_box.h"
#include "tests/support/raw_client.h"

using namespace coupon;
using test::BlackBox;
using test::HttpClient;
using test::Person;
using test::RawClient;

namespace {

using std::chrono::steady_clock;

double seconds_since(steady_clock::time_point start) {
  return std::chrono::duration<double>(steady_clock::now() - start).count();
}

}  // namespace

TEST_CASE("300 half-open and 500 idle clients do not stop a good one", "[clients]") {
  BlackBox box;
  const Person person = box.add_person();
  const int port = box.start().port();
  std::vector<RawClient> half_open;
  for (int i = 0; i < 300; ++i) {
    half_open.emplace_back(port);
    REQUIRE(half_open.back().send("POST /generate-coupon HTTP/1.1\r\nContent-Le"));
  }
  std::vector<HttpClient> idle;
  idle.reserve(500);
  for (int i = 0; i < 500; ++i) {
    idle.emplace_back(port);
    REQUIRE(idle.back().get("/healthz").status == 200);
  }
  HttpClient good(port);
  for (int i = 0; i < 5; ++i) {
    REQUIRE(test::ask(good, person, "POST", "/generate-coupon").status == 200);
  }
  for (HttpClient& client : idle) CHECK(client.get("/healthz").status == 200);

  const auto start = steady_clock::now();
  CHECK(box.server().terminate() == 0);
  CHECK(seconds_since(start) < 5);
  CHECK(box.divergence() == "");
}

TEST_CASE("what was acknowledged before SIGTERM is there after a start", "[clients]") {
  BlackBox box;
  const Person person = box.add_person();
  HttpClient client(box.start().port());
  REQUIRE(test::ask(client, person, "POST", "/generate-coupon").status == 200);
  CHECK(box.server().terminate() == 0);
  HttpClient again(box.start().port());
  const auto stats = test::ask(again, person, "GET", "/user-stats");
  CHECK(stats.body["user_tokens_issued"] == 1);
}

TEST_CASE("a second server on the same directory exits 3 and says who has it", "[clients]") {
  BlackBox box;
  const pid_t first = box.start().pid();
  const auto second =
      test::run_coupond({"serve", "--data", box.data_dir(), "--listen", "127.0.0.1:0"});
  CHECK(second.code == 3);
  CHECK(second.output.find(std::to_string(first)) != std::string::npos);
  CHECK(second.output.find(box.data_dir()) != std::string::npos);
  CHECK(HttpClient(box.server().port()).get("/healthz").status == 200);
}

TEST_CASE("a second server on the same port exits 3 and says so", "[clients]") {
  BlackBox box;
  const std::string port = std::to_string(box.start().port());
  const test::TempDir other;
  const auto second =
      test::run_coupond({"serve", "--data", other / "data", "--listen", "127.0.0.1:" + port});
  CHECK(second.code == 3);
  CHECK(second.output.find("port " + port + ": another program has it") != std::string::npos);
  CHECK(HttpClient(box.server().port()).get("/healthz").status == 200);
}
