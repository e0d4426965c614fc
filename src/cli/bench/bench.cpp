// coupond bench: what this machine does, end to end and durably, beside its own limits.

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <utility>

#include "coupond/app/temporary_directory.h"
#include "src/cli/bench/bench_report.h"
#include "src/cli/bench/bench_server.h"
#include "src/cli/command.h"
#include "src/cli/progress.h"
#include "src/cli/settings.h"

namespace coupon::cli {
namespace {

using core::Done;
using core::Result;

struct BenchOptions {
  std::optional<std::int64_t> users = {};
  std::optional<std::int64_t> codes = {};
  std::vector<std::string> kinds = {"redeem", "till",   "issue",    "use",  "sold-out",
                                    "claim",  "assign", "validate", "mixed"};
  std::size_t connections = 64;
  double seconds = 5;
  std::size_t runs = 1;
  std::string keep = {};
  std::string url = {};
  std::string compare = {};
  bool json = false;
};

// Made through the API, where each account costs two password hashes.
constexpr std::int64_t kApiUsers = 20;
constexpr std::int64_t kApiCodes = 100'000;

// One server's part, or two servers' in turn.
class Bench {
 public:
  explicit Bench(const BenchOptions& options)
      : options_(options), steps_(options.runs * (options.kinds.size() + 1)) {}

  // The report of what this server does follows at the same place in reports().
  void add(std::unique_ptr<BenchServer> server, bool measures_writer) {
    BenchReport report{.users = *options_.users,
                       .codes = *options_.codes,
                       .connections = options_.connections,
                       .seconds = options_.seconds};
    if (measures_writer) report.results.push_back({kWriter, kAboutWriter});
    add_kind(report, "healthz");
    for (const std::string& kind : options_.kinds) add_kind(report, kind);
    servers_.push_back(std::move(server));
    reports_.push_back(std::move(report));
  }

  Result<Done> run() {
    steps_ *= servers_.size();
    for (std::size_t i = 0; i < servers_.size(); ++i) {
      if (auto done = measure_writer(i); !done.ok()) return done;
      if (auto done = servers_[i]->load(progress_); !done.ok()) return done;
    }
    for (std::size_t round = 0; round < options_.runs; ++round) {
      for (const BenchResult& result : reports_[0].results) {
        if (result.name == kWriter) continue;
        if (auto done = measure(result.name, round); !done.ok()) return done;
      }
    }
    for (std::size_t i = 0; i < servers_.size(); ++i) {
      if (auto done = servers_[i]->finish(reports_[i], progress_); !done.ok()) return done;
    }
    bar_.reset();
    return Done{};
  }

  const std::vector<BenchReport>& reports() const { return reports_; }

 private:
  static constexpr char kWriter[] = "writer";
  static constexpr char kAboutWriter[] = "the same redemptions without HTTP: group commit alone";

  static void add_kind(BenchReport& report, const std::string& name) {
    if (report.find(name) != nullptr) return;
    report.results.push_back({.name = name, .about = std::string(find_bench_kind(name)->about)});
  }

  static BenchResult& result(BenchReport& report, const std::string& name) {
    return *std::find_if(report.results.begin(), report.results.end(),
                         [&](const BenchResult& one) { return one.name == name; });
  }

  Result<Done> measure_writer(std::size_t server) {
    BenchReport& report = reports_[server];
    for (std::size_t i = 0; report.find(kWriter) != nullptr && i < options_.runs; ++i) {
      auto run = servers_[server]->measure_writer(plan(), progress_);
      if (!run.ok()) return run.error();
      result(report, kWriter).runs.push_back(*std::move(run));
    }
    return Done{};
  }

  // Who is first changes from round to round: a machine that warms up or cools down favours none.
  Result<Done> measure(const std::string& name, std::size_t round) {
    for (std::size_t i = 0; i < servers_.size(); ++i) {
      const std::size_t server = (i + round) % servers_.size();
      auto run = servers_[server]->measure(*find_bench_kind(name), plan(), progress_);
      if (!run.ok()) return run.error();
      if (run->outcome.right + run->outcome.wrong == 0) return none_left(name);
      result(reports_[server], name).runs.push_back(*std::move(run));
      ++step_;
    }
    return Done{};
  }

  core::Error none_left(const std::string& name) const {
    return core::refuse("No code was left for " + name + ": the runs before it used all " +
                        std::to_string(*options_.codes) + ". Say more with --codes.");
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
    bar("Measuring")
        .show(static_cast<std::int64_t>(step_) * 1000 + static_cast<std::int64_t>(part * 1000),
              static_cast<std::int64_t>(steps_) * 1000);
  }

