#include "src/api/gate/limits.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "coupond/core/email.h"
#include "coupond/core/net.h"
#include "coupond/http/json.h"

namespace coupon::api {
namespace {

using core::Reason;

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

enum class Counts { kAll, kWrongGuesses };

struct Rule {
  std::string_view name;
  core::RateLimit per_caller;
  core::RateLimit per_address;
  Counts counts = Counts::kAll;
};

constexpr std::array kRules{
    // The card service's own, which its clients were told.
    Rule{"card-generate", {5, kMinute}, {5, kMinute}},
    // Accounts: each costs a password hash and a row for ever.
    Rule{"register", {120, kMinute}, {120, kMinute}},
    // Guessing the set-up link, which is hopeless; but nobody shall keep us busy with it.
    Rule{"setup", {10, kMinute}, {10, kMinute}},
    // Guessing passwords, over all accounts; those for one are counted by begin_login().
    Rule{"login", {60, kMinute}, {60, kMinute}, Counts::kWrongGuesses},
    // Guessing codes, through whichever endpoint.
    Rule{"codes", {10, kMinute}, {30, kMinute}, Counts::kWrongGuesses},
    // Guessing cashiers' PINs, on a till: of four digits, ten an hour take more than a month.
    Rule{"pins", {10, kHour}, {60, kHour}, Counts::kWrongGuesses},
};

// What a program tries for all of its customers, from one address.
constexpr core::RateLimit kGuessesOfProgram{300, kMinute};

// A hold that is taken and given back leaves two rows for ever and nothing else. What a shop's till
// does for its customers is not limited.
constexpr core::RateLimit kHoldsPerCustomer{240, kHour};

// A session is a row for a month; a program that logs in for each of its requests needs many.
constexpr core::RateLimit kSessionsPerAccount{2'000, kDay};

// Keys kept for a day: what one principal can make us store.
constexpr core::RateLimit kKeysPerUser{10'000, kDay};
constexpr core::RateLimit kKeysPerTrusted{10'000'000, kDay};

// How long an address is known as one from which an account was logged in.
constexpr std::int64_t kHomeKeptMs = 90 * kDay;

const Rule& rule_named(std::string_view name) {
  const auto rule =
      std::find_if(kRules.begin(), kRules.end(), [&](const Rule& one) { return one.name == name; });
  if (rule == kRules.end()) throw std::logic_error("no rate limit is named " + std::string(name));
  return *rule;
}

// Busy is no wrong password, but who makes the hashers busy shall not do it for nothing.
bool is_counted(const Rule& rule, Reason refused) {
  if (rule.name == "login") {
    return refused == Reason::kInvalidCredentials || refused == Reason::kBusy;
  }
  return refused == Reason::kUnknownCode || refused == Reason::kInvalidCode;
}

std::string sessions_bucket(const Limits::Login& login) { return "sessions:" + login.account; }
std::string keys_bucket(const std::string& principal) { return "idempotency:" + principal; }
core::RateLimit keys_rate(bool trusted) { return trusted ? kKeysPerTrusted : kKeysPerUser; }

std::int64_t seconds_up(std::int64_t ms) {
  return (ms + core::kMsPerSecond - 1) / core::kMsPerSecond;
}

// The customer whom a request names, in one spelling; empty when it names none.
std::string customer_of(const http::Request& request) {
  const auto json = http::parse_json(request.body);
  if (!json.ok() || !json->is_object()) return {};
  for (const char* field : {"user_id", "email", "external_id"}) {
    const auto found = json->find(field);
    if (found == json->end()) continue;
    const std::string text = found->is_string() ? found->get<std::string>() : found->dump();
    const auto email = core::canonical_email(text);
    return std::string(field) + " " +
           (email.ok() ? core::account_email(*email) : text.substr(0, 256));
  }
  return {};
}

}  // namespace

std::string address_key(const http::Request& request) {
  const auto address = core::IpAddress::parse(request.client_address);
  return address ? address->rate_key() : request.client_address;
}

std::int64_t Limits::steady_ms() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

core::Error Limits::too_many(std::int64_t wait_ms) const {
  // In whole seconds, which is what Retry-After can say.
  const core::UnixMs retry_at = clock_() + seconds_up(wait_ms) * core::kMsPerSecond;
  return {.reason = Reason::kRateLimited, .message = {}, .retry_at = retry_at};
}

// The client's address, and then whoever is logged in.
std::vector<Limits::Bucket> Limits::buckets_of(std::string_view name, const http::Request& request,
                                               const service::Caller& caller) {
  const Rule& rule = rule_named(name);
  const std::string prefix = std::string(rule.name) + ":";
  // A shop's server tries codes for many: one customer's guesses are not another's.
  const bool program = caller.kind == service::Caller::Kind::kApiKey && caller.may_redeem();
  if (program && rule.counts == Counts::kWrongGuesses && rule.name != "pins") {
    if (caller.guesses) {
      const core::RateLimit own{*caller.guesses, kMinute};
      return {{prefix + caller.actor, own}};
    }
    return {{prefix + caller.actor + " at " + address_key(request), kGuessesOfProgram},
            {prefix + caller.actor + " for " + customer_of(request), rule.per_caller}};
  }
  std::vector<Bucket> buckets{{prefix + address_key(request), rule.per_address}};
  if (caller.kind != service::Caller::Kind::kAnonymous) {
    buckets.push_back({prefix + caller.actor, rule.per_caller});
  }
  return buckets;
}

std::optional<core::Error> Limits::enter(std::string_view rule, const http::Request& request,
                                         const service::Caller& caller) {
  if (rule.empty() || !enabled_ || request.local) return std::nullopt;
  const auto buckets = buckets_of(rule, request, caller);
  if (rule_named(rule).counts == Counts::kAll) return take_all(buckets);
  const std::int64_t now = steady_();
  const core::Verdict own = table_.look(buckets.back().key, buckets.back().rate, now);
  if (!own.allowed) return too_many(own.retry_after_ms);
  const bool has_guessed = buckets.size() == 1 || own.remaining < buckets.back().rate.limit;
  if (!has_guessed) return std::nullopt;
  const core::Verdict all = table_.look(buckets.front().key, buckets.front().rate, now);
  if (!all.allowed) return too_many(all.retry_after_ms);
  return std::nullopt;
}

std::optional<core::Error> Limits::leave(std::string_view rule, const http::Request& request,
                                         const service::Caller& caller,
                                         std::optional<core::Reason> refused) {
  if (rule.empty() || !enabled_ || request.local || !refused) return std::nullopt;
  if (rule_named(rule).counts == Counts::kAll || !is_counted(rule_named(rule), *refused)) {
    return std::nullopt;
  }
  const std::int64_t now = steady_();
  const auto buckets = buckets_of(rule, request, caller);
  const core::Verdict all = table_.charge(buckets.front().key, buckets.front().rate, now);
  core::Verdict own = all;
  if (buckets.size() > 1) own = table_.charge(buckets[1].key, buckets[1].rate, now);
  // The first wrong guess of an account is heard whatever others at its address did.
  const bool is_first = buckets.size() > 1 && own.remaining == buckets[1].rate.limit - 1;
  if (own.allowed && (all.allowed || is_first)) return std::nullopt;
  return too_many(std::max(own.retry_after_ms, all.retry_after_ms));
}

void Limits::show(std::string_view rule, const http::Request& request,
                  const service::Caller& caller, http::Reply& reply) const {
  if (rule.empty() || !enabled_ || request.local) return;
  const std::int64_t now = steady_();
  std::string policies;
  std::string left;
  const char* suffix = "-address";
  for (const Bucket& bucket : buckets_of(rule, request, caller)) {
    const core::Verdict verdict = table_.look(bucket.key, bucket.rate, now);
    const std::string item = (left.empty() ? "\"" : ", \"") + std::string(rule) + suffix;
    policies += item + "\";q=" + std::to_string(bucket.rate.limit) +
                ";w=" + std::to_string(bucket.rate.period_ms / core::kMsPerSecond);
    left += item + "\";r=" + std::to_string(verdict.remaining) +
            ";t=" + std::to_string(seconds_up(verdict.reset_ms));
    suffix = "-caller";
  }
  reply.headers.emplace_back("RateLimit-Policy", std::move(policies));
  reply.headers.emplace_back("RateLimit", std::move(left));
}

core::Result<Limits::Login> Limits::begin_login(const std::string& account,
                                                const http::Request& request) const {
  Login unlimited;
  unlimited.known = true;
  if (!enabled_) return unlimited;
  const std::int64_t now = steady_();
  const std::string address = address_key(request);
  Login login{.account = account,
              .count = "wrong:" + account,
              .home = "home:" + address + " " + account,
              .place = "place:" + address};
  login.known = table_.is_marked(login.home, now);
  // Strangers who guess do not make the owner wait where the account was logged in before, and what
  // the owner types there gives strangers no new tries.
  if (login.known) login.count += " at " + address;
  if (const auto wait = table_.wait_ms(login.count, now); wait > 0) return too_many(wait);
  const auto sessions = table_.look(sessions_bucket(login), kSessionsPerAccount, now);
  if (!sessions.allowed) return too_many(sessions.retry_after_ms);
  login.known = login.known || table_.is_marked(login.place, now);
  return login;
}

std::optional<core::Error> Limits::end_login(const Login& login, LoginOutcome outcome) {
  if (!enabled_ || outcome == LoginOutcome::kUntried) return std::nullopt;
  const std::int64_t now = steady_();
  if (outcome == LoginOutcome::kRight) {
    if (table_.is_marked(login.home, now)) table_.clear(login.count);
    table_.mark(login.home, kHomeKeptMs, now);
    table_.mark(login.place, kHomeKeptMs, now);
    table_.charge(sessions_bucket(login), kSessionsPerAccount, now);
    return std::nullopt;
  }
  if (table_.fail(login.count, now) == 0) return std::nullopt;
  return too_many(table_.wait_ms(login.count, now));
}

std::optional<core::Error> Limits::refuse_key(const std::string& principal, bool trusted) const {
  if (!enabled_) return std::nullopt;
  const auto verdict = table_.look(keys_bucket(principal), keys_rate(trusted), steady_());
  if (verdict.allowed) return std::nullopt;
  return too_many(verdict.retry_after_ms);
}

void Limits::count_key(const std::string& principal, bool trusted) {
  if (enabled_) table_.charge(keys_bucket(principal), keys_rate(trusted), steady_());
}

std::optional<core::Error> Limits::take_hold(const service::Caller& caller) {
  if (!enabled_ || caller.kind != service::Caller::Kind::kUser) return std::nullopt;
  if (caller.role != domain::Role::kUser) return std::nullopt;
  return take_all({{"holds:" + caller.actor, kHoldsPerCustomer}});
}

std::optional<core::Error> Limits::take_all(const std::vector<Bucket>& buckets) {
  const std::int64_t now = steady_();
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    const core::Verdict verdict = table_.take(buckets[i].key, buckets[i].rate, now);
    if (verdict.allowed) continue;
    for (std::size_t taken = 0; taken < i; ++taken) {
      table_.give_back(buckets[taken].key, buckets[taken].rate, now);
    }
    return too_many(verdict.retry_after_ms);
  }
  return std::nullopt;
}

}  // namespace coupon::api
