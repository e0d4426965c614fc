#include "tests/simulation/simulation.h"

#include <algorithm>
#include <array>

#include "coupond/core/limits.h"
#include "coupond/store/idempotency.h"
#include "coupond/store/users.h"

namespace coupon::test {
namespace {

using core::Reason;

constexpr std::int64_t kUsers = 6;

core::Digest digest_of(const Command& command) {
  core::Hasher hasher;
  hasher.add(std::int64_t(command.kind)).add(std::int64_t(command.who)).add(command.user);
  return hasher.add(command.campaign).add(command.number).add(command.marker).finish();
}

}  // namespace

Simulation::Simulation(const Options& options)
    : options_(options),
      random_(options.seed),
      disk_(options.seed, options.powersafe_overwrite),
      vault_(test_secrets()),
      bytes_(random_.as_random()),
      source_(random_, vault_, options.changes) {}

std::string Simulation::run() {
  draw_character();
  set_up();
  while (steps_left_ > 0 && wrong_.empty()) step();
  if (wrong_.empty() && (disk_.is_off() || process_->must_leave())) recover();
  if (wrong_.empty()) end_in_order();
  process_.reset();
  mix(disk_.trace());
  return wrong_;
}

void Simulation::end_in_order() {
  disk_.plan({});
  disk_.cut_power_at(0);
  process_->writer().stop();
  process_.reset();
  if (!start()) return wrong("does not start after it was stopped in order");
  resolve();
}

void Simulation::wrong(const std::string& what) {
  if (wrong_.empty()) wrong_ = "seed " + std::to_string(options_.seed) + ": " + what;
}

void Simulation::mix(std::uint64_t value) {
  constexpr std::uint64_t kOddMultiplier = 0x9E3779B97F4A7C15;
  trace_ = (trace_ ^ value) * kOddMultiplier;
  trace_ ^= trace_ >> 29;
}

// What kind of a run this is to be.
void Simulation::draw_character() {
  constexpr std::array kFaults{FaultVfs::Fault::kIoError, FaultVfs::Fault::kFull,
                               FaultVfs::Fault::kShortWrite};
  // Most disks are good; some fail now and then, a few all the time.
  const auto odds = [this] { return one_in(2) ? 0 : int(below(one_in(3) ? 100 : 10)); };
  odds_ = {.read = odds(),
           .write = odds(),
           .sync = odds(),
           .truncate = odds(),
           .fault = kFaults[std::size_t(below(3))]};
  clients_.resize(std::size_t(2 + below(one_in(3) ? 63 : 15)));
  crashes_left_ = int(2 + below(19));
  steps_left_ = 200 + int(below(400));
}

// On a good disk. The users are made by hand: no command makes one.
void Simulation::set_up() {
  make_database(kSimulatedPath, disk_.name());
  process_ = std::make_unique<Process>(disk_, kSimulatedPath, options_.durability, clock_);
  for (std::int64_t i = 1; i <= kUsers; ++i) {
    const domain::User user{.uuid = std::to_string(i),
                            .email = std::to_string(i) + "@example.com",
                            .password_hash = "none",
                            .credit = {below(200)}};
    const auto made = process_->writer().run<core::Seq>("user", [&](store::Tx& tx) {
      const core::UserId id = store::insert_user(tx, user);
      const core::Digest digest = store::user_digest(user);
      return core::Result<core::Seq>(tx.append({.operation = store::operation::kUserCreate,
                                                .actor = "system",
                                                .user_id = id,
                                                .credit = user.credit,
                                                .digest = digest}));
    });
    world_.last_seq = made->value;
    world_.model.users[i].credit = user.credit.value;
  }
  world_.last_at = clock_.now();
  for (int i = 0; i < 7; ++i) {
    requests_.push_back({.command = source_.open_campaign(clock_.now())});
    send(requests_.size() - 1);
  }
  while (!queue_.empty()) run_batch();
}

void Simulation::step() {
  --steps_left_;
  pass_time();
  world_.model.now = world_.now(clock_.now());
  if (cut_in_steps_ >= 0 && --cut_in_steps_ < 0) disk_.cut_power();
  if (disk_.is_off() || process_->must_leave()) return recover();
  switch (below(12)) {
    case 0:
    case 1:
    case 2:
      return run_batch();
    case 3:
      return trouble();
    default:
      return act(clients_[std::size_t(below(std::int64_t(clients_.size())))]);
  }
}

// Mostly little of it; now and then holds run out, and the clock is set to another time.
void Simulation::pass_time() {
  clock_.advance(below(one_in(20) ? 90'000 : 500));
  if (!one_in(100)) return;
  constexpr std::array<std::int64_t, 6> kJumps_ms{1'000,     59'000,     61'000,
                                                  3'600'000, 86'400'000, 17'280'000'000};
  const std::int64_t jump = kJumps_ms[std::size_t(below(kJumps_ms.size()))];
  clock_.advance(one_in(2) ? jump : -jump);
}

void Simulation::trouble() {
  constexpr std::array kTroubles{"the log is emptied", "the disk misbehaves", "the disk is full",
                                 "the disk is well",   "a checkpoint",        "the power will go",
                                 "the power will go"};
  const std::int64_t trouble = below(std::int64_t(kTroubles.size()));
  options_.story(kTroubles[std::size_t(trouble)]);
  switch (trouble) {
    case 0:
      return process_->writer().run_batch({});
    case 1:
      return disk_.misbehave(odds_);
    case 2:
      return disk_.plan(
          {.io = FaultVfs::kWrite, .at = 1, .fault = FaultVfs::Fault::kFull, .for_ever = true});
    case 3:
      return disk_.plan({});
    case 4:
      return write_checkpoint();
    default:
      if (crashes_left_ == 0 || cut_in_steps_ >= 0) return;
      // At one of the next writes, syncs and truncations, wherever in a batch that is.
      --crashes_left_;
      disk_.cut_power_at(1 + below(one_in(2) ? 12 : 100));
      cut_in_steps_ = 40;
  }
}

// ---- Clients ----

void Simulation::act(Client& client) {
  if (client.waiting_for && requests_[*client.waiting_for].fate != Fate::kOpen) {
    const std::size_t last = *client.waiting_for;
    client.waiting_for.reset();
    // Nobody knows what became of it, or the client makes sure.
    const bool unknown = requests_[last].fate == Fate::kUnknown;
    if (requests_[last].key && (unknown || one_in(4))) client.to_retry.push_back(last);
  }
  if (!client.waiting_for) {
    if (!client.to_retry.empty() && one_in(2)) return repeat(client);
    return ask_anew(client);
  }
  if (one_in(6)) {
    // Loses its patience. Whoever sent a key asks again some time.
    if (requests_[*client.waiting_for].key) client.to_retry.push_back(*client.waiting_for);
    client.waiting_for.reset();
  } else if (one_in(6)) {
    send(*client.waiting_for);  // as a proxy may, that had no answer
  }
}

void Simulation::ask_anew(Client& client) {
  Request request{.command = source_.next(world_, clock_.now())};
  request.said = digest_of(request.command);
  if (!one_in(3)) {
    core::Digest key{};
    bytes_(key);
    request.key = key;
  }
  request.dry_run = !request.key && one_in(15);
  request.poisoned = one_in(40);
  requests_.push_back(std::move(request));
  client.waiting_for = requests_.size() - 1;
  send(*client.waiting_for);
}

void Simulation::repeat(Client& client) {
  const std::size_t at = client.to_retry.back();
  client.to_retry.pop_back();
  if (is_expired(requests_[at])) return;
  if (!one_in(6)) {
    client.waiting_for = at;
    return send(at);
  }
  // Another request under the same key.
  Request altered{.command = source_.altered(requests_[at].command), .key = requests_[at].key};
  altered.said = digest_of(altered.command);
  requests_.push_back(std::move(altered));
  send(requests_.size() - 1);
}

// Its key is as good as gone: sent again it would be a new request.
bool Simulation::is_expired(const Request& request) const {
  const auto kept = world_.replies.find(*request.key);
  const core::UnixMs since = clock_.now() - core::limits::kIdempotencyKeptMs;
  return kept != world_.replies.end() && kept->second.at <= since;
}

// What the API does before it asks the writer.
void Simulation::send(std::size_t at) {
  Request& request = requests_[at];
  ++counts_.requests;
  if (request.fate == Fate::kRefused) request.fate = Fate::kOpen;
  if (request.key) {
    if (const auto running = running_.find(*request.key); running != running_.end()) {
      if (running->second != at) not_executed(request);
      return;
    }
    if (is_recalled(request)) return;
    running_.emplace(*request.key, at);
  } else if (std::find(queue_.begin(), queue_.end(), at) != queue_.end()) {
    return;
  }
  check_certain_refusal(request.command);
  queue_.push_back(at);
}

bool Simulation::is_recalled(Request& request) {
  using Found = std::optional<store::StoredReply>;
  const core::UnixMs since = clock_.now() - core::limits::kIdempotencyKeptMs;
  const auto found =
      process_->readers().read<Found>([&](store::Connection& db) -> core::Result<Found> {
        return store::find_reply(db, *request.key, since);
      });
  if (!found.ok()) {
    not_executed(request);
    return true;
  }
  const auto kept = world_.replies.find(*request.key);
  const bool should = kept != world_.replies.end() && since < kept->second.at;
  if (found->has_value() != should) wrong(should ? "a stored reply is lost" : "one is made up");
  if (!found->has_value() || !should) return false;
  ++counts_.replayed;
  if ((*found)->sealed != kept->second.text || (*found)->request != kept->second.request) {
    wrong("a stored reply is another one");
  }
  if (request.said == kept->second.request) {
    replay(request, kept->second.text);
  } else {
    not_executed(request);  // another request under the same key
  }
  return true;
}

// The first answer, once more: what the client knew already cannot become something else.
void Simulation::replay(Request& request, const std::string& answer) {
  const std::string before = "ok " + std::to_string(request.seq.value);
  if (request.fate == Fate::kDone && answer != before) {
    wrong("answered " + before + " and then " + answer);
  }
  mix(answer.size());
  if (answer.rfind("ok ", 0) != 0) {
    request.fate = Fate::kRefused;
    return;
  }
  request.fate = Fate::kDone;
  request.seq = {std::stoll(answer.substr(3))};
}

void Simulation::not_executed(Request& request) {
  if (request.fate == Fate::kOpen) request.fate = Fate::kRefused;
}

void Simulation::check_certain_refusal(const Command& command) {
  if (command.kind != Command::Kind::kIssue) return;
  const auto refused = process_->counters().certain_refusal({command.campaign}, {command.user});
  if (!refused) return;
  const auto& campaign = world_.model.campaigns.at(command.campaign);
  const auto& policy = campaign.policy;
  const auto owned = std::count_if(
      world_.model.coupons.begin(), world_.model.coupons.end(), [&](const auto& entry) {
        return entry.second.owner == command.user && entry.second.campaign == command.campaign;
      });
  const bool user_cap = policy.max_per_user && owned >= *policy.max_per_user;
  const bool cap =
      policy.max_issued && world_.model.counters(command.campaign).issued >= *policy.max_issued;
  const bool justified = refused->reason == Reason::kUserCapReached ? user_cap : cap;
  if (!justified)
    wrong("the counter table refuses with " + std::string(core::name(refused->reason)));
}

}  // namespace coupon::test
