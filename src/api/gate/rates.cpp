#include "src/api/gate/rates.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "coupond/core/email.h"
#include "coupond/core/net.h"

namespace coupon::api {
namespace {

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

// Which requests a rule counts. Patiently: not even while they are in flight are others refused for
// them. Not for what takes long, where a crowd that waits would keep the workers from other work.
enum class Counts { kAll, kFailures, kFailuresPatiently };

struct Rule {
  std::string_view name;
  core::RateLimit per_caller;
  core::RateLimit per_address;
  Counts counts = Counts::kAll;
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
    Rule{"login", {60, kMinute}, {60, kMinute}, Counts::kFailures},
    // Guessing codes: only what finds nothing counts, however many come at once.
    Rule{"codes", {10, kMinute}, {30, kMinute}, Counts::kFailuresPatiently},
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

core::Error too_many(core::UnixMs retry_at) {
  return {.reason = core::Reason::kRateLimited, .message = {}, .retry_at = retry_at};
}

// What a rule counts for this caller: the client's address, and then whoever is logged in.
std::vector<Bucket> buckets_of(const Rule& rule, const http::Request& request,
                               const service::Caller& caller) {
  const std::string prefix = std::string(rule.name) + ":";
  std::vector<Bucket> buckets{{prefix + address_key(request), rule.per_address}};
  if (caller.kind != service::Caller::Kind::kAnonymous) {
    buckets.push_back({prefix + caller.actor, rule.per_caller});
  }
  return buckets;
}

}  // namespace

std::string address_key(const http::Request& request) {
  const auto address = core::IpAddress::parse(request.client_address);
  return address ? address->rate_key() : request.client_address;
}

Rates::Taken Rates::take(std::string_view name, const http::Request& request,
                         const service::Caller& caller) {
  if (name.empty() || !enabled_) return {};
  const Rule& rule = rule_named(name);
  std::vector<Bucket> buckets = buckets_of(rule, request, caller);
  if (rule.counts == Counts::kFailuresPatiently) return Taken(failures_.enter(std::move(buckets)));
  Taken taken;
  taken.refusal_ = take_all(buckets);
  if (taken.refusal_ || rule.counts == Counts::kAll) return taken;
  taken.rates_ = this;
  taken.unless_failed_ = std::move(buckets);
  return taken;
}

Rates::Taken::Taken(WaitingRoom::Turn turn) : turn_(std::move(turn)) {
  if (turn_.refused_until()) refusal_ = too_many(*turn_.refused_until());
}

void Rates::Taken::settle(int status) {
  const bool failed = is_failure(status);
  turn_.end(failed);
  const auto buckets = std::exchange(unless_failed_, {});
  if (!failed && !buckets.empty()) rates_->give_back(buckets);
}

void Rates::show(std::string_view name, const http::Request& request, const service::Caller& caller,
                 http::Reply& reply) const {
  if (name.empty() || !enabled_) return;
  const core::UnixMs now = clock_();
  std::string policies;
  std::string left;
  const char* suffix = "-address";
  for (const Bucket& bucket : buckets_of(rule_named(name), request, caller)) {
    const core::Verdict verdict = limiter_.look(bucket.key, bucket.rate, now);
    const std::string item = (left.empty() ? "\"" : ", \"") + std::string(name) + suffix;
    policies += item + "\";q=" + std::to_string(bucket.rate.limit) +
                ";w=" + std::to_string(bucket.rate.period_ms / core::kMsPerSecond);
    left += item + "\";r=" + std::to_string(verdict.remaining) +
            ";t=" + std::to_string(verdict.reset_s);
    suffix = "-caller";
  }
  reply.headers.emplace_back("RateLimit-Policy", std::move(policies));
  reply.headers.emplace_back("RateLimit", std::move(left));
}

core::Result<core::LoginGuard::Attempt> Rates::begin_login(std::string_view identifier,
                                                           const http::Request& request) {
  if (!enabled_) return core::LoginGuard::Attempt{};
  auto attempt = logins_.begin(account_key(identifier), address_key(request), clock_());
  if (!attempt.retry_at) return attempt;
  return too_many(*attempt.retry_at);
}

void Rates::end_login(const core::LoginGuard::Attempt& attempt, LoginOutcome outcome) {
  if (!enabled_) return;
  if (outcome == LoginOutcome::kRight) logins_.succeed(attempt, clock_());
  if (outcome == LoginOutcome::kUntried) logins_.withdraw(attempt);
}

std::optional<core::Error> Rates::take_idempotency_key(const std::string& principal, bool trusted) {
  if (!enabled_) return std::nullopt;
  return take_all({{"idempotency:" + principal, trusted ? kKeysPerTrusted : kKeysPerUser}});
}

std::optional<core::Error> Rates::take_all(const std::vector<Bucket>& buckets) {
  const core::UnixMs now = clock_();
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    const core::Verdict verdict = limiter_.take(buckets[i].key, buckets[i].rate, now);
    if (verdict.allowed) continue;
    give_back({buckets.data(), i});
    return too_many(now + verdict.retry_after_s * core::kMsPerSecond);
  }
  return std::nullopt;
}

void Rates::give_back(std::span<const Bucket> buckets) {
  const core::UnixMs now = clock_();
  for (const Bucket& bucket : buckets) limiter_.give_back(bucket.key, bucket.rate, now);
}

}  // namespace coupon::api
