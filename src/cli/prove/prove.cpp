// coupond prove: the promises, tried on the user's own machine.

#include <chrono>
#include <iostream>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "coupond/app/temporary_directory.h"
#include "src/cli/command.h"
#include "src/cli/interruption.h"
#include "src/cli/progress.h"
#include "src/cli/prove/prove_report.h"
#include "src/cli/prove/prove_round.h"

namespace coupon::cli {
namespace {

// A data directory grows, and with it the time to check all of it; so a fresh one now and then.
constexpr int kCyclesPerRound = 50;

struct ProveInput {
  double minutes = 1;
  std::optional<std::uint64_t> seed = {};
  bool json = false;
};

class Proof {
 public:
  Proof(const ProveInput& input, const std::string& directory, Interruption& interruption)
      : minutes_(input.minutes),
        directory_(directory),
        interruption_(interruption),
        progress_("Proving") {
    report_.seed = input.seed ? *input.seed : std::random_device{}();
    report_.machine = this_machine(directory);
  }

  ProveReport run() {
    for (int round = 0; !over(); ++round) {
      const auto done = run_round(round);
      report_.seconds = elapsed();
      if (done.ok()) continue;
      report_.broken_off = done.error().message;
      break;
    }
    if (interruption_.asked()) report_.broken_off = "You ended it before its time.";
    return report_;
  }

 private:
  using Clock = std::chrono::steady_clock;

  core::Result<core::Done> run_round(int number) {
    const std::string data = directory_ + "/round-" + std::to_string(number);
    ProveRound round(data, report_.seed + static_cast<std::uint64_t>(number), report_.counts);
    if (auto ready = round.prepare(); !ready.ok()) return ready;
    for (int i = 0; i < kCyclesPerRound && !over(); ++i) {
      if (auto done = round.cycle(); !done.ok()) return done;
      progress_.show(static_cast<std::int64_t>(elapsed()),
                     static_cast<std::int64_t>(minutes_ * 60));
    }
    return core::Done{};
  }

  double elapsed() const { return std::chrono::duration<double>(Clock::now() - started_).count(); }
  // One violation is enough; what follows it may follow from it.
  bool over() {
    return !report_.counts.violations.empty() || interruption_.asked() ||
           (report_.counts.cycles > 0 && elapsed() >= minutes_ * 60);
  }

  const double minutes_;
  const std::string directory_;
  Interruption& interruption_;
  const Clock::time_point started_ = Clock::now();
  Progress progress_;
  ProveReport report_;
};

int prove(const ProveInput& input) {
  const app::TemporaryDirectory directory("prove");
  if (directory.path().empty()) {
    return fail("No temporary directory could be made. Name one that you may write with TMPDIR.",
                kCouldNotStart);
  }
  Interruption interruption;
  const ProveReport report = Proof(input, directory.path(), interruption).run();
  std::cout << (input.json ? as_json(report) : as_text(report));
  return report.ok() ? kDone : kFailed;
}

}  // namespace

void add_prove(const Command& root) {
  const auto input = std::make_shared<ProveInput>();
  const Command command = root.add_subcommand(
      "prove", "Try on this machine that nothing is sold twice and nothing acknowledged is lost");
  command.add_option("--minutes", input->minutes, "How long")
      .type_name("N")
      .number(0.01, 1440)
      .shows_default();
  command.add_option("--seed", input->seed, "The report's, to draw the same lots again");
  command.add_flag("--json", input->json, "The report as JSON");
  command.footer(
      "Works in a temporary directory (TMPDIR says where) with servers of its own, which it races\n"
      "for last units and kills with kill -9. Exit code 1 when anything was found wrong, or when "
      "it\n"
      "was ended (Ctrl-C) before its time.");
  command.runs([input] { return prove(*input); });
}

}  // namespace coupon::cli
