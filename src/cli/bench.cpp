// coupond bench: what this machine does, end to end and durably, beside its own limits.

#include <iostream>
#include <memory>
#include <thread>
#include <utility>

#include "coupond/core/signing.h"
#include "coupond/store/audit.h"
#include "src/cli/bench_report.h"
#include "src/cli/bench_work.h"
#include "src/cli/child_server.h"
#include "src/cli/command.h"
#include "src/cli/progress.h"
#include "src/cli/workplace.h"

namespace coupon::cli {
namespace {

using core::Done;
using core::Result;
using service::Engine;

constexpr std::string_view kWriter = "writer";

struct BenchOptions {
  BenchSize size;
  std::vector<std::string> kinds = {"redeem", "issue",    "sold-out", "claim",
                                    "assign", "validate", "mixed"};
  std::size_t connections = 64;
  double seconds = 5;
  std::size_t runs = 1;
  std::string keep = {};
  bool json = false;
};

class Bench {
 public:
  Bench(const BenchOptions& options, std::string data_dir)
      : options_(options), data_dir_(std::move(data_dir)) {
    report_.size = options.size;
    report_.connections = options.connections;
    report_.seconds = options.seconds;
    report_.results.push_back({.name = std::string(kWriter),
                               .about = "the same redemptions without HTTP: group commit alone"});
    add("healthz");
    for (const std::string& kind : options.kinds) add(kind);
    steps_ = options.runs * report_.results.size();
  }

  Result<Done> run() {
    if (auto done = load(); !done.ok()) return done;
    for (std::size_t round = 0; round < options_.runs; ++round) {
      for (BenchResult& result : report_.results) {
        auto outcome = result.name == kWriter ? measure_writer() : measure(result);
        if (!outcome.ok()) return outcome.error();
        result.runs.push_back(*std::move(outcome));
        ++step_;
      }
    }
    return verify();
  }

  const BenchReport& report() const { return report_; }

 private:
  void add(const std::string& name) {
    if (report_.find(name) != nullptr) return;
    report_.results.push_back({.name = name, .about = std::string(find_bench_kind(name)->about)});
  }

  // The durability is the default's, as in the server; loading needs none.
  Result<std::unique_ptr<Engine>> open(store::Durability durability = store::Durability::kFull) {
    Engine::Options options;
    options.data_dir = data_dir_;
    options.writer.durability = durability;
    return Engine::open(std::move(options));
  }

  Result<Done> load() {
    const auto engine = open(store::Durability::kRelaxed);
    if (!engine.ok()) return engine.error();
    return fill(**engine, options_.size,
                [&](std::string_view what, std::int64_t done, std::int64_t total) {
                  bar("Loading " + std::string(what)).show(done, total);
                });
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

  Result<load::Outcome> measure_writer() {
    const auto engine = open();
    if (!engine.ok()) return engine.error();
    const auto supply = BenchSupply::make(**engine, options_.size);
    if (!supply.ok()) return supply.error();
    show(0);
    return redeem_without_http(**engine, **supply, options_.connections, options_.seconds);
  }

  Result<std::unique_ptr<BenchSupply>> prepare(const BenchKind& kind) {
    const auto engine = open();
    if (!engine.ok()) return engine.error();
    auto supply = BenchSupply::make(**engine, options_.size);
    if (!supply.ok() || kind.prepare == nullptr) return supply;
    if (const auto prepared = kind.prepare(**engine); !prepared.ok()) return prepared.error();
    return supply;
  }

  Result<load::Outcome> measure(const BenchResult& result) {
    const BenchKind& kind = *find_bench_kind(result.name);
    const auto supply = prepare(kind);
    if (!supply.ok()) return supply.error();
    const auto server = ChildServer::start(data_dir_, data_dir_ + "/bench.log");
    if (!server.ok()) return server.error();
    note_start(**server);
    const std::size_t most = kind.connections_max != 0 ? kind.connections_max : ~std::size_t{0};
    const load::Plan plan{.port = server.value()->port(),
                          .connections = std::min(options_.connections, most),
                          .seconds = options_.seconds,
                          .progress = [&](double seconds) { show(seconds); }};
    auto outcome = load::run(plan, kind.workload(**supply));
    note_end(**server);
    if (!server.value()->stop()) {
      return core::Error{
          .reason = core::Reason::kInternal,
          .message = "The server ended with an error; " + data_dir_ + "/bench.log says why."};
    }
    return outcome;
  }

  void note_start(const ChildServer& server) {
    report_.ready_ms = std::max(report_.ready_ms, server.ready_ms());
    report_.memory_at_start_kib = std::max(report_.memory_at_start_kib, server.memory_kib());
  }

  void note_end(const ChildServer& server) {
    report_.memory_after_kib = std::max(report_.memory_after_kib, server.memory_kib());
  }

  Result<Done> verify() {
    const auto engine = open();
    if (!engine.ok()) return engine.error();
    const core::SigningKey key = engine.value()->secrets().checkpoint_key();
    store::AuditOptions audit{
        .verifier = [&](std::string_view message, const store::Signature& signature) {
          return core::signature_ok(key.public_key, message, signature);
        }};
    audit.vault = &engine.value()->vault();
    audit.progress = [&](std::int64_t done, std::int64_t total) {
      bar("Verifying").show(done, total);
    };
    const auto found =
        engine.value()->readers().read<store::AuditReport>([&](store::Connection& db) {
          return Result<store::AuditReport>(store::verify(db, audit));
        });
    if (!found.ok()) return found.error();
    bar_.reset();
    report_.verified = found->ok();
    report_.first_divergence = found->first_divergence.value_or("");
    return Done{};
  }

  const BenchOptions& options_;
  const std::string data_dir_;
  BenchReport report_;
  std::unique_ptr<Progress> bar_;
  std::string bar_name_;
  std::size_t step_ = 0;
  std::size_t steps_ = 0;
};

int run_bench(const BenchOptions& options) {
  for (const std::string& kind : options.kinds) {
    if (find_bench_kind(kind) == nullptr) {
      return fail("There is no --mix " + kind + ". `coupond bench --help` says what there is.",
                  kUsage);
    }
  }
  const Workplace temporary("bench");
  Bench bench(options, options.keep.empty() ? temporary.path() : options.keep);
  if (const auto done = bench.run(); !done.ok()) return fail(done.error());
  std::cout << (options.json ? as_json(bench.report()) : as_table(bench.report())) << std::flush;
  return bench.report().ok() ? kDone : kFailed;
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
      line.root.add_subcommand("bench", "Measure this machine with a server of its own");
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
  command->add_option("--users", options->size.users, "Accounts")
      ->type_name("N")
      ->check(whole_number(1, 100'000'000))
      ->capture_default_str();
  command->add_option("--codes", options->size.codes, "Card codes")
      ->type_name("N")
      ->check(whole_number(1, 100'000'000))
      ->capture_default_str();
  command
      ->add_option("--keep", options->keep,
                   "Data directory to make, or to go on with, instead of a temporary one")
      ->type_name("DIR");
  command->add_flag("--json", options->json, "For programs");
  command->footer("Mixes:" + known_kinds());
  command->callback([&line, options] { line.chosen = [options] { return run_bench(*options); }; });
}

}  // namespace coupon::cli
