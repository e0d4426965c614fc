#include "tests/simulation/http_history.h"

#include <atomic>
#include <deque>
#include <functional>
#include <optional>
#include <random>
#include <stdexcept>
#include <thread>

#include "coupond/core/secrets.h"
#include "coupond/store/campaigns.h"
#include "coupond/store/coupons.h"
#include "coupond/store/data_dir.h"
#include "coupond/store/redemptions.h"
#include "tests/simulation/final_look.h"
#include "tests/simulation/two_heads.h"
#include "tests/support/black_box.h"

namespace coupon::test {
namespace {

using Json = nlohmann::json;
using Kind = Command::Kind;

constexpr const char* kSlugs[] = {"till", "book", "stock"};

// A request as it is sent, beside the record of it.
struct Sent {
  Record record;
  std::string path;
  std::string body;
  std::string token;  // of the session
};

// What all clients share.
struct Shop {
  std::vector<std::string> cards;
  std::map<std::string, domain::CodeHash> hashes;  // of the cards
  std::map<std::string, World::Id> campaigns;
  Person admin;
};

class HttpClientOfShop {
 public:
  HttpClientOfShop(const Person& person, const Shop& shop, const core::CodeVault& vault,
                   std::atomic<Moment>& clock, std::uint64_t seed)
      : person_(person), shop_(shop), vault_(vault), clock_(clock), random_(seed) {}

  void work(const Ports& ports, int requests) {
    Heads heads(ports);
    try {
      for (int i = 0; i < requests; ++i) step(heads);
    } catch (const std::runtime_error&) {
      // The server is gone; the last record says so.
    }
  }

  // Asks again what had no answer, under the same key.
  void ask_again(const Ports& ports) {
    Heads heads(ports);
    for (Sent& sent : sent_) {
      if (sent.record.is_unknown()) send(heads, sent);
    }
  }

  const std::vector<Sent>& sent() const { return sent_; }
  std::vector<Look>& looks() { return looks_; }

 private:
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_() % bound); }

  void step(Heads& client) {
    switch (below(9)) {
      case 0:
      case 1:
      case 2:
        return issue(client);
      case 3:
        return hold(client);
      case 4:
        return roll_back(client);
      case 5:
        return look(client);
      case 6:
        return redeem(client, shop_.cards[below(shop_.cards.size())]);
      default:
        if (!codes_.empty()) redeem(client, codes_[below(codes_.size())]);
    }
  }

  // Writes it down, sends it, and writes down the answer.
  Json ask(Heads& client, Command command, std::string path, Json body) {
    command.marker = "u" + std::to_string(person_.id) + "-" + std::to_string(sent_.size());
    command.who = command.kind == Kind::kRollBack ? Command::Who::kClerk : Command::Who::kThemself;
    if (command.kind == Kind::kRedeem) body["order_id"] = command.marker;
    const bool clerk = command.kind == Kind::kRollBack;
    sent_.push_back({.record = {.command = std::move(command), .invoked = ++clock_},
                     .path = std::move(path),
                     .body = body.dump(),
                     .token = clerk ? shop_.admin.token : person_.token});
    return send(client, sent_.back());
  }

  Json send(Heads& client, Sent& sent) {
    const HttpResponse response =
        client.send("POST", sent.path,
                    {{"Content-Type", "application/json"},
                     {"Authorization", "Bearer " + sent.token},
                     {"Idempotency-Key", sent.record.command.marker}},
                    sent.body);
    Json body = Json::parse(response.body);
    const Moment now = ++clock_;
    if (response.status >= 500) return nullptr;  // unknown, or not executed: asked again
    sent.record.replied = now;
    if (response.status >= 300) {
      sent.record.reason = reason_of(body.at("code").get<std::string>());
      return nullptr;
    }
    const bool redeemed = sent.record.command.kind == Kind::kRedeem;
    const Json& entry = redeemed ? body.at("redemption") : body;
    sent.record.effect = Effect{.seq = {entry.at("seq").get<std::int64_t>()}};
    learn(sent, body);
    return body;
  }

  static core::Reason reason_of(const std::string& text) {
    for (int i = 0; i <= static_cast<int>(core::Reason::kInternal); ++i) {
      const auto reason = static_cast<core::Reason>(i);
      if (core::name(reason) == text) return reason;
    }
    throw std::logic_error("no such reason: " + text);
  }

