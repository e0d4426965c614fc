// The first start as a new user meets it: the banner's link, the page behind it, one administrator.
#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/cli/words.h"
#include "tests/support/http_client.h"

using nlohmann::json;
using test::content_of;
using test::HttpClient;

namespace {

// What follows "/setup#" in the banner; empty without a link.
std::string token_in(const std::string& banner) {
  const std::string mark = "/setup#";
  const std::size_t at = banner.find(mark);
  if (at == std::string::npos) return {};
  const std::size_t start = at + mark.size();
  return banner.substr(start, banner.find_first_of(" \n", start) - start);
}

std::string body_with(const std::string& token, const std::string& email,
                      const std::string& password = "correct horse 1") {
  return json{{"token", token}, {"email", email}, {"password", password}}.dump();
}

int set_up(int port, const std::string& token, const std::string& email) {
  return HttpClient(port).post("/api/v1/setup", body_with(token, email)).status;
}

struct SetupFixture {
  test::TempDir parent;
  std::string data = parent / "data";
};

}  // namespace

TEST_CASE("the first start prints a link that makes the administrator, once", "[setup]") {
  SetupFixture fixture;
  Daemon daemon(fixture.data);
  CAPTURE(daemon.banner());
  const std::string token = token_in(daemon.banner());
  REQUIRE(token.size() == 43);
  const std::string command = "coupond admin create YOU@EXAMPLE.COM --data " + fixture.data;
  CHECK(daemon.banner().find(command) != std::string::npos);

  HttpClient client(daemon.port());
  CHECK(set_up(daemon.port(), std::string(43, 'A'), "thief@example.com") == 401);
  const auto weak = client.post("/api/v1/setup", body_with(token, "owner@example.com", "short"));
  CHECK(weak.status == 400);
  const auto made = client.post("/api/v1/setup", body_with(token, "owner@example.com"));
  CHECK(made.status == 201);
  const json session = json::parse(made.body);
  CHECK(session.at("user").at("role") == "admin");
  const std::string bearer = "Bearer " + session.at("access_token").get<std::string>();
  CHECK(client.get("/api/v1/users", {{"Authorization", bearer}}).status == 200);

  const auto again = client.post("/api/v1/setup", body_with(token, "second@example.com"));
  CHECK(again.status == 401);
  CHECK(again.body.find("coupond admin create") != std::string::npos);
  CHECK(daemon.end_with(SIGTERM) == 0);
  CHECK(token_in(Daemon(fixture.data).banner()).empty());
}

TEST_CASE("the link's page obeys the policy of pages, and its script is there", "[setup]") {
  SetupFixture fixture;
  Daemon daemon(fixture.data);
  HttpClient client(daemon.port());
  const auto page = client.get("/setup");
  CHECK(page.status == 200);
  CHECK(page.header("Content-Type").starts_with("text/html"));
  CHECK(page.header("Content-Security-Policy").find("script-src 'self'") != std::string::npos);
  CHECK(page.body.find("/setup.js") != std::string::npos);
  CHECK(client.get("/setup.js").header("Content-Type").starts_with("text/javascript"));
  CHECK(client.get("/page.css").status == 200);
}

TEST_CASE("a restart ends the old link and prints a new one", "[setup]") {
  SetupFixture fixture;
  std::string old;
  {
    Daemon daemon(fixture.data);
    old = token_in(daemon.banner());
    CHECK(daemon.end_with(SIGTERM) == 0);
  }
  Daemon daemon(fixture.data);
  const std::string token = token_in(daemon.banner());
  CHECK(token != old);
  CHECK(set_up(daemon.port(), old, "owner@example.com") == 401);
  CHECK(set_up(daemon.port(), token, "owner@example.com") == 201);
}

TEST_CASE("of eight who race with the link, one becomes administrator", "[setup]") {
  SetupFixture fixture;
  Daemon daemon(fixture.data);
  const std::string token = token_in(daemon.banner());
  std::vector<int> statuses(8);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < statuses.size(); ++i) {
    threads.emplace_back([&, i] {
      statuses[i] = set_up(daemon.port(), token, "owner" + std::to_string(i) + "@example.com");
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(std::count(statuses.begin(), statuses.end(), 201) == 1);
  CHECK(std::count(statuses.begin(), statuses.end(), 401) == 7);
  const auto list = run_program({.arguments = {"admin", "list", "--data", fixture.data}});
  CHECK(std::count(list.out.begin(), list.out.end(), '\n') == 1);
}

TEST_CASE("an administrator from the command line ends the link", "[setup]") {
  SetupFixture fixture;
  Daemon daemon(fixture.data);
  const auto made =
      run_program({.arguments = {"admin", "create", "cli@example.com", "--data", fixture.data},
                   .input = "correct horse 1\n"});
  CHECK(made.exit_code == 0);
  CHECK(set_up(daemon.port(), token_in(daemon.banner()), "owner@example.com") == 401);
}

TEST_CASE("nothing in the data directory shows the link's token", "[setup]") {
  SetupFixture fixture;
  Daemon daemon(fixture.data);
  const std::string token = token_in(daemon.banner());
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(fixture.data)) {
    if (!entry.is_regular_file()) continue;
    ++files;
    CHECK(content_of(entry.path()).find(token) == std::string::npos);
  }
  CHECK(files >= 3);
}

TEST_CASE("a demo has its accounts and prints no link", "[setup]") {
  SetupFixture fixture;
  CHECK(token_in(Daemon(fixture.data, {"--demo"}).banner()).empty());
}
