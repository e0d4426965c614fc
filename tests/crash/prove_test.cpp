// `coupond prove` as its user runs it, and the report it leaves.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "src/cli/prove_report.h"
#include "tests/support/server_process.h"

using namespace coupon;
using cli::ProveReport;

namespace {

ProveReport report_of(std::int64_t cycles) {
  ProveReport report;
  report.counts.cycles = cycles;
  report.seed = 7;
  return report;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("prove finds nothing wrong and says how much that means", "[prove]") {
  const auto ended = test::run_coupond({"prove", "--minutes", "0.05", "--seed", "7", "--json"});
  INFO(ended.output);
  CHECK(ended.code == 0);
  const auto report = nlohmann::json::parse(ended.output.substr(ended.output.find('{')));
  CHECK(report["ok"] == true);
  CHECK(report["seed"] == 7);
  CHECK(report["violations"].empty());
  CHECK(report["cycles"].get<int>() >= 1);
  CHECK(report["races"].get<int>() >= 5);
  CHECK(report["acknowledged"].get<int>() >= 77);
  CHECK(report["refused"].get<int>() >= 83);
  CHECK(report["machine"]["processors"].get<int>() >= 1);
}

TEST_CASE("the conclusion claims no more than was tried", "[prove]") {
  CHECK(cli::conclusion(report_of(300)) ==
        "0 failures in 300 cycles bounds the failure rate below 3/300 (1 %) at 95 % confidence.");
  CHECK(contains(cli::conclusion(report_of(2)), "no bound yet"));
  CHECK(contains(cli::conclusion(report_of(0)), "nothing can be said"));
  CHECK_FALSE(report_of(0).ok());
  CHECK(report_of(1).ok());
}

TEST_CASE("a violation is named in the report and makes it a bad one", "[prove]") {
  ProveReport report = report_of(40);
  report.counts.violations = {"Cycle 3: order-17 was acknowledged with seq 90 and is lost."};
  CHECK_FALSE(report.ok());
  CHECK(contains(cli::as_text(report), report.counts.violations[0]));
  CHECK(contains(cli::conclusion(report), "do not hold"));
  const auto json = nlohmann::json::parse(cli::as_json(report));
  CHECK(json["ok"] == false);
  CHECK(json["violations"].size() == 1);
  CHECK(json["seed"] == 7);

  ProveReport cut = report_of(40);
  cut.broken_off = "The server did not start.";
  CHECK_FALSE(cut.ok());
  CHECK(contains(cli::as_text(cut), "Broken off: The server did not start."));
}
