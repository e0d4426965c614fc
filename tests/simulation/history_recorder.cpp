#include "tests/simulation/history_recorder.h"

#include <SQLiteCpp/Exception.h>

#include <atomic>
#include <memory>
#include <thread>

#include "tests/simulation/command_source.h"
#include "tests/simulation/final_look.h"
#include "tests/support/engine_fixture.h"

namespace coupon::test {
namespace {

constexpr char kPath[] = "/coupond.db";
constexpr World::Id kUsers = 4;

using Kind = Command::Kind;

// Small and crowded, so that clients meet: one campaign of each mode, a few codes, caps of a few.
class HistoryRecorder {
 public:
  explicit HistoryRecorder(const HistoryPlan& plan)
      : plan_(plan), disk_(plan.seed), random_(plan.seed), vault_(test_secrets()) {
    make_database(kPath, disk_.name());
  }

  RecordedHistory record(std::string& audit) {
    open_engine();
    set_up();
    disk_.misbehave(plan_.odds);
    if (plan_.power_cut_at > 0) disk_.cut_power_at(plan_.power_cut_at);
    run_clients();
    if (plan_.power_cut_at > 0) disk_.cut_power();
    engine_.reset();
    if (plan_.damage) {
      disk_.restart(*plan_.damage);
    } else {
      disk_.restart_process();
    }
    open_engine();
    audit = engine_->verify().first_divergence.value_or("");
    store::Connection db = engine_->open(store::Connection::Access::kReadOnly);
    look_at_the_end(history_, db, next_moment());
    return std::move(history_);
  }

 private:
  struct Client {
    std::vector<Record> records = {};
    std::vector<Look> looks = {};
  };

  void open_engine() {
    engine_ = std::make_unique<EngineFixture>(EngineFixture::Options{
        .writer = {.vfs = disk_.name()}, .seed = plan_.seed + 1, .path = kPath});
  }

  core::Result<Effect> run(const Command& command) {
    const service::Mint mint{.vault = vault_, .random = engine_->random().as_random()};
    return engine_->run<Effect>([&](store::Tx& tx) { return execute(tx, mint, command); });
  }

  // Before the first request: done to engine and world at once.
  void prepare(const Command& command) {
    World& world = history_.start;
    world.model.now = engine_->clock().now();
    const auto effect = run(command);
    if (!effect.ok()) throw std::runtime_error("a history cannot be set up");
    static_cast<void>(apply(world, command, *effect));
  }

  void set_up() {
    CommandSource source(random_, vault_);
    World& world = history_.start;
    for (World::Id i = 0; i < kUsers; ++i) {
      const auto credit = std::int64_t(random_.below(60));
      world.model.users[engine_->make_user(credit).value].credit = credit;
    }
    world.last_seq = engine_->writer().committed_seq().value;
    world.last_at = engine_->clock().now();
    for (int i = 0; i < 5; ++i) {
      Command open = source.open_campaign(engine_->clock().now());
      make_lively(open.opened);
      prepare(open);
      fill(source, world.model.campaigns.rbegin()->first);
    }
  }

  // Nothing that time alone changes, and caps that are met.
  void make_lively(domain::Campaign& campaign) {
    domain::Policy& policy = campaign.policy;
    policy.starts_at.reset();
    policy.ends_at.reset();
    policy.token_ttl_s.reset();
    policy.max_holds_per_user = 10;
    policy.hold_ttl_s = 300;
    if (policy.max_issued && campaign.mode != domain::Mode::kShared) {
      policy.max_issued = std::int64_t(4 + random_.below(6));
    }
  }

  void fill(CommandSource& source, World::Id id) {
    const auto& campaign = history_.start.model.campaigns.at(id);
    if (domain::traits(campaign.mode).minted) return;
    Command generate{.kind = Kind::kGenerate, .marker = "setup", .campaign = id};
    const int codes = campaign.mode == domain::Mode::kShared ? 1 : 3;
    for (int i = 0; i < codes; ++i) generate.codes.push_back(source.fresh_code());
    prepare(generate);
  }

  void run_clients() {
    std::vector<Client> clients(static_cast<std::size_t>(plan_.clients));
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < clients.size(); ++i) {
      threads.emplace_back([this, i, &client = clients[i]] { work(client, plan_.seed * 100 + i); });
    }
    for (std::thread& thread : threads) thread.join();
    for (std::size_t i = 0; i < clients.size(); ++i) {
      for (Record& record : clients[i].records) {
        record.command.marker += "." + std::to_string(i);
        history_.records.push_back(std::move(record));
      }
      history_.looks.insert(history_.looks.end(), clients[i].looks.begin(), clients[i].looks.end());
    }
  }

  void work(Client& client, std::uint64_t seed) {
    SeededRandom random(seed);
    CommandSource source(random, vault_);
    // What this client thinks the world is: the start, and what it was told since.
    World known = history_.start;
    known.model.now = engine_->clock().now();
    for (int i = 0; i < plan_.requests; ++i) {
      Record record{.command = source.next(known, known.model.now)};
      // A transfer is about two codes at once, and the search looks at each alone.
      const Kind kind = record.command.kind;
      if (kind == Kind::kOpenCampaign || kind == Kind::kArchive || kind == Kind::kTransfer) {
        continue;
      }
      ask(record, seed % 100);
      const bool gone = record.is_unknown() || record.reason == core::Reason::kShuttingDown;
      learn(known, record);
      client.records.push_back(std::move(record));
      if (gone) return;
      if (random.below(6) == 0) look(client, 1 + World::Id(random.below(5)));
    }
  }
  Moment next_moment() { return ++clock_; }

  void ask(Record& record, std::uint64_t client) {
    Command sent = record.command;
    sent.marker += "." + std::to_string(client);
    record.invoked = next_moment();
    const auto result = run(sent);
    const Moment replied = next_moment();
    if (result.ok()) {
      record.effect = *result;
    } else if (core::kind(result.error().reason) != core::Kind::kUnknown) {
      record.reason = result.error().reason;
    } else {
      return;
    }
    record.replied = replied;
  }

  // Enough to draw sensible requests; that others act meanwhile is the point.
  static void learn(World& known, const Record& record) {
    if (!record.effect) return;
    known.last_seq = record.effect->seq.value - 1;
    known.model.now = record.effect->at;
    try {
      if (!expected(known, record.command))
        static_cast<void>(apply(known, record.command, *record.effect));
    } catch (const std::out_of_range&) {
      // About something that this client has not heard of.
    }
  }

  void look(Client& client, World::Id campaign) {
    Look look{.campaign = campaign, .invoked = next_moment()};
    const auto known = engine_->counters().find({campaign});
    look.replied = next_moment();
    if (known == nullptr) return;
    look.counters = known->campaign.counters;
    client.looks.push_back(look);
  }

  const HistoryPlan plan_;
  FaultVfs disk_;
  SeededRandom random_;
  const core::CodeVault vault_;
  std::unique_ptr<EngineFixture> engine_;
  RecordedHistory history_;
  std::atomic<Moment> clock_ = 0;
};

}  // namespace

RecordedHistory record_history(const HistoryPlan& plan, std::string& audit) {
  return HistoryRecorder(plan).record(audit);
}

}  // namespace coupon::test
