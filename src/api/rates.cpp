#include "src/api/rates.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "coupond/core/email.h"
#include "coupond/core/net.h"

namespace coupon::api {
namespace {

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

struct Rule {
  std::string_view name;
  core::RateLimit per_caller;
  core::RateLimit per_address;
  bool failures_only = false;
};

constexpr std::array kRules{
    // The card service's own, which its clients were told.
    Rule{"card-generate", {5, kMinute}, {5, kMinute}},
    Rule{"card-redeem", {10, kMinute}, {10, kMinute}},
    // Accounts: each costs a password hash and a row for ever.
    Rule{"register", {120, kMinute}, {120, kMinute}},
    // Guessing the set-up link, which is hopeless; but nobody shall keep us busy with it.
    Rule{"setup", {10, kMinute}, {10, kMinute}},
    // Guessing passwords, over all accounts; LoginGuard counts those for one.
    Rule{"login", {60, kMinute}, {60, kMinute}, true},
    // Guessing codes: only what finds nothing counts.
    Rule{"codes", {10, kMinute}, {30, kMinute}, true},
};

// Keys kept for a day: what one principal can make us store.
constexpr core::RateLimit kKeysPerUser{10'000, kDay};
constexpr core::RateLimit kKeysPerTrusted{10'000'000, kDay};

const Rule& rule_named(std::string_view name) {
  const auto rule =
      std::find_if(kRules.begin(), kRules.end(), [&](const Rule& one) { return one.name == name; });
  if (rule == kRules.end()) throw std::logic_error("no rate limit is named " + std::string(name));
  return *rule;
}

bool is_failure(int status) { return status == 400 || status == 401 || status == 404; }

// One spelling for all that log in to the same account.
std::string account_key(std::string_view identifier) {
  auto email = core::canonical_email(identifier);
  return email.ok() ? *std::move(email) : "name " + std::string(identifier.substr(0, 256));
}

struct Bucket {
  const char* suffix;
  std::string key;
  core::RateLimit rate;
};

// What a rule counts for this caller: the client's address, and whoever is logged in.
std::vector<Bucket> buckets_of(const Rule& rule, const http::Request& request,
                               const service::Caller& caller) {
  const std::string prefix = std::string(rule.name) + ":";
  std::vector<Bucket> buckets{{"-address", prefix + address_key(request), rule.per_address}};
  if (caller.kind != service::Caller::Kind::kAnonymous) {
    buckets.push_back({"-caller", prefix + caller.actor, rule.per_caller});
  }
  return buckets;
}

}  // namespace

std::string address_key(const http::Request& request) {
  const auto address = core::IpAddress::parse(request.client_address);
  return address ? address->rate_key() : request.client_address;
}

Rates::Taken Rates::take(std::string_view name, const http::Request& request,
                         const service::Caller& caller, core::UnixMs now) {
  if (name.empty() || !enabled_) return {};
  const Rule& rule = rule_named(name);
  std::vector<Taken::One> wanted;
  for (Bucket& bucket : buckets_of(rule, request, caller)) {
    wanted.push_back({std::move(bucket.key), bucket.rate});
  }
  Taken taken = take_all(std::move(wanted), now);
  taken.failures_only = rule.failures_only;
  return taken;
}

void Rates::show(std::string_view name, const http::Request& request, const service::Caller& caller,
                 core::UnixMs now, http::Reply& reply) const {
  if (name.empty() || !enabled_) return;
  std::string policies;
  std::string left;
  for (const Bucket& bucket : buckets_of(rule_named(name), request, caller)) {
    const core::Verdict verdict = limiter_.look(bucket.key, bucket.rate, now);
    const std::string item = (left.empty() ? "\"" : ", \"") + std::string(name) + bucket.suffix;
    policies += item + "\";q=" + std::to_string(bucket.rate.limit) +
                ";w=" + std::to_string(bucket.rate.period_ms / core::kMsPerSecond);
    left += item + "\";r=" + std::to_string(verdict.remaining) +
            ";t=" + std::to_string(verdict.reset_s);
  }
  reply.headers.emplace_back("RateLimit-Policy", std::move(policies));
  reply.headers.emplace_back("RateLimit", std::move(left));
}

core::Result<core::LoginGuard::Attempt> Rates::begin_login(std::string_view identifier,
                                                           const http::Request& request,
                                                           core::UnixMs now) {
  if (!enabled_) return core::LoginGuard::Attempt{};
  auto attempt = logins_.begin(account_key(identifier), address_key(request), now);
  if (!attempt.retry_at) return attempt;
  return core::Error{
      .reason = core::Reason::kRateLimited, .message = {}, .retry_at = attempt.retry_at};
}

void Rates::end_login(const core::LoginGuard::Attempt& attempt, LoginOutcome outcome,
                      core::UnixMs now) {
  if (!enabled_) return;
  if (outcome == LoginOutcome::kRight) logins_.succeed(attempt, now);
  if (outcome == LoginOutcome::kUntried) logins_.withdraw(attempt);
}

Rates::Taken Rates::take_idempotency_key(const std::string& principal, bool trusted,
                                         core::UnixMs now) {
  return take_all({{"idempotency:" + principal, trusted ? kKeysPerTrusted : kKeysPerUser}}, now);
}

Rates::Taken Rates::take_all(std::vector<Taken::One> buckets, core::UnixMs now) {
  Taken taken;
  if (!enabled_) return taken;
  for (Taken::One& bucket : buckets) {
    const core::Verdict verdict = limiter_.take(bucket.key, bucket.rate, now);
    if (!verdict.allowed) {
      give_back(taken, now);
      return {.refusal = core::Error{.reason = core::Reason::kRateLimited,
                                     .message = {},
                                     .retry_at = now + verdict.retry_after_s * core::kMsPerSecond}};
    }
    taken.buckets.push_back(std::move(bucket));
  }
  return taken;
}

void Rates::give_back(const Taken& taken, core::UnixMs now) {
  for (const Taken::One& bucket : taken.buckets) limiter_.give_back(bucket.key, bucket.rate, now);
}

void Rates::settle(const Taken& taken, int status, core::UnixMs now) {
  if (taken.failures_only && !is_failure(status)) give_back(taken, now);
}

}  // namespace coupon::api