  void learn(Sent& sent, const Json& body) {
    Command& command = sent.record.command;
    if (command.kind == Kind::kIssue) {
      codes_.push_back(body.at("coupon").at("code").get<std::string>());
    } else if (command.kind == Kind::kHold) {
      holds_[*command.code] = body.at("hold_token").get<std::string>();
      command.token = core::hash_of(holds_[*command.code]);
    } else if (command.kind == Kind::kRedeem) {
      redemptions_.push_back(sent.record.effect->seq.value);
      holds_.erase(*command.code);
    }
  }

  domain::CodeHash hash(const std::string& code) const {
    return vault_.hash(*core::canonical(code));
  }

  void issue(Heads& client) {
    const std::string slug = kSlugs[below(3)];
    ask(client, {.kind = Kind::kIssue, .user = person_.id, .campaign = shop_.campaigns.at(slug)},
        "/api/v1/campaigns/" + slug + "/issue", Json::object());
  }

  void hold(Heads& client) {
    if (codes_.empty()) return issue(client);
    const std::string code = codes_[below(codes_.size())];
    Command command{.kind = Kind::kHold, .user = person_.id, .code = hash(code), .number = 300};
    command.token = core::hash_of(code + std::to_string(sent_.size()));  // until it is told
    ask(client, command, "/api/v1/coupons/" + code + "/hold", Json::object());
  }

  void redeem(Heads& client, const std::string& code) {
    Command command{.kind = Kind::kRedeem, .user = person_.id, .code = hash(code)};
    Json body = Json::object();
    if (const auto held = holds_.find(*command.code); held != holds_.end()) {
      body["hold_token"] = held->second;
      command.token = core::hash_of(held->second);
    }
    ask(client, command, "/api/v1/coupons/" + code + "/redeem", body);
  }

  void roll_back(Heads& client) {
    if (redemptions_.empty()) return issue(client);
    const std::int64_t id = redemptions_[below(redemptions_.size())];
    ask(client, {.kind = Kind::kRollBack, .user = person_.id, .number = id},
        "/api/v1/redemptions/" + std::to_string(id) + "/rollback", Json::object());
  }

  void look(Heads& client) {
    const std::string slug = kSlugs[below(3)];
    Look look{.campaign = shop_.campaigns.at(slug), .invoked = ++clock_};
    const HttpResponse answer = client.send("GET", "/api/v1/campaigns/" + slug,
                                            {{"Authorization", "Bearer " + shop_.admin.token}});
    look.replied = ++clock_;
    if (answer.status != 200) throw std::runtime_error("a campaign cannot be read");
    const Json body = Json::parse(answer.body);
    const auto figure = [&](const char* name) { return body.at(name).get<std::int64_t>(); };
    look.counters = {.issued = figure("issued"),
                     .assigned = figure("assigned"),
                     .available = figure("available"),
                     .redeemed = figure("redeemed"),
                     .rolled_back = figure("rolled_back"),
                     .voided = figure("void")};
    looks_.push_back(look);
  }

  const Person person_;
  const Shop& shop_;
  const core::CodeVault& vault_;
  std::atomic<Moment>& clock_;
  std::mt19937_64 random_;
  std::vector<Sent> sent_;
  std::vector<Look> looks_;
  std::vector<std::string> codes_;                 // mine
  std::map<domain::CodeHash, std::string> holds_;  // tokens of holds
  std::vector<std::int64_t> redemptions_;
};

// The ledger names users, not requests: finds the request that each entry is of.
class Matcher {
 public:
  explicit Matcher(RecordedHistory& history) : history_(history) {
    for (Record& record : history.records) {
      if (record.effect) by_seq_.emplace(record.effect->seq.value, &record);
      if (record.is_unknown()) unknown_.push_back(&record);
    }
  }

  void match(store::Connection& db) {
    for (store::LedgerRow& row : history_.ledger) {
      Record* record = find(row);
      if (record == nullptr) continue;
      row.actor = record->command.marker;
      complete(*record, row, db);
    }
  }

 private:
  Record* find(const store::LedgerRow& row) {
    if (const auto known = by_seq_.find(row.seq.value); known != by_seq_.end())
      return known->second;
    for (auto it = unknown_.begin(); it != unknown_.end(); ++it) {
      if (!fits((*it)->command, row)) continue;
      Record* record = *it;
      unknown_.erase(it);
      return record;
    }
    return nullptr;
  }

  static bool fits(const Command& command, const store::LedgerRow& row) {
    if (command.kind == Kind::kRollBack) {
      return row.operation == store::operation::kRollback && row.units == command.number;
    }
    if (row.user_id != core::UserId{command.user}) return false;
    if (command.kind == Kind::kRedeem) return row.detail == command.marker;
    if (command.kind == Kind::kHold) return row.operation == store::operation::kHold;
    return (row.operation == store::operation::kIssue ||
            row.operation == store::operation::kAssign) &&
           row.campaign_id == core::CampaignId{command.campaign};
  }

