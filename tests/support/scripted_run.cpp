#include "tests/support/scripted_run.h"

#include <SQLiteCpp/Exception.h>

#include <map>
#include <stdexcept>

#include "coupond/store/checkpoint.h"

namespace coupon::test {
namespace {

constexpr char kPath[] = "/coupond.db";
constexpr char kMarked[] = "SELECT actor, seq FROM ledger WHERE actor LIKE 'step:%'";

}  // namespace

ScriptedRun::ScriptedRun(FaultVfs& disk, std::uint64_t seed, store::Durability durability)
    : disk_(disk), seed_(seed), durability_(durability) {
  make_database(kPath, disk.name());
}

EngineFixture::Options ScriptedRun::options(std::uint64_t seed) const {
  return {.writer = {.durability = durability_,
                     .log_step = 60,
                     .vfs = disk_.name(),
                     .changes = changes_},
          .seed = seed,
          .path = kPath};
}

void ScriptedRun::set_up() {
  // Another seed each time: codes and UUIDs must differ from those of the last.
  const std::uint64_t seed = seed_ * 1000 + ++runs_;
  engine_ = std::make_unique<EngineFixture>(options(seed));
  history_ = std::make_unique<History>(*engine_, seed, "step:" + std::to_string(runs_) + ".");
  history_->set_up();
}

void ScriptedRun::run(int steps) {
  try {
    if (!engine_) set_up();
    for (int i = 0; i < steps; ++i) note(history_->step());
    engine_->stop();
  } catch (const SQLite::Exception&) {
    // Could not be opened.
  } catch (const std::runtime_error&) {
    // Could not be set up: nothing was acknowledged that the ledger does not show.
  }
  history_.reset();
  engine_.reset();
}

void ScriptedRun::note(const Outcome& outcome) {
  outcomes_.push_back(outcome);
  if (outcome.seq) {
    ++acknowledged_;
  } else if (core::kind(*outcome.refusal) == core::Kind::kUnknown) {
    ++unknown_;
  } else {
    ++refused_;
  }
}

std::string ScriptedRun::check() {
  try {
    EngineFixture engine(options(seed_ * 1000 + 500 + ++checks_));
    auto connection = engine.open(store::Connection::Access::kReadOnly);
    std::string wrong = contradictions(connection);
    if (!engine.verify().ok()) wrong += "verify: " + *engine.verify().first_divergence + "\n";
    // It must go on working, too.
    engine.make_user();
    engine.stop();
    if (!engine.fatals().empty()) wrong += "fatal: " + engine.fatals().front() + "\n";
    return wrong;
  } catch (const std::exception& error) {
    return std::string("cannot be opened: ") + error.what() + "\n";
  }
}

std::string ScriptedRun::contradictions(store::Connection& connection) {
  std::map<std::string, std::int64_t> stored;
  store::Query query(connection, kMarked);
  while (query.next()) stored[query.text(0)] = query.integer(1);
  std::string wrong;
  lost_ = 0;
  for (const Outcome& outcome : outcomes_) {
    const auto found = stored.find(outcome.marker);
    const bool there = found != stored.end();
    if (outcome.seq && (!there || found->second != outcome.seq->value)) {
      ++lost_;
      wrong += outcome.marker + " " + outcome.operation + " was acknowledged and is not there\n";
    }
    const bool refused = outcome.refusal && core::kind(*outcome.refusal) != core::Kind::kUnknown;
    if (refused && there) {
      wrong += outcome.marker + " " + outcome.operation + " was refused and is there\n";
    }
  }
  return wrong;
}

}  // namespace coupon::test
