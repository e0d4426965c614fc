#include "tests/support/shopper.h"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <utility>

namespace coupon::test {
namespace {

using Json = nlohmann::json;

constexpr char kRedeem[] = "coupon.redeem";

// Where the reply to an operation says its seq.
std::int64_t seq_of(const Intent& intent, const Json& body) {
  if (intent.operation == kRedeem) return body.at("redemption").at("seq").get<std::int64_t>();
  return body.at("seq").get<std::int64_t>();
}

template <class T>
T take(std::vector<T>& from, std::size_t at) {
  std::swap(from[at], from.back());
  T taken = std::move(from.back());
  from.pop_back();
  return taken;
}

std::string about(const Shopper& shopper, const Intent& intent) {
  return intent.operation + " " + intent.key + " of user " + std::to_string(shopper.user_id()) +
         ", answered " + std::to_string(intent.status) + " with seq " + std::to_string(intent.seq);
}

// Every entry that is one of the shoppers' own operations, counted by user and operation.
using Counts = std::map<std::pair<std::int64_t, std::string>, std::int64_t>;

Counts count_entries(const Ledger& ledger) {
  Counts counts;
  for (const auto& [seq, entry] : ledger) ++counts[{entry.user_id, entry.operation}];
  return counts;
}

void judge_acknowledged(const Shopper& shopper, const Intent& intent, const Ledger& ledger,
                        Verdict& verdict) {
  const auto entry = ledger.find(intent.seq);
  if (entry == ledger.end()) {
    verdict.violations.push_back("lost: " + about(shopper, intent));
  } else if (entry->second.operation != intent.operation ||
             entry->second.user_id != shopper.user_id() ||
             (intent.operation == kRedeem && entry->second.detail != intent.key)) {
    verdict.violations.push_back("another entry in its place: " + about(shopper, intent));
  }
}

// A redemption carries its order's number, so what became of each can be told.
void judge_orders(const std::vector<Shopper>& shoppers, const Ledger& ledger, Verdict& verdict) {
  std::set<std::string> done;
  for (const auto& [seq, entry] : ledger) {
    if (entry.operation == kRedeem && !done.insert(entry.detail).second) {
      verdict.violations.push_back("redeemed twice: order " + entry.detail);
    }
  }
  for (const Shopper& shopper : shoppers) {
    for (const Intent& intent : shopper.intents()) {
      const bool refused = !intent.unknown && !intent.acknowledged();
      if (refused && done.count(intent.key) != 0) {
        verdict.violations.push_back("refused and done: " + about(shopper, intent));
      }
    }
  }
}

// Neither fewer than acknowledged nor more than can have happened.
void judge_counts(const Shopper& shopper, const Counts& counts, Verdict& verdict) {
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> told;  // acknowledged, unknown
  for (const Intent& intent : shopper.intents()) {
    auto& [acknowledged, unknown] = told[intent.operation];
    acknowledged += intent.acknowledged() ? 1 : 0;
    unknown += intent.unknown ? 1 : 0;
  }
  for (const auto& [operation, figures] : told) {
    const auto found = counts.find({shopper.user_id(), operation});
    const std::int64_t entries = found == counts.end() ? 0 : found->second;
    if (entries >= figures.first && entries <= figures.first + figures.second) continue;
    verdict.violations.push_back(operation + " of user " + std::to_string(shopper.user_id()) +
                                 ": " + std::to_string(entries) + " entries for " +
                                 std::to_string(figures.first) + " acknowledged and " +
                                 std::to_string(figures.second) + " unknown");
  }
}

}  // namespace

Mall open_mall(BlackBox& box, int pool, int stock, int cards) {
  Mall mall;
  box.add_campaign("till", domain::Mode::kToken, {.token_ttl_s = 86'400});
  box.add_codes(box.add_campaign("book", domain::Mode::kPool, {}), pool);
  box.add_campaign("stock", domain::Mode::kClaim, {.max_issued = stock});
  const auto campaign = box.add_campaign("cards", domain::Mode::kCard, {});
  mall.cards = box.add_codes(campaign, cards);
  mall.admin_token = box.add_person(domain::Role::kAdmin).token;
  return mall;
}

void Shopper::shop(int port, const std::atomic<bool>& stop) {
  HttpClient client(port);
  try {
    retry(client);
    while (!stop) step(client);
  } catch (const std::runtime_error&) {
    // The server is gone; the last intent says so.
  }
}

void Shopper::step(HttpClient& client) {
  switch (below(10)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return get_coupon(client);
    case 4:
    case 5:
    case 6:
      return redeem_own(client);
    case 7:
      return redeem(client, mall_.cards[below(mall_.cards.size())]);
    case 8:
      return hold_and_release(client);
    default:
      return roll_back(client);
  }
}

void Shopper::retry(HttpClient& client) {
  for (std::size_t i = 0; i < intents_.size(); ++i) {
    if (intents_[i].unknown) send(client, i);
  }
}

void Shopper::get_coupon(HttpClient& client) {
  constexpr std::pair<const char*, const char*> kFrom[] = {
      {"till", "coupon.issue"}, {"book", "coupon.assign"}, {"stock", "coupon.issue"}};
  const auto& [campaign, operation] = kFrom[below(3)];
  const Json reply = post(client, {.operation = operation,
                                   .key = next_key(),
                                   .path = std::string("/api/v1/campaigns/") + campaign + "/issue",
                                   .body = "{}",
                                   .token = person_.token});
  if (reply.contains("coupon")) coupons_.push_back(reply["coupon"]["code"].get<std::string>());
}

void Shopper::redeem(HttpClient& client, const std::string& code, const std::string& hold) {
  const std::string order = next_key();
  Json body = {{"order_id", order}};
  if (!hold.empty()) body["hold_token"] = hold;
  const Json reply = post(client, {.operation = kRedeem,
                                   .key = order,
                                   .path = "/api/v1/coupons/" + code + "/redeem",
                                   .body = body.dump(),
                                   .token = person_.token});
  if (reply.contains("redemption")) {
    redemptions_.push_back(reply["redemption"]["id"].get<std::int64_t>());
  }
}

void Shopper::redeem_own(HttpClient& client) {
  if (!coupons_.empty()) redeem(client, take(coupons_, below(coupons_.size())));
}

void Shopper::hold_and_release(HttpClient& client) {
  if (coupons_.empty()) return;
  const std::string code = take(coupons_, below(coupons_.size()));
  const std::string path = "/api/v1/coupons/" + code;
  const Json held = post(client, {.operation = "coupon.hold",
                                  .key = next_key(),
                                  .path = path + "/hold",
                                  .body = "{}",
                                  .token = person_.token});
  if (!held.contains("hold_token")) return;
  const std::string hold = held["hold_token"].get<std::string>();
  if (below(2) == 0) return redeem(client, code, hold);
  post(client, {.operation = "coupon.release",
                .key = next_key(),
                .path = path + "/release",
                .body = Json{{"hold_token", hold}}.dump(),
                .token = person_.token});
  coupons_.push_back(code);
}

void Shopper::roll_back(HttpClient& client) {
  if (redemptions_.empty()) return;
  const std::int64_t id = take(redemptions_, below(redemptions_.size()));
  post(client, {.operation = "coupon.rollback",
                .key = next_key(),
                .path = "/api/v1/redemptions/" + std::to_string(id) + "/rollback",
                .body = "{}",
                .token = mall_.admin_token});
}

Json Shopper::post(HttpClient& client, Intent intent) {
  intents_.push_back(std::move(intent));
  return send(client, intents_.size() - 1);
}

Json Shopper::send(HttpClient& client, std::size_t at) {
  Intent& intent = intents_[at];
  const HttpResponse response =
      client.post(intent.path, intent.body,
                  {{"Authorization", "Bearer " + intent.token}, {"Idempotency-Key", intent.key}});
  intent.answered_at = std::chrono::steady_clock::now();
  Json body = Json::parse(response.body);
  if (response.status >= 200 && response.status < 300) intent.seq = seq_of(intent, body);
  intent.status = response.status;
  intent.unknown = body.value("code", std::string()) == "outcome_unknown";
  return body;
}

std::string Shopper::next_key() {
  return "u" + std::to_string(person_.id) + "-" + std::to_string(intents_.size());
}

void read_ledger(int port, const std::string& admin_token, Ledger& ledger) {
  HttpClient client(port);
  const Person admin{.id = 0, .uuid = {}, .token = admin_token};
  for (;;) {
    const std::int64_t after = ledger.empty() ? 0 : ledger.rbegin()->first;
    const Answer page =
        ask(client, admin, "GET", "/api/v1/ledger?limit=1000&after=" + std::to_string(after));
    const Json& items = page.body.at("items");
    if (items.empty()) return;
    for (const Json& item : items) {
      const bool of_user = item["user_id"].is_number();
      const bool detailed = item["detail"].is_string();
      ledger[item["seq"].get<std::int64_t>()] = {
          .operation = item["operation"].get<std::string>(),
          .user_id = of_user ? item["user_id"].get<std::int64_t>() : 0,
          .detail = detailed ? item["detail"].get<std::string>() : std::string()};
    }
  }
}

Verdict judge(const std::vector<Shopper>& shoppers, const Ledger& ledger) {
  Verdict verdict;
  const Counts counts = count_entries(ledger);
  std::set<std::int64_t> seqs;
  for (const Shopper& shopper : shoppers) {
    for (const Intent& intent : shopper.intents()) {
      if (!intent.acknowledged()) {
        ++(intent.unknown ? verdict.unknown : verdict.refused);
        continue;
      }
      ++verdict.acknowledged;
      judge_acknowledged(shopper, intent, ledger, verdict);
      if (!seqs.insert(intent.seq).second) {
        verdict.violations.push_back("told to two: " + about(shopper, intent));
      }
    }
    judge_counts(shopper, counts, verdict);
  }
  judge_orders(shoppers, ledger, verdict);
  return verdict;
}

}  // namespace coupon::test