  // The code that was given out, as the checkers want it.
  static void complete(Record& record, const store::LedgerRow& row, store::Connection& db) {
    if (record.command.kind != Kind::kIssue) return;
    const auto coupon = store::find_coupon(db, *row.coupon_id);
    record.command.codes.assign(1, {.display = {}, .hash = coupon->code_hash, .sealed = {}});
    if (record.effect) record.effect->coupons.emplace_back(coupon->code_hash, coupon->id.value);
  }

  RecordedHistory& history_;
  std::map<std::int64_t, Record*> by_seq_;
  std::vector<Record*> unknown_;
};

class HttpRecorder {
 public:
  explicit HttpRecorder(const HttpHistoryPlan& plan) : plan_(plan), data_dir_(box_.data_dir()) {
    shop_.campaigns["till"] = box_.add_campaign("till", domain::Mode::kToken, {}).value;
    shop_.campaigns["book"] =
        box_.add_campaign("book", domain::Mode::kPool, {.max_per_user = 3}).value;
    shop_.campaigns["stock"] =
        box_.add_campaign("stock", domain::Mode::kClaim, {.max_issued = 6}).value;
    box_.add_codes({shop_.campaigns["book"]}, 6);
    shop_.cards =
        box_.add_codes(box_.add_campaign("cards", domain::Mode::kCard, {.price = {5}}), 4);
    shop_.admin = box_.add_person(domain::Role::kAdmin);
    for (int i = 0; i < plan.clients; ++i) {
      people_.push_back(box_.add_person(domain::Role::kUser, 12));
    }
  }

  RecordedHistory record(std::string& audit) {
    {
      store::Connection db = open();
      history_.start = world_of(db);
    }
    const auto secrets = *core::Secrets::load(store::DataPaths(data_dir_).key);
    const core::CodeVault vault(secrets);
    std::deque<HttpClientOfShop> clients;
    for (std::size_t i = 0; i < people_.size(); ++i) {
      clients.emplace_back(people_[i], shop_, vault, clock_, plan_.seed * 100 + i);
    }
    if (plan_.etcd.empty()) {
      run_alone(clients);
    } else {
      run_cluster(clients);
    }
    collect(clients);
    audit = divergence_of(data_dir_);
    return std::move(history_);
  }

 private:
  store::Connection open() const {
    return store::Connection(store::DataPaths(data_dir_).database,
                             store::Connection::Access::kReadOnly);
  }

  void run(std::deque<HttpClientOfShop>& clients, const Ports& ports,
           const std::function<void()>& strike) {
    std::vector<std::thread> threads;
    for (HttpClientOfShop& client : clients) {
      threads.emplace_back([this, &client, ports] { client.work(ports, plan_.requests); });
    }
    if (plan_.kill_after_ms > 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(plan_.kill_after_ms));
      strike();
    }
    for (std::thread& thread : threads) thread.join();
  }

  void run_alone(std::deque<HttpClientOfShop>& clients) {
    run(clients, {box_.start().port()}, [this] { box_.server().kill(); });
    if (plan_.kill_after_ms > 0) {
      box_.server().kill();
      const int port = box_.start().port();
      for (HttpClientOfShop& client : clients) client.ask_again({port});
    }
    box_.server().kill();
  }

  void run_cluster(std::deque<HttpClientOfShop>& clients) {
    heads_.emplace(box_, plan_.etcd);
    run(clients, heads_->ports(), [&] { heads_->strike(plan_.sleeps); });
    for (HttpClientOfShop& client : clients) client.ask_again(heads_->ports());
    data_dir_ = heads_->stop();
  }

  void collect(std::deque<HttpClientOfShop>& clients) {
    for (HttpClientOfShop& client : clients) {
      for (const Sent& sent : client.sent()) history_.records.push_back(sent.record);
      history_.looks.insert(history_.looks.end(), client.looks().begin(), client.looks().end());
    }
    store::Connection db = open();
    look_at_the_end(history_, db, clock_ + 1);
    Matcher(history_).match(db);
  }

  const HttpHistoryPlan plan_;
  BlackBox box_;
  std::optional<TwoHeads> heads_;
  std::string data_dir_;  // with the database that has everything
  Shop shop_;
  std::vector<Person> people_;
  std::atomic<Moment> clock_ = 0;
  RecordedHistory history_;
};

}  // namespace

RecordedHistory record_http_history(const HttpHistoryPlan& plan, std::string& audit) {
  return HttpRecorder(plan).record(audit);
}

}  // namespace coupon::test
