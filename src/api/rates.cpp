#include "src/api/rates.h"

#include <algorithm>
#include <array>
#include <stdexcept>

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
    // Guessing codes: only what finds nothing counts.
    Rule{"codes", {10, kMinute}, {30, kMinute}, true},
};

// Wrong passwords. The hourly limit keeps a patient guesser below 100 in any hour; the short one
// slows an impatient one; neither locks the owner out for long.
constexpr core::RateLimit kLoginPerAccount{10, kMinute};
constexpr core::RateLimit kLoginPerAccountHourly{50, kHour};
constexpr core::RateLimit kLoginPerAddress{60, kMinute};

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

std::string folded(std::string_view text) {
  std::string key(text.substr(0, 256));
  std::transform(key.begin(), key.end(), key.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return key;
}

}  // namespace

std::string address_key(const http::Request& request) {
  const auto address = core::IpAddress::parse(request.client_address);
  return address ? address->rate_key() : request.client_address;
}

Rates::Taken Rates::take(std::string_view name, const http::Request& request,
                         const service::Caller& caller, core::UnixMs now) {
  if (name.empty()) return {};
  const Rule& rule = rule_named(name);
  const std::string prefix = std::string(name) + ":";
  std::vector<Taken::One> buckets{{prefix + address_key(request), rule.per_address}};
  if (caller.kind != service::Caller::Kind::kAnonymous) {
    buckets.push_back({prefix + caller.actor, rule.per_caller});
  }
  Taken taken = take_all(std::move(buckets), now);
  taken.failures_only = rule.failures_only;
  return taken;
}

Rates::Taken Rates::take_login(std::string_view identifier, const http::Request& request,
                               core::UnixMs now) {
  const std::string account = folded(identifier);
  return take_all({{"login-minute:" + account, kLoginPerAccount},
                   {"login-hour:" + account, kLoginPerAccountHourly},
                   {"login-address:" + address_key(request), kLoginPerAddress}},
                  now);
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
