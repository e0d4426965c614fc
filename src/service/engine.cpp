#include "coupond/service/engine.h"

#include <unistd.h>

#include <exception>
#include <optional>
#include <utility>

#include "coupond/core/signing.h"
#include "coupond/store/clock_steps.h"
#include "coupond/store/cluster_note.h"
#include "coupond/store/follow.h"
#include "coupond/store/loss.h"
#include "coupond/store/restore.h"
#include "coupond/store/soundness.h"
#include "src/service/first_start.h"

namespace coupon::service {
namespace {

using core::refuse;

// The key of a first start has another name until its database is there: so a key alone says that a
// database is missing, and a first start that was cut off can begin again.
core::Result<core::Secrets> load_secrets(const store::DataPaths& paths,
                                         const core::Random& random) {
  if (store::exists(paths.key)) return core::Secrets::load(paths.key);
  const bool has_database = store::has_database(paths);
  if (has_database && store::exists(paths.new_key)) return core::Secrets::load(paths.new_key);
  // A key that is missing beside a database is a loss to be told of, never to be papered over with
  // a new one: all codes would be unknown from then on.
  if (has_database) return core::Secrets::load(paths.key);
  ::unlink(paths.new_key.c_str());
  return core::Secrets::create(paths.new_key, random);
}

// What a power cut may take from a server that was told so is no reason not to start.
std::optional<core::Error> refuse_loss(const Engine::Options& options,
                                       const store::DataPaths& paths) {
  if (auto error = store::lost_database(paths)) return error;
  const auto loss = store::find_loss(paths);
  if (!loss.sentence) return std::nullopt;
  if (loss.log.lost) {
    const auto copy = store::keep_log(paths, options.clock);
    if (!copy.ok()) return copy.error();
    options.observer.notice("a copy of the damaged log is kept as " + *copy);
  }
  if (options.accept_loss || options.writer.durability == store::Durability::kRelaxed) {
    options.observer.notice(*loss.sentence);
    return std::nullopt;
  }
  return refuse(*loss.sentence +
                ". Look at it with `coupond check --log`, restore a backup with `coupond restore "
                "FILE`, or go on without what is lost with `coupond serve --accept-loss`.");
}

// A demo has accounts with known passwords: it must not meet real data, nor pass for real itself.
std::optional<core::Error> mixes_demo(std::optional<bool> demo, bool is_demo,
                                      const store::DataPaths& paths) {
  if (!demo || demo == is_demo) return std::nullopt;
  if (*demo) {
    return refuse("The data directory " + paths.directory +
                  " holds real data, and --demo would add accounts with known passwords. Name "
                  "another directory with --data.");
  }
  return refuse("The data directory " + paths.directory +
                " holds a demo, whose passwords are known. Start it with --demo, or name another "
                "directory with --data.");
}

store::Verifier verifier_of(const core::Secrets& secrets) {
  return store::key_check(secrets).verifier;
}

store::PrepareOptions prepare_options(const Engine::Options& options,
                                      const core::Secrets& secrets) {
  return {.secrets = secrets,
          .clock = options.clock,
          .random = options.random,
          .vfs = options.writer.vfs,
          .demo = options.demo.value_or(false),
          .notice = options.observer.notice};
}

}  // namespace

core::Result<std::unique_ptr<Engine>> Engine::open(Options options) {
  const store::DataPaths paths(options.data_dir);
  const auto made = store::make_data_dir(paths);
  if (!made.ok()) return made.error();
  if (options.demo == true && !store::exists(paths.database) && store::has_foreign_files(paths)) {
    return refuse("The directory " + paths.directory +
                  " is not empty. Name an empty one, or a new name, with --data for a demo.");
  }
  if (auto error = store::open_to_others(paths)) return *error;
  if (const auto shared = store::open_to_a_group(paths)) options.observer.notice(*shared);
  auto lock = store::DataLock::take(paths);
  if (!lock.ok()) return lock.error();
  if (auto error = store::finish_restore(paths)) return *error;
  if (auto error = store::refuse_follower(paths)) return *error;
  if (auto error = refuse_loss(options, paths)) return *error;
  auto secrets = load_secrets(paths, options.random);
  if (!secrets.ok()) return secrets.error();
  const auto prepared = store::prepare_database(paths, prepare_options(options, *secrets));
  if (!prepared.ok()) return prepared.error();
  if (auto error = mixes_demo(options.demo, prepared->facts.demo, paths)) return *error;
  if (!options.in_cluster) {
    if (auto error = store::refuse_member(paths, prepared->facts.restore_epoch)) return *error;
  }
  if (auto error = store::settle_new_key(paths)) return *error;
  try {
    auto engine = std::unique_ptr<Engine>(new Engine(std::move(options), std::move(lock.value()),
                                                     std::move(secrets.value()), prepared->facts));
    if (auto error = engine->note_head()) return *error;
    engine->counters_.set_totals(prepared->totals);
    if (const auto begun = make_default_campaigns(*engine); !begun.ok()) return begun.error();
    if (const auto noted = engine->note_clock_steps(); !noted.ok()) return noted.error();
    return engine;
  } catch (const std::exception& error) {
    return refuse("The database " + paths.database + " cannot be opened: " + error.what() +
                  ". Check its owner, its mode and the disk it is on.");
  }
}

Engine::Engine(Options options, store::DataLock lock, core::Secrets secrets,
               store::DatabaseFacts facts)
    : options_(std::move(options)),
      paths_(options_.data_dir),
      lock_(std::move(lock)),
      secrets_(std::move(secrets)),
      facts_(std::move(facts)),
      file_id_(store::file_id(paths_.database)),
      vault_(secrets_),
      tokens_(secrets_),
      passwords_(options_.passwords),
      head_note_(paths_, facts_),
      readers_(paths_.database, {.connections = options_.readers,
                                 .vfs = options_.writer.vfs,
                                 .notice = options_.observer.notice}),
      writer_(paths_.database, signer(), options_.clock, counters_, options_.writer, observer()) {}

store::Signer Engine::signer() const {
  return
      [this](std::string_view message) { return core::sign(secrets_.checkpoint_key(), message); };
}

store::Writer::Observer Engine::observer() {
  store::Writer::Observer observer = options_.observer;
  observer.batch = [this, told = options_.observer.batch](const store::BatchReport& report) {
    head_note_.write(report.head);
    told(report);
  };
  observer.foreign_write = [this, told = options_.observer.foreign_write] {
    users_.clear();
    ++foreign_writes_;
    told();
  };
  return observer;
}

std::optional<core::Error> Engine::note_head() {
  const auto head = readers_.read<store::LedgerHead>(
      [](store::Connection& connection) -> core::Result<store::LedgerHead> {
        return store::last_entry(connection);
      });
  if (!head.ok()) return head.error();
  head_note_.write(*head);
  return std::nullopt;
}

core::Result<core::Done> Engine::note_clock_steps() {
  const auto noted = readers_.read<bool>([](store::Connection& connection) -> core::Result<bool> {
    return store::clock_steps_are_noted(connection);
  });
  if (!noted.ok()) return noted.error();
  if (*noted) return core::Done{};
  return writer_.run<core::Done>("engine.clock_steps",
                                 [](store::Tx& tx) -> core::Result<core::Done> {
                                   store::note_old_clock_steps(tx.db());
                                   return core::Done{};
                                 });
}

bool Engine::has_its_file() const { return store::file_id(paths_.database) == file_id_; }

core::Result<store::LedgerCheck> Engine::check_ledger() {
  return readers_.read<store::LedgerCheck>([&](store::Connection& connection) {
    return store::check_since_checkpoint(connection, verifier_of(secrets_));
  });
}

core::Result<core::Done> Engine::checkpoint() {
  const auto checked = check_ledger();
  note_divergence(checked);
  if (!checked.ok()) return checked.error();
  if (checked->head.seq == checked->trusted) return core::Done{};
  store::CheckpointWriter checkpoint(*checked, signer());
  while (true) {
    const auto done = writer_.run<bool>("engine.checkpoint", [&](store::Tx& tx) {
      return core::Result<bool>(checkpoint.step(tx));
    });
    if (!done.ok()) return done.error();
    if (*done) return core::Done{};
  }
}

// Only a finding has a sentence: a file that cannot be read just now says nothing about the ledger.
void Engine::note_divergence(const core::Result<store::LedgerCheck>& checked) {
  const std::string found = checked.ok() ? std::string() : checked.error().message;
  if (!checked.ok() && found.empty()) return;
  {
    const core::MutexLock lock(mutex_);
    if (found == divergence_) return;
    divergence_ = found;
  }
  options_.observer.notice(found.empty() ? "the database agrees with its ledger again"
                                         : "the database contradicts its own ledger: " + found);
}

std::string Engine::divergence() const {
  const core::MutexLock lock(mutex_);
  return divergence_;
}

Engine::~Engine() { stop(); }

void Engine::stop() {
  // If it fails, the next start has more to check: no reason not to stop.
  static_cast<void>(checkpoint());
  writer_.stop();
  if (writer_.healthy()) store::mark_clean_stop(paths_);
}

}  // namespace coupon::service
