#include "src/cli/prove/prove_round.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <chrono>
#include <cmath>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>
#include <utility>

#include "coupond/core/signing.h"
#include "coupond/service/accounts.h"
#include "coupond/service/api_keys.h"
#include "coupond/service/engine.h"
#include "coupond/store/audit.h"
#include "coupond/store/inspect.h"
#include "coupond/store/ledger.h"

namespace coupon::cli {
namespace {

using core::Done;
using core::Result;
using http::Client;
using Json = nlohmann::json;

constexpr std::size_t kClients = 16;
constexpr std::size_t kRacesPerCycle = 4;
constexpr std::size_t kCodesPerCycle = 100;
constexpr int kCap = 77;
constexpr int kAsksPerClient = 10;
constexpr int kLoneWrites = 100;
constexpr std::uint64_t kKillAfterMinMs = 5;
constexpr std::uint64_t kKillAfterMaxMs = 700;
constexpr std::uint64_t kStartKillMaxMs = 100;
constexpr int kStartKillEvery = 10;

core::Error broken(const std::string& what) {
  return {.reason = core::Reason::kInternal, .message = what};
}

void sleep_ms(std::uint64_t ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

bool acknowledged(int status) { return status >= 200 && status < 300; }
bool refused(int status) { return status >= 400 && status < 500; }

// The seq that a reply says, -1 when it says none.
std::int64_t seq_in(const std::string& body, const char* pointer) {
  const Json reply = Json::parse(body, nullptr, false);
  return reply.is_object() ? reply.value(Json::json_pointer(pointer), std::int64_t{-1}) : -1;
}

// One connection for all requests. A server that hangs must not hang the proof.
Client connect(int port) {
  auto client = Client::of_url("http://127.0.0.1:" + std::to_string(port),
                               {.silence_max = std::chrono::seconds(30), .keep_alive = true});
  return std::move(client.value());
}

// Runs `body(i, client)` on a thread and a connection for each client, all at once.
void together(int port, const std::function<void(std::size_t, Client&)>& body) {
  std::barrier ready(kClients);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kClients; ++i) {
    threads.emplace_back([&, i] {
      Client client = connect(port);
      ready.arrive_and_wait();
      body(i, client);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

std::string campaign_json(const std::string& slug, const char* mode, const Json& more) {
  Json campaign = {{"slug", slug}, {"name", slug}, {"mode", mode}};
  campaign.update(more);
  return campaign.dump();
}

}  // namespace

ProveRound::ProveRound(std::string data_dir, std::uint64_t seed, ProveCounts& counts)
    : data_dir_(std::move(data_dir)), random_(seed), counts_(counts) {}

Result<Done> ProveRound::prepare() {
  {
    auto engine = service::Engine::open({.data_dir = data_dir_});
    if (!engine.ok()) return engine.error();
    const auto hash = service::hash_new_password(**engine, "nobody logs in 1");
    if (!hash.ok()) return hash.error();
    const auto made = (*engine)->writer().run<Done>("prove.prepare", [&](store::Tx& tx) {
      for (std::size_t i = 0; i < kClients; ++i) {
        const auto user = service::create_user(
            tx, **engine, service::Caller::cli(),
            {.email = "client" + std::to_string(i) + "@example.com", .password_hash = *hash});
        if (!user.ok()) return Result<Done>(user.error());
        users_.push_back(user->user.id);
      }
      const auto key = service::create_api_key(tx, **engine, service::Caller::cli(), "prove",
                                               service::Scopes().with(service::Scope::kAdmin));
      if (!key.ok()) return Result<Done>(key.error());
      api_key_ = key->secret;
      return Result<Done>(Done{});
    });
    if (!made.ok()) return made.error();
  }
  return start();
}

Result<Done> ProveRound::start() {
  server_.reset();
  auto started = ChildServer::start(data_dir_, data_dir_ + ".log");
  if (!started.ok()) return started.error();
  server_ = std::move(started.value());
  return Done{};
}

http::ClientReply ProveRound::post(Client& client, const std::string& path, const std::string& key,
                                   const std::string& json) const {
  auto reply =
      client.send({.method = "POST",
                   .target = path,
                   .body = json,
                   .headers = {{"Authorization", "Bearer " + api_key_}, {"Idempotency-Key", key}}});
  return reply.ok() ? *std::move(reply) : http::ClientReply();
}

Result<Done> ProveRound::cycle() {
  ++cycle_;
  if (auto ready = set_up_cycle(); !ready.ok()) return ready;
  if (cycle_ == 1) check_disk();
  race_for_cap();
  for (std::size_t i = 0; i < kRacesPerCycle; ++i) {
    race_for_code(codes_.back());
    codes_.pop_back();
  }
  load_and_kill();
  if (cycle_ % kStartKillEvery == 0) {
    auto launched = ChildServer::launch(data_dir_, data_dir_ + ".log");
    if (!launched.ok()) return launched.error();
    sleep_ms(random_() % kStartKillMaxMs);
    launched.value()->kill();
    ++counts_.startup_kills;
  }
  if (auto started = start(); !started.ok()) {
    // A server that does not come back is what this looks for.
    violation(started.error().message);
    return started;
  }
  ++counts_.cycles;
  return check();
}

Result<std::string> ProveRound::set_up(const std::string& path, const std::string& json) {
  Client client = connect(server_->port());
  auto reply = post(client, path, "set-up-" + std::to_string(next_key_++), json);
  if (acknowledged(reply.status)) return std::move(reply.body);
  return broken("POST " + path + " was answered " + std::to_string(reply.status) + ": " +
                reply.body);
}

// Slugs are of this cycle: "cap-3" of 77 tokens, "till-3" without a limit, "cards-3" with codes.
Result<Done> ProveRound::set_up_cycle() {
  const std::string number = "-" + std::to_string(cycle_);
  const std::string campaigns = "/api/v1/campaigns";
  const Json life = {{"token_ttl_s", 86'400}};
  for (const std::string& wanted :
       {campaign_json("cap" + number, "token", {{"max_issued", kCap}, {"token_ttl_s", 86'400}}),
        campaign_json("till" + number, "token", life),
        campaign_json("cards" + number, "card", Json::object())}) {
    if (const auto made = set_up(campaigns, wanted); !made.ok()) return made.error();
  }
  const auto made =
      set_up(campaigns + "/cards" + number + "/codes", Json{{"count", kCodesPerCycle}}.dump());
  if (!made.ok()) return made.error();
  codes_ = Json::parse(*made).at("codes").get<std::vector<std::string>>();
  return Done{};
}

// One client, one write after the other: nobody else's sync can be what an answer waited for.
void ProveRound::check_disk() {
  using Clock = std::chrono::steady_clock;
  const auto sync_us = quickest_sync_us(data_dir_);
  if (!sync_us) return violation("The disk refuses to sync a file in " + data_dir_ + ".");
  double answer_us = 0;
  Client client = connect(server_->port());
  for (int i = 0; i < kLoneWrites; ++i) {
    const auto start = Clock::now();
    Intent intent = issue(client, 0, "till-" + std::to_string(cycle_));
    const double us = std::chrono::duration<double, std::micro>(Clock::now() - start).count();
    if (acknowledged(intent.status)) answer_us = answer_us > 0 ? std::min(answer_us, us) : us;
    note(std::move(intent));
  }
  counts_.disk = {.sync_us = *sync_us, .answer_us = answer_us};
  if (!counts_.disk.broken()) return;
  violation("A write was acknowledged after " + std::to_string(std::llround(answer_us)) +
            " µs, but this disk takes " + std::to_string(std::llround(*sync_us)) +
            " µs to sync one.");
}

void ProveRound::race_for_code(const std::string& code) {
  std::array<int, kClients> statuses{};
  together(server_->port(), [&](std::size_t i, Client& client) {
    Intent intent = redeem(client, i, code);
    statuses[i] = intent.status;
    note(std::move(intent));
  });
  ++counts_.races;
  const auto winners = std::count_if(statuses.begin(), statuses.end(), acknowledged);
  const auto losers = std::count(statuses.begin(), statuses.end(), 409);
  if (winners == 1 && losers == kClients - 1) return;
  violation("Of " + std::to_string(kClients) + " who redeemed one code at once, " +
            std::to_string(winners) + " were served and " + std::to_string(losers) +
            " refused with 409.");
}

void ProveRound::race_for_cap() {
  const std::string slug = "cap-" + std::to_string(cycle_);
  std::atomic<int> served = 0;
  together(server_->port(), [&](std::size_t i, Client& client) {
    for (int n = 0; n < kAsksPerClient; ++n) {
      Intent intent = issue(client, i, slug);
      if (acknowledged(intent.status)) ++served;
      note(std::move(intent));
    }
  });
  ++counts_.races;
  if (served == kCap) return;
  violation("Of " + std::to_string(kClients * kAsksPerClient) + " who asked for " +
            std::to_string(kCap) + " tokens, " + std::to_string(served) + " were served.");
}

void ProveRound::load_and_kill() {
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kClients; ++i) {
    threads.emplace_back([this, i, seed = random_()] { shop(i, seed); });
  }
  sleep_ms(kKillAfterMinMs + random_() % (kKillAfterMaxMs - kKillAfterMinMs));
  server_->kill();
  for (std::thread& thread : threads) thread.join();
}

// Until the server is gone. All want the same codes, so many are refused.
void ProveRound::shop(std::size_t shopper, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Client client = connect(server_->port());
  const std::string till = "till-" + std::to_string(cycle_);
  for (bool alive = true; alive;) {
    Intent intent = random() % 2 == 0 ? issue(client, shopper, till)
                                      : redeem(client, shopper, codes_[random() % codes_.size()]);
    alive = intent.status != 0;
    note(std::move(intent));
  }
}

ProveRound::Intent ProveRound::redeem(Client& client, std::size_t shopper,
                                      const std::string& code) {
  Intent intent{.redeems = true, .user = users_[shopper], .key = {}};
  intent.key = "order-" + std::to_string(next_key_++);
  const Json body = {{"user_id", intent.user.value}, {"order_id", intent.key}};
  const auto reply = post(client, "/api/v1/coupons/" + code + "/redeem", intent.key, body.dump());
  intent.status = reply.status;
  if (acknowledged(reply.status)) intent.seq = seq_in(reply.body, "/redemption/seq");
  return intent;
}

ProveRound::Intent ProveRound::issue(Client& client, std::size_t shopper, const std::string& slug) {
  Intent intent{.redeems = false, .user = users_[shopper], .key = {}};
  intent.key = "issue-" + std::to_string(next_key_++);
  const auto reply = post(client, "/api/v1/campaigns/" + slug + "/issue", intent.key,
                          Json{{"user_id", intent.user.value}}.dump());
  intent.status = reply.status;
  if (acknowledged(reply.status)) intent.seq = seq_in(reply.body, "/seq");
  return intent;
}

void ProveRound::note(Intent intent) {
  const core::MutexLock lock(mutex_);
  intents_.push_back(std::move(intent));
}

std::vector<ProveRound::Intent> ProveRound::take_intents() {
  const core::MutexLock lock(mutex_);
  return std::exchange(intents_, {});
}

Result<Done> ProveRound::check() {
  const auto db = store::open_for_reading(store::DataPaths(data_dir_));
  if (!db.ok()) return db.error();
  check_entries(**db);
  check_books(**db);
  return Done{};
}

// Every entry since the last look, against what the clients were told.
void ProveRound::check_entries(store::Connection& db) {
  std::map<std::int64_t, store::LedgerRow> entries;
  std::multiset<std::string> orders;
  std::map<std::int64_t, std::int64_t> issued;  // by user
  store::for_each_entry(db, checked_, store::last_entry(db).seq, [&](const store::LedgerRow& row) {
    if (row.operation == store::operation::kRedeem) orders.insert(row.detail.value_or(""));
    if (row.operation == store::operation::kIssue) ++issued[row.user_id->value];
    entries[row.seq.value] = row;
    return true;
  });
  std::map<std::int64_t, std::array<std::int64_t, 2>> told;  // by user: issued surely, perhaps
  for (const Intent& intent : take_intents()) {
    const bool sure = acknowledged(intent.status);
    const bool no = refused(intent.status);
    ++(sure ? counts_.acknowledged : no ? counts_.refused : counts_.unknown);
    if (!intent.redeems) {
      told[intent.user.value][0] += sure ? 1 : 0;
      told[intent.user.value][1] += sure || no ? 0 : 1;
    }
    const auto entry = entries.find(intent.seq);
    const std::size_t times = orders.count(intent.key);
    if (sure && (entry == entries.end() || entry->second.user_id != intent.user)) {
      violation(intent.key + " was acknowledged with seq " + std::to_string(intent.seq) +
                " and is lost.");
    }
    if (times > 1 || (no && times > 0) || (sure && intent.redeems && times != 1)) {
      violation(intent.key + ", answered " + std::to_string(intent.status) + ", was done " +
                std::to_string(times) + " times.");
    }
  }
  for (const auto& [user, sure_and_perhaps] : told) {
    const auto [sure, perhaps] = sure_and_perhaps;
    if (issued[user] >= sure && issued[user] <= sure + perhaps) continue;
    violation("User " + std::to_string(user) + " has " + std::to_string(issued[user]) +
              " new coupons, " + std::to_string(sure) + " of them acknowledged and at most " +
              std::to_string(perhaps) + " more in doubt.");
  }
  if (!entries.empty()) checked_ = {entries.rbegin()->first};
}

void ProveRound::check_books(store::Connection& db) {
  const auto secrets = core::Secrets::load(store::DataPaths(data_dir_).key);
  if (!secrets.ok()) return violation(secrets.error().message);
  const core::CodeVault vault(*secrets);
  store::AuditOptions options;
  options.verifier = [&](std::string_view message, const store::Signature& signature) {
    return core::signature_ok(secrets->checkpoint_key().public_key, message, signature);
  };
  options.vault = &vault;
  const auto report = store::verify(db, options);
  if (!report.ok()) violation("verify: " + *report.first_divergence);
}

void ProveRound::violation(std::string what) {
  counts_.violations.push_back("Cycle " + std::to_string(cycle_) + ": " + std::move(what));
}

}  // namespace coupon::cli
