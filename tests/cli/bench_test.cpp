// `coupond bench`: servers of its own, another build beside this one, and with --url one that runs
// already, from outside. Nothing here looks at how fast they were.
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "tests/cli/words.h"

namespace {

std::vector<std::string> admin(const std::string& password) {
  return {"COUPOND_ADMIN_EMAIL=one@example.com", "COUPOND_ADMIN_PASSWORD=" + password};
}

ProgramOutcome bench(const std::string& url, std::vector<std::string> environment,
                     std::vector<std::string> more = {"--mix", "healthz"}) {
  std::vector<std::string> arguments = {"bench", "--url",   url,  "--seconds",     "0.2", "--users",
                                        "2",     "--codes", "50", "--connections", "4"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_program({.arguments = std::move(arguments), .environment = std::move(environment)});
}

// A server with one administrator.
struct BenchFixture {
  ProgramOutcome list(const std::string& what) const {
    return run_program({.arguments = {what, "list", "--data", data}});
  }

  test::TempDir parent;
  std::string data = parent / "data";
  Daemon daemon{data, {"--rate-limits", "off"}, admin("correct horse 7")};
  std::string url = "http://localhost:" + std::to_string(daemon.port());
};

}  // namespace

TEST_CASE("a running server is measured by its address and left tidy", "[cli][bench]") {
  BenchFixture fixture;
  const ProgramOutcome outcome = bench(
      fixture.url, admin("correct horse 7"),
      {"--mix", "redeem,till,issue,use,sold-out,claim,assign,validate,login,mixed", "--json"});
  CAPTURE(outcome.out, outcome.err);
  REQUIRE(outcome.exit_code == 0);
  const auto report = nlohmann::json::parse(outcome.out);
  CHECK(report.at("results").size() == 11);
  for (const auto& result : report.at("results")) {
    CAPTURE(result.at("name"));
    CHECK(result.at("right") > 0);
    CHECK(result.at("wrong") == 0);
    CHECK(result.contains("of_healthz"));
    CHECK_FALSE(result.contains("of_writer"));
  }
  // What cannot be known from outside is absent.
  CHECK_FALSE(report.contains("verified"));
  CHECK_FALSE(report.contains("ready_ms"));
  CHECK_FALSE(report.contains("memory_after_kib"));
  CHECK(report.at("left").at("campaigns") == 5);
  CHECK(report.at("left").at("users") == 2);

  const std::string name = report.at("left").at("name").get<std::string>() + "-";
  const std::string campaigns = fixture.list("campaign").out;
  CHECK(mentions(campaigns, name + "cards\tcard\tarchived\tissued "));
  CHECK_FALSE(mentions(campaigns, name + "pool\tpool\tactive"));
  // The server's own are as they were.
  CHECK(mentions(campaigns, "tokens\ttoken\tactive\tissued 0, redeemed 0"));
  CHECK(mentions(campaigns, "subscription-cards\tcard\tactive\tissued 0, redeemed 0"));
  const std::string users = fixture.list("user").out;
  CHECK(mentions(users, name + "1@example.com\tuser\tdisabled"));
  CHECK_FALSE(mentions(users, "user\tactive"));
  CHECK(fixture.daemon.end_with(SIGTERM) == 0);
  CHECK(run_program({.arguments = {"verify", "--data", fixture.data}}).exit_code == 0);
}

TEST_CASE("bench --url says in a table what it found and what it left", "[cli][bench]") {
  BenchFixture fixture;
  const ProgramOutcome outcome = bench(fixture.url, admin("correct horse 7"));
  CAPTURE(outcome.out, outcome.err);
  CHECK(outcome.exit_code == 0);
  CHECK(mentions(outcome.out, "/healthz"));
  CHECK_FALSE(mentions(outcome.out, "/writer"));
  CHECK_FALSE(mentions(outcome.out, "memory"));
  CHECK_FALSE(mentions(outcome.out, "verify"));
  CHECK(mentions(outcome.out, "left on " + fixture.url + ": 5 campaigns and 2 accounts"));
  CHECK(mentions(outcome.out, "archived and deactivated"));
}

TEST_CASE("bench --url leaves a server alone that does not let it in", "[cli][bench]") {
  BenchFixture fixture;
  const ProgramOutcome wrong = bench(fixture.url, admin("wrong horse 7"));
  CAPTURE(wrong.err);
  CHECK(wrong.exit_code == 3);
  CHECK(mentions(wrong.err, "COUPOND_ADMIN_EMAIL and COUPOND_ADMIN_PASSWORD have to name"));
  const ProgramOutcome nobody = bench(fixture.url, {});
  CHECK(nobody.exit_code == 2);
  CHECK(mentions(nobody.err, "COUPOND_ADMIN_EMAIL and COUPOND_ADMIN_PASSWORD"));
  const ProgramOutcome kind =
      bench(fixture.url, admin("correct horse 7"), {"--mix", "healthz,writer"});
  CHECK(kind.exit_code == 2);
  CHECK(mentions(kind.err, "There is no --mix writer"));
  CHECK_FALSE(mentions(fixture.list("campaign").out, "bench-"));
}

TEST_CASE("bench --url puts no load on other machines", "[cli][bench]") {
  struct Row {
    std::string url;
    int exit_code;
    std::string said;
  };
  const std::vector<Row> rows = {
      {"http://192.0.2.1:80", 2, "servers of this machine only"},
      {"http://example.com:80", 2, "servers of this machine only"},
      {"http://0.0.0.0:80", 2, "servers of this machine only"},
      {"http://127.0.0.1@192.0.2.1:80", 2, "servers of this machine only"},
      {"http://[2001:db8::1]:80", 2, "servers of this machine only"},
      {"https://127.0.0.1:80", 2, "takes an address like"},
      {"http://127.0.0.1:80/path", 2, "takes an address like"},
      {"http://127.0.0.1:0", 2, "takes an address like"},
      // Nobody listens at port 1.
      {"http://127.0.0.1:1", 3, "No coupond answers at http://127.0.0.1:1."},
      {"http://[::1]:1/", 3, "No coupond answers at http://[::1]:1."},
  };
  for (const Row& row : rows) {
    const ProgramOutcome outcome = bench(row.url, admin("correct horse 7"));
    CAPTURE(row.url, outcome.err);
    CHECK(outcome.exit_code == row.exit_code);
    CHECK(mentions(outcome.err, row.said));
    CHECK(outcome.out.empty());
  }
}

TEST_CASE("a server of the benchmark's own says what it wrote, and its books are in order",
          "[cli][bench]") {
  const ProgramOutcome outcome =
      run_program({.arguments = {"bench", "--seconds", "0.2", "--users", "3", "--codes", "40000",
                                 "--connections", "4", "--mix", "redeem,use,till", "--json"}});
  CAPTURE(outcome.out, outcome.err);
  REQUIRE(outcome.exit_code == 0);
  const auto report = nlohmann::json::parse(outcome.out);
  CHECK(report.at("verified") == true);
  CHECK(report.at("results").size() == 5);
  for (const auto& result : report.at("results")) {
    CAPTURE(result.at("name"));
    CHECK(result.at("wrong") == 0);
    if (result.at("name") == "redeem" || result.at("name") == "use") {
      CHECK(result.at("commits_per_operation") > 0);
      CHECK(result.at("commits_per_operation") <= 1);
      CHECK(result.at("right") > 0);
    }
    if (result.at("name") == "healthz") CHECK(result.at("commits_per_operation") < 0.1);
  }
}

TEST_CASE("bench says that no code is left, instead of a rate of nothing", "[cli][bench]") {
  const ProgramOutcome outcome =
      run_program({.arguments = {"bench", "--seconds", "0.2", "--users", "3", "--codes", "10",
                                 "--connections", "4", "--mix", "redeem"}});
  CAPTURE(outcome.out);
  CHECK(outcome.exit_code == 1);
  CHECK(mentions(outcome.err, "No code was left for redeem: the runs before it used all 10."));
  CHECK(mentions(outcome.err, "--codes"));
}

TEST_CASE("two builds are measured in turn, each with its own books", "[cli][bench]") {
  const ProgramOutcome outcome =
      run_program({.arguments = {"bench", "--seconds", "0.2", "--users", "2", "--codes", "50",
                                 "--connections", "2", "--mix", "redeem", "--compare",
                                 std::getenv("COUPOND_BINARY"), "--json"}});
  CAPTURE(outcome.out, outcome.err);
  REQUIRE(outcome.exit_code == 0);
  const auto report = nlohmann::json::parse(outcome.out);
  CHECK(report.at("verified") == true);
  CHECK(report.at("results").size() == 2);
  const auto& other = report.at("compared_with").at("report");
  CHECK(other.at("verified") == true);
  CHECK(other.at("results").at(1).at("right") > 0);
  const ProgramOutcome none = run_program({.arguments = {"bench", "--compare", "/no/such"}});
  CHECK(none.exit_code == 2);
  CHECK(mentions(none.err, "--compare takes an executable of coupond"));
}
