// The simulation's batches, crashes and audits; clients and scheduler are in simulation.cpp.
#include <SQLiteCpp/Exception.h>

#include <stdexcept>

#include "coupond/store/idempotency.h"
#include "tests/simulation/simulation.h"

namespace coupon::test {
namespace {

// One entry a request: of a transfer, which has two, the last.
constexpr char kMarked[] =
    "SELECT actor, seq FROM ledger WHERE actor LIKE 'c:%' AND operation <> 'coupon.move_out'";

std::string text(const ReferenceModel::Verdict& verdict) {
  return verdict ? std::string(core::name(*verdict)) : "accepted";
}

}  // namespace

// ---- Batches ----

// A cut anywhere in the queue.
void Simulation::run_batch() {
  if (queue_.empty()) return;
  const auto size = std::size_t(1 + below(std::int64_t(queue_.size())));
  World tried = world_;
  tried.begin_batch(clock_.now());
  std::vector<Attempt> attempts;
  std::deque<store::Writer::Operation> operations;
  store::Writer::Operations batch;
  attempts.reserve(size);
  for (std::size_t i = 0; i < size; ++i) {
    Attempt& attempt = attempts.emplace_back(Attempt{.request = queue_.front()});
    queue_.pop_front();
    batch.push_back(&operations.emplace_back(
        name(requests_[attempt.request].command.kind),
        [this, &attempt, &tried](store::Tx& tx) { return perform(attempt, tried, tx); },
        [&attempt](const core::Error& error) { attempt.failed = error.reason; }));
  }
  ++counts_.batches;
  process_->forget_commit();
  process_->writer().run_batch(batch);
  conclude(attempts, std::move(tried));
}

// One request's turn: by the engine and by the model, as Call::write() of the API does it.
bool Simulation::perform(Attempt& attempt, World& tried, store::Tx& tx) {
  const Request& request = requests_[attempt.request];
  if (one_in(8)) peek();
  tried.model.now = tried.now(clock_.now());
  if (tx.now() != tried.model.now) wrong("the server's time is another");
  const service::Mint mint{.vault = vault_, .random = bytes_};
  std::optional<core::Result<Effect>> result;
  // The refusal is kept, the effects of what was refused are not: hence the attempt within.
  tx.attempt([&] {
    result.emplace(execute(tx, mint, request.command));
    if (request.poisoned) throw std::runtime_error("poisoned");
    return result->ok() && !request.dry_run;
  });
  judge(attempt, tried, *result);
  if (request.key) keep_reply(attempt, tried, tx);
  return request.key.has_value() || (result->ok() && !request.dry_run);
}

void Simulation::judge(Attempt& attempt, World& tried, const core::Result<Effect>& result) {
  const Request& request = requests_[attempt.request];
  const Command& command = request.command;
  const auto should = expected(tried, command);
  attempt.verdict = result.ok() ? ReferenceModel::Verdict() : result.error().reason;
  if (*attempt.verdict != should) {
    wrong(std::string(name(command.kind)) + ": " + text(*attempt.verdict) + " instead of " +
          text(should));
    return;
  }
  if (!result.ok() || request.dry_run) return;
  attempt.seq = result->seq;
  if (const std::string odd = apply(tried, command, *result); !odd.empty()) {
    wrong(std::string(name(command.kind)) + ": " + odd);
  }
}

void Simulation::keep_reply(const Attempt& attempt, World& tried, store::Tx& tx) {
  const Request& request = requests_[attempt.request];
  const bool accepted = !attempt.verdict->has_value();
  const KeptReply kept{
      .request = request.said,
      .text = accepted ? "ok " + std::to_string(attempt.seq.value) : text(*attempt.verdict),
      .at = tx.now()};
  store::insert_reply(tx, {.key_hash = *request.key,
                           .request = kept.request,
                           .sealed = kept.text,
                           .created_at = kept.at});
  tried.replies[*request.key] = kept;
}

// Either the whole batch is committed and each is told its own outcome, or none is.
void Simulation::conclude(const std::vector<Attempt>& attempts, World tried) {
  const bool committed = process_->committed();
  bool unknown = false;
  for (const Attempt& attempt : attempts) {
    const Request& request = requests_[attempt.request];
    if (request.key) running_.erase(*request.key);
    const bool own_failure = committed && request.poisoned;
    if (committed && attempt.failed.has_value() != own_failure) {
      wrong("an operation of a committed batch is told " + text(attempt.failed));
    }
    if (!committed && !attempt.failed) wrong("a batch that was not committed is answered");
    unknown |= attempt.failed == core::Reason::kOutcomeUnknown;
    answer(attempt);
  }
  options_.story("batch of " + std::to_string(attempts.size()) + " up to entry " +
                 std::to_string(tried.last_seq) +
                 (committed ? " committed" : ": " + text(attempts.back().failed)));
  if (committed) {
    world_ = std::move(tried);
    check_table();
  } else if (unknown) {
    maybe_ = std::move(tried);
  }
}

void Simulation::answer(const Attempt& attempt) {
  Request& request = requests_[attempt.request];
  mix(std::uint64_t(attempt.seq.value * 100) + std::uint64_t(attempt.failed.has_value()));
  if (attempt.failed == core::Reason::kOutcomeUnknown) {
    ++counts_.unknown;
    request.fate = Fate::kUnknown;
  } else if (attempt.failed) {
    not_executed(request);
  } else if (*attempt.verdict || request.dry_run) {
    ++counts_.refused;
    request.fate = Fate::kRefused;
  } else {
    ++counts_.acknowledged;
    request.fate = Fate::kDone;
    request.seq = attempt.seq;
  }
}

// In the middle of a batch nobody sees anything of it.
void Simulation::peek() {
  const auto head = process_->readers().read<core::Seq>(
      [](store::Connection& db) -> core::Result<core::Seq> { return store::last_entry(db).seq; });
  if (head.ok() && head->value != world_.last_seq) wrong("a reader sees what is not committed");
  check_table();
}

// What memory says of one campaign, whichever.
void Simulation::check_table() {
  if (world_.model.campaigns.empty()) return;
  const World::Id campaign = 1 + below(std::int64_t(world_.model.campaigns.size()));
  const auto known = process_->counters().find({campaign});
  if (known == nullptr) return;
  const auto& policy = world_.model.campaigns.at(campaign).policy;
  const bool same = known->campaign.counters == world_.model.counters(campaign) &&
                    known->campaign.policy.max_issued == policy.max_issued &&
                    known->campaign.policy.max_per_user == policy.max_per_user &&
                    known->as_of.value <= world_.last_seq;
  if (!same) wrong("the counter table differs for campaign " + std::to_string(campaign));
}

void Simulation::write_checkpoint() {
  const auto checked = process_->check_ledger();
  if (!checked.ok()) {
    if (!checked.error().message.empty()) wrong(checked.error().message);
    return;
  }
  store::CheckpointWriter checkpoint(*checked, test_signer(), 2);
  // Each step is a batch of its own, which puts times right like any other.
  for (bool more = true; more;) {
    World tried = world_;
    tried.begin_batch(clock_.now());
    process_->forget_commit();
    const auto done = process_->writer().run<bool>(
        "checkpoint", [&](store::Tx& tx) { return core::Result<bool>(checkpoint.step(tx)); });
    more = done.ok() && !*done;
    if (process_->committed()) {
      world_ = std::move(tried);
    } else if (!done.ok() && done.error().reason == core::Reason::kOutcomeUnknown) {
      maybe_ = std::move(tried);
    }
  }
}

// ---- Crashes ----

// The process is gone, with or without the machine.
void Simulation::recover() {
  ++counts_.crashes;
  for (const std::size_t at : queue_) {
    if (requests_[at].fate == Fate::kOpen) requests_[at].fate = Fate::kUnknown;
  }
  queue_.clear();
  running_.clear();
  come_back();
  if (wrong_.empty()) resolve();
}

void Simulation::come_back() {
  constexpr int kTroubledTries = 4;
  for (int tries = 0; wrong_.empty(); ++tries) {
    counts_.faults += disk_.faults();
    disk_.cut_power();
    process_.reset();
    come_back_once();
    cut_in_steps_ = -1;
    const bool troubled = tries < kTroubledTries && one_in(2);
    if (troubled && one_in(2)) disk_.cut_power_at(1 + below(60));
    if (troubled && one_in(2)) disk_.misbehave(odds_);
    const bool started = start();
    options_.story(started ? "started" : troubled ? "did not start" : "did not start at all");
    if (started) break;
    if (!troubled) wrong("does not start after a crash");
  }
  disk_.plan({});
  disk_.cut_power_at(0);
}

void Simulation::come_back_once() {
  if (one_in(5)) {
    options_.story("the process comes back");
    return disk_.restart_process();
  }
  ++counts_.power_cuts;
  const auto damage = below(FaultVfs::kDamages);
  options_.story("the machine comes back, damage " + std::to_string(damage));
  disk_.restart(static_cast<FaultVfs::Damage>(damage));
}

bool Simulation::start() {
  ++counts_.recoveries;
  try {
    process_ = std::make_unique<Process>(disk_, kSimulatedPath, options_.durability, clock_);
  } catch (const SQLite::Exception&) {
    return false;
  }
  const auto checked = process_->check_ledger();
  if (!checked.ok() && !checked.error().message.empty()) wrong(checked.error().message);
  return checked.ok() && !disk_.is_off();
}

// What is in the file is what was committed, or that and the batch of which nobody knew; whole.
void Simulation::resolve() {
  store::Connection db(kSimulatedPath, store::Connection::Access::kReadOnly, disk_.name());
  const std::string differs = difference(db, world_, world_.now(clock_.now()));
  if (!differs.empty()) {
    const bool happened = maybe_ && difference(db, *maybe_, maybe_->now(clock_.now())).empty();
    if (!happened) return wrong("after a recovery " + differs);
    world_ = std::move(*maybe_);
  }
  options_.story("the ledger ends at " + std::to_string(world_.last_seq) +
                 (differs.empty() ? "" : ", the unknown batch happened"));
  maybe_.reset();
  if (const auto odd = report_differs(process_->readers(), world_.model); !odd.empty()) wrong(odd);
  audit_markers(db);
  audit();
}

void Simulation::audit() {
  ++counts_.audits;
  store::Connection db(kSimulatedPath, store::Connection::Access::kReadOnly, disk_.name());
  const auto report = store::verify(db, {.verifier = test_verifier(), .vault = &vault_});
  if (!report.ok()) wrong("verify: " + *report.first_divergence);
  mix(std::uint64_t(report.entries));
  mix(store::last_entry(db).hash[0]);
}

// What each client was told, and that nothing was done twice, whatever the model thinks.
void Simulation::audit_markers(store::Connection& db) {
  std::map<std::string, std::int64_t> there;
  store::Query query(db, kMarked);
  while (query.next()) {
    if (!there.emplace(query.text(0), query.integer(1)).second) {
      wrong("request " + query.text(0) + " was done twice");
    }
  }
  for (const Request& request : requests_) {
    const auto found = there.find(request.command.marker);
    const bool lost =
        request.fate == Fate::kDone && (found == there.end() || found->second != request.seq.value);
    const bool risen = request.fate == Fate::kRefused && found != there.end();
    if (lost) wrong("request " + request.command.marker + " was acknowledged and is not there");
    if (risen) wrong("request " + request.command.marker + " was refused and is there");
  }
}

}  // namespace coupon::test
