// `coupond prove` as its user runs it, and the report it leaves.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "coupond/store/connection.h"
#include "src/cli/prove/prove_report.h"
#include "tests/support/server_process.h"
#include "tests/support/temp_dir.h"
#include "tests/support/text.h"

using namespace coupon;
using cli::ProveReport;
using test::mentions;

namespace {

ProveReport report_of(std::int64_t cycles) {
  ProveReport report;
  report.counts.cycles = cycles;
  report.seed = 7;
  return report;
}

std::vector<std::string> files_in(const std::string& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    names.push_back(entry.path().string());
  }
  return names;
}

// The database that prove works on, in its first round; empty before it is there.
std::string database_in(const std::string& parent) {
  for (const std::string& place : files_in(parent)) {
    if (mentions(place, "coupond-prove-")) return place + "/round-0/coupond.db";
  }
  return {};
}

// Coupons are there: the server works.
bool is_serving_in(const std::string& parent) {
  const std::string path = database_in(parent);
  if (!std::filesystem::exists(path)) return false;
  try {
    store::Connection db(path, store::Connection::Access::kReadOnly);
    store::Query coupons(db, "SELECT 1 FROM coupons LIMIT 1");
    return coupons.next();
  } catch (const std::exception&) {
    return false;  // not made yet
  }
}

bool give_credit_in(const std::string& parent) {
  if (!is_serving_in(parent)) return false;
  try {
    store::Connection db(database_in(parent), store::Connection::Access::kReadWrite);
    db.exec("UPDATE balances SET credit = credit + 1 WHERE user_id = 1");
    return true;
  } catch (const std::exception&) {
    return false;  // locked just now
  }
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
  CHECK(report["disk"]["sync_us"].get<double>() > 0);
  CHECK(report["disk"]["answer_us"].get<double>() > 0);
}

// Somebody gives themself credit behind the server's back, in the database prove works on.
TEST_CASE("prove finds a broken promise, names it and ends with code 1", "[prove]") {
  const test::TempDir parent;
  ::setenv("TMPDIR", parent.path().c_str(), 1);
  std::atomic<bool> ended = false;
  bool cheated = false;
  std::thread cheat([&] {
    while (!ended && !cheated) {
      cheated = give_credit_in(parent.path());
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  });
  const auto outcome = test::run_coupond({"prove", "--minutes", "1", "--json"});
  ended = true;
  cheat.join();
  ::unsetenv("TMPDIR");
  INFO(outcome.output);
  REQUIRE(cheated);
  CHECK(outcome.code == 1);
  const auto report = nlohmann::json::parse(outcome.output.substr(outcome.output.find('{')));
  CHECK(report["ok"] == false);
  REQUIRE(report["violations"].size() == 1);
  // Found by the check of the books or, in the moment between kill and start, by the start.
  const auto violation = report["violations"][0].get<std::string>();
  CHECK((mentions(violation, "verify: ") || mentions(violation, "did not start")));
  CHECK(mentions(report["conclusion"].get<std::string>(), "do not hold here"));
  CHECK(files_in(parent.path()).empty());
}

TEST_CASE("prove that is ended early tidies up and claims nothing", "[prove]") {
  const test::TempDir parent;
  const int signal = GENERATE(SIGINT, SIGTERM);
  ::setenv("TMPDIR", parent.path().c_str(), 1);
  const pid_t pid = ::fork();
  if (pid == 0) {
    const int out = ::open((parent.path() + ".out").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
    ::execl(std::getenv("COUPOND_BINARY"), "coupond", "prove", "--minutes", "5", nullptr);
    ::_exit(127);
  }
  ::unsetenv("TMPDIR");
  for (int i = 0; i < 2000 && !is_serving_in(parent.path()); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  CHECK(is_serving_in(parent.path()));
  ::kill(pid, signal);
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 1);
  std::ostringstream text;
  text << std::ifstream(parent.path() + ".out").rdbuf();
  INFO(text.str());
  CHECK(mentions(text.str(), "You ended it before its time."));
  CHECK(mentions(text.str(), "0  violations"));
  CHECK(files_in(parent.path()).empty());
  std::filesystem::remove(parent.path() + ".out");
}

TEST_CASE("an answer quicker than the disk is a broken promise where that can be told", "[prove]") {
  CHECK(cli::DiskCheck{.sync_us = 1000, .answer_us = 499}.broken());
  CHECK_FALSE(cli::DiskCheck{.sync_us = 1000, .answer_us = 501}.broken());
  CHECK_FALSE(cli::DiskCheck{.sync_us = 100, .answer_us = 10}.broken());
  CHECK_FALSE(cli::DiskCheck{.sync_us = 100, .answer_us = 10}.tells());
  CHECK_FALSE(cli::DiskCheck{.sync_us = 1000, .answer_us = 0}.tells());
  ProveReport report = report_of(5);
  report.counts.disk = {.sync_us = 1000, .answer_us = 1200};
  CHECK(mentions(cli::as_text(report), "answers wait for the disk."));
  report.counts.disk = {.sync_us = 20, .answer_us = 300};
  CHECK(mentions(cli::as_text(report), "too quick to tell"));
}

TEST_CASE("the conclusion claims no more than was tried", "[prove]") {
  CHECK(cli::conclusion(report_of(300)) ==
        "0 failures in 300 cycles bounds the failure rate below 3/300 (1 %) at 95 % confidence.");
  CHECK(mentions(cli::conclusion(report_of(2)), "no bound yet"));
  CHECK(mentions(cli::conclusion(report_of(0)), "nothing can be said"));
  CHECK_FALSE(report_of(0).ok());
  CHECK(report_of(1).ok());
}

TEST_CASE("a violation is named in the report and makes it a bad one", "[prove]") {
  ProveReport report = report_of(40);
  report.counts.violations = {"Cycle 3: order-17 was acknowledged with seq 90 and is lost."};
  CHECK_FALSE(report.ok());
  CHECK(mentions(cli::as_text(report), report.counts.violations[0]));
  CHECK(mentions(cli::conclusion(report), "do not hold"));
  const auto json = nlohmann::json::parse(cli::as_json(report));
  CHECK(json["ok"] == false);
  CHECK(json["violations"].size() == 1);
  CHECK(json["seed"] == 7);

  ProveReport cut = report_of(40);
  cut.broken_off = "The server did not start.";
  CHECK_FALSE(cut.ok());
  CHECK(mentions(cli::as_text(cut), "Broken off: The server did not start."));
}
