// coupond bench: what this machine does, end to end and durably, beside its own limits.

#include <iostream>
#include <memory>
#include <optional>
#include <utility>

#include "src/cli/bench/bench_own.h"
#include "src/cli/bench/bench_remote.h"
#include "src/cli/bench/bench_report.h"
#include "src/cli/command.h"
#include "src/cli/progress.h"
#include "src/cli/settings.h"
#include "src/cli/workplace.h"

namespace coupon::cli {
namespace {

using core::Done;
using core::Result;

struct BenchOptions {
  std::optional<std::int64_t> users = {};
  std::optional<std::int64_t> codes = {};
  std::vector<std::string> kinds = {"redeem", "issue",    "sold-out", "claim",
                                    "assign", "validate", "mixed"};
  std::size_t connections = 64;
  double seconds = 5;
  std::size_t runs = 1;
  std::string keep = {};
  std::string url = {};
  bool json = false;
};

// Of a server that runs already: each account costs it two password hashes, and stays.
constexpr std::int64_t kRemoteUsers = 20;
constexpr std::int64_t kRemoteCodes = 100'000;

class Bench {
 public:
  Bench(const BenchOptions& options, BenchTarget& target) : options_(options), target_(target) {
    report_.users = *options.users;
    report_.codes = *options.codes;
    report_.connections = options.connections;
    report_.seconds = options.seconds;
    report_.results = target.limits();
    for (const std::string& kind : options.kinds) add(kind);
    steps_ = options.runs * report_.results.size();
  }

  Result<Done> run() {
    if (auto done = target_.load(progress_); !done.ok()) return done;
    for (std::size_t round = 0; round < options_.runs; ++round) {
      for (BenchResult& result : report_.results) {
        auto outcome = target_.measure(result.name, plan(), progress_);
        if (!outcome.ok()) return outcome.error();
        result.runs.push_back(*std::move(outcome));
        ++step_;
      }
    }
    auto finished = target_.finish(report_, progress_);
    bar_.reset();
    return finished;
  }

  const BenchReport& report() const { return report_; }

 private:
  void add(const std::string& name) {
    if (report_.find(name) != nullptr) return;
    report_.results.push_back({.name = name, .about = std::string(target_.about(name))});
  }

  load::Plan plan() {
    return {.connections = options_.connections,
            .seconds = options_.seconds,
            .progress = [this](double seconds) { show(seconds); }};
  }

  // The bar of what is under way; another one's is taken away.
  Progress& bar(const std::string& what) {
    if (what != bar_name_) {
      bar_.reset();
      bar_ = std::make_unique<Progress>(what);
      bar_name_ = what;
    }
    return *bar_;
  }

  // `seconds` of this step are over.
  void show(double seconds) {
    const double part = std::min(1.0, seconds / options_.seconds);
    const auto total = static_cast<std::int64_t>(steps_) * 1000;
    bar("Measuring")
        .show(static_cast<std::int64_t>(step_) * 1000 + static_cast<std::int64_t>(part * 1000),
              total);
  }