  const BenchOptions& options_;
  const ShowProgress progress_ = [this](const std::string& what, std::int64_t done,
                                        std::int64_t total) { bar(what).show(done, total); };
  std::vector<std::unique_ptr<BenchServer>> servers_;
  std::vector<BenchReport> reports_;
  std::unique_ptr<Progress> bar_;
  std::string bar_name_;
  std::size_t step_ = 0;
  std::size_t steps_;
};

// `failed`: the exit code when there is no result.
int print_result(Bench& bench, const BenchOptions& options, ExitCode failed) {
  if (const auto done = bench.run(); !done.ok()) return fail(done.error(), failed);
  const BenchReport& own = bench.reports()[0];
  if (bench.reports().size() == 1) {
    std::cout << (options.json ? as_json(own) : as_table(own));
  } else {
    const BenchReport& other = bench.reports()[1];
    std::cout << (options.json ? as_json(own, other, options.compare)
                               : as_table(own, other, options.compare));
  }
  const bool ok = std::all_of(bench.reports().begin(), bench.reports().end(),
                              [](const BenchReport& report) { return report.ok(); });
  const int written = printed();
  return ok ? written : kFailed;
}

int run_own(BenchOptions options) {
  const BenchSize standard;
  options.users = options.users.value_or(standard.users);
  options.codes = options.codes.value_or(standard.codes);
  const app::TemporaryDirectory temporary("bench");
  Bench bench(options);
  bench.add(std::make_unique<BenchServer>(
                options.keep.empty() ? temporary.path() + "/data" : options.keep,
                BenchSize{.users = *options.users, .codes = *options.codes}),
            true);
  return print_result(bench, options, kFailed);
}

// Both get what they work on through their API: an older build could not read what ours has made.
int run_compared(BenchOptions options) {
  options.users = options.users.value_or(kApiUsers);
  options.codes = options.codes.value_or(kApiCodes);
  if (::access(options.compare.c_str(), X_OK) != 0) {
    return fail("--compare takes an executable of coupond, not \"" + options.compare + "\".",
                kUsage);
  }
  const app::TemporaryDirectory temporary("bench");
  const BenchSize size{.users = *options.users, .codes = *options.codes};
  Bench bench(options);
  bench.add(
      std::make_unique<BenchServer>(ChildServer::this_program(), temporary.path() + "/this", size),
      false);
  bench.add(std::make_unique<BenchServer>(std::filesystem::absolute(options.compare).string(),
                                          temporary.path() + "/other", size),
            false);
  return print_result(bench, options, kFailed);
}

int run_remote(BenchOptions options) {
  options.users = options.users.value_or(kApiUsers);
  options.codes = options.codes.value_or(kApiCodes);
  const auto place = find_place(options.url);
  if (!place.ok()) return fail(place.error(), kUsage);
  const auto admin = admin_of_environment();
  if (!admin.ok()) return fail(admin.error(), kUsage);
  if (!*admin || (*admin)->password.empty()) {
    return fail(
        "COUPOND_ADMIN_EMAIL and COUPOND_ADMIN_PASSWORD (or COUPOND_ADMIN_PASSWORD_FILE) have to "
        "name an administrator of that server, who sets up the benchmark there.",
        kUsage);
  }
  Bench bench(options);
  bench.add(std::make_unique<BenchServer>(
                *place, **admin, BenchSize{.users = *options.users, .codes = *options.codes}),
            false);
  return print_result(bench, options, kCouldNotStart);
}

int run_bench(const BenchOptions& options) {
  for (const std::string& kind : options.kinds) {
    if (find_bench_kind(kind) != nullptr) continue;
    return fail("There is no --mix " + kind + ". `coupond bench --help` says what there is.",
                kUsage);
  }
  if (!options.compare.empty()) return run_compared(options);
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

void add_bench(const Command& root) {
  const auto options = std::make_shared<BenchOptions>();
  const Command command = root.add_subcommand(
      "bench", "Measure this machine, with a server of its own or a running one");
  command.add_option("--mix", options->kinds, "What to measure, separated by commas")
      .delimiter(',')
      .shows_default();
  command.add_option("--seconds", options->seconds, "Length of one run")
      .type_name("N")
      .number(0.1, 3600)
      .shows_default();
  command.add_option("--runs", options->runs, "Runs of each; the median counts")
      .type_name("N")
      .whole_number(1, 100)
      .shows_default();
  command.add_option("--connections", options->connections, "Keep-alive connections")
      .type_name("N")
      .whole_number(1, 4000)
      .shows_default();
  command.add_option("--users", options->users, "Accounts; 10000, or 20 with --url or --compare")
      .type_name("N")
      .whole_number(1, 100'000'000);
  command
      .add_option(
          "--codes", options->codes,
          "Card codes; 200000, or 100000 unused ones before each run with --url or --compare")
      .type_name("N")
      .whole_number(1, 100'000'000);
  const Option keep =
      command
          .add_option("--keep", options->keep,
                      "Data directory to make, or to go on with, instead of a temporary one")
          .type_name("DIR");
  const Option compare = command
                             .add_option("--compare", options->compare,
                                         "Measure another build of coupond in turn with this one")
                             .type_name("BINARY")
                             .excludes(keep);
  command
      .add_option("--url", options->url,
                  "Measure the server that runs there, on this machine, with campaigns and "
                  "accounts of its own")
      .type_name("URL")
      .excludes(keep)
      .excludes(compare);
  command.add_flag("--json", options->json, "For programs");
  command.footer(
      "Mixes:" + known_kinds() +
      "\nWith --url, COUPOND_ADMIN_EMAIL and COUPOND_ADMIN_PASSWORD (or "
      "COUPOND_ADMIN_PASSWORD_FILE)\nname an administrator of the server, whose full speed shows "
      "with --rate-limits off.\nAfterwards, what was made there is archived and deactivated, and "
      "named. Of servers of its\nown, bench says what each operation wrote (KiB/op) and how many "
      "commits, of one sync each,\nit took, and verifies the books.\n"
      "Example: coupond bench --compare ./coupond-before --mix redeem,till --runs 5\n"
      "Example: coupond bench --url http://127.0.0.1:8080 --mix redeem,mixed");
  command.runs([options] { return run_bench(*options); });
}

}  // namespace coupon::cli