  const BenchOptions& options_;
  BenchTarget& target_;
  const ShowProgress progress_ = [this](const std::string& what, std::int64_t done,
                                        std::int64_t total) { bar(what).show(done, total); };
  BenchReport report_;
  std::unique_ptr<Progress> bar_;
  std::string bar_name_;
  std::size_t step_ = 0;
  std::size_t steps_ = 0;
};

// `failed`: the exit code when there is no result.
int run_on(BenchTarget& target, const BenchOptions& options, ExitCode failed) {
  for (const std::string& kind : options.kinds) {
    if (target.about(kind).empty()) {
      return fail("There is no --mix " + kind + ". `coupond bench --help` says what there is.",
                  kUsage);
    }
  }
  Bench bench(options, target);
  if (const auto done = bench.run(); !done.ok()) return fail(done.error(), failed);
  std::cout << (options.json ? as_json(bench.report()) : as_table(bench.report())) << std::flush;
  return bench.report().ok() ? kDone : kFailed;
}

int run_own(BenchOptions options) {
  const BenchSize standard;
  options.users = options.users.value_or(standard.users);
  options.codes = options.codes.value_or(standard.codes);
  const Workplace temporary("bench");
  OwnServer server(options.keep.empty() ? temporary.path() : options.keep,
                   {.users = *options.users, .codes = *options.codes});
  return run_on(server, options, kFailed);
}

int run_remote(BenchOptions options) {
  options.users = options.users.value_or(kRemoteUsers);
  options.codes = options.codes.value_or(kRemoteCodes);
  const auto place = find_place(options.url);
  if (!place.ok()) return fail(place.error(), kUsage);
  const auto admin = admin_of_environment();
  if (!admin.ok()) return fail(admin.error(), kUsage);
  if (!*admin || (*admin)->password.empty()) {
    return fail(
        "Say who sets up the benchmark there: COUPOND_ADMIN_EMAIL and COUPOND_ADMIN_PASSWORD (or "
        "COUPOND_ADMIN_PASSWORD_FILE) have to name an administrator of that server.",
        kUsage);
  }
  RemoteServer server(*place, **admin, *options.users, *options.codes);
  return run_on(server, options, kCouldNotStart);
}

int run_bench(const BenchOptions& options) {
  return options.url.empty() ? run_own(options) : run_remote(options);
}

std::string known_kinds() {
  std::string names;
  for (const BenchKind& kind : bench_kinds()) {
    names += "\n  " + std::string(kind.name) + ": " + std::string(kind.about);
  }
  return names;
}

}  // namespace

void add_bench(CommandLine& line) {
  const auto options = std::make_shared<BenchOptions>();
  CLI::App* command =
      line.root.add_subcommand("bench",
                               "Measure this machine, with a server of its own or a "
                               "running one");
  command->add_option("--mix", options->kinds, "What to measure, separated by commas")
      ->delimiter(',')
      ->capture_default_str();
  command->add_option("--seconds", options->seconds, "Length of one run")
      ->type_name("N")
      ->check(number(0.1, 3600))
      ->capture_default_str();
  command->add_option("--runs", options->runs, "Runs of each; the median counts")
      ->type_name("N")
      ->check(whole_number(1, 100))
      ->capture_default_str();
  command->add_option("--connections", options->connections, "Keep-alive connections")
      ->type_name("N")
      ->check(whole_number(1, 4000))
      ->capture_default_str();
  command->add_option("--users", options->users, "Accounts; 10000, or 20 with --url")
      ->type_name("N")
      ->check(whole_number(1, 100'000'000));
  command
      ->add_option("--codes", options->codes,
                   "Card codes; 200000, or with --url 100000 unused ones before each run")
      ->type_name("N")
      ->check(whole_number(1, 100'000'000));
  CLI::Option* keep =
      command
          ->add_option("--keep", options->keep,
                       "Data directory to make, or to go on with, instead of a temporary one")
          ->type_name("DIR");
  command
      ->add_option("--url", options->url,
                   "Measure the server that runs there, on this machine, with campaigns and "
                   "accounts of its own")
      ->type_name("URL")
      ->excludes(keep);
  command->add_flag("--json", options->json, "For programs");
  command->footer(
      "Mixes:" + known_kinds() +
      "\nWith --url, COUPOND_ADMIN_EMAIL and COUPOND_ADMIN_PASSWORD (or "
      "COUPOND_ADMIN_PASSWORD_FILE)\nname an administrator of the server, whose full speed shows "
      "with --rate-limits off.\nThe native endpoints take the place of those bound to one "
      "campaign. Afterwards, what was\nmade is archived and deactivated, and named.\n"
      "Example: coupond bench --url http://127.0.0.1:8080 --mix redeem,mixed");
  command->callback([&line, options] { line.chosen = [options] { return run_bench(*options); }; });
}

}  // namespace coupon::cli
