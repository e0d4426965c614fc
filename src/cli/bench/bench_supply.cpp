#include <algorithm>

#include "coupond/service/coupons.h"
#include "src/cli/bench/bench_work.h"

namespace coupon::cli {
namespace {

using core::Result;
using service::Caller;
using service::Engine;

// Accounts that are active in one run. More would measure how fast the load generator makes
// sessions.
constexpr std::int64_t kSessionsMax = 20'000;
constexpr std::int64_t kSessionMs = 3'600'000;
constexpr std::uint64_t kTokens = 256;
constexpr core::Block<16> kOrderKey{'b', 'e', 'n', 'c', 'h'};

// Issues tokens for the benchmark's administrator.
Result<std::vector<std::string>> issue_tokens(Engine& engine) {
  const auto campaign = bench_campaign(engine, kBenchTokens);
  if (!campaign.ok()) return campaign.error();
  const service::Mint mint{engine.vault(), engine.random()};
  std::vector<std::string> tokens;
  for (std::uint64_t i = 0; i < kTokens; ++i) {
    const auto request = service::prepare_issue(mint, *campaign, bench_user(0));
    if (!request.ok()) return request.error();
    const auto issued = engine.writer().run<service::Issued>("bench.tokens", [&](store::Tx& tx) {
      return service::issue(tx, Caller::cli(), mint, *request);
    });
    if (!issued.ok()) return issued.error();
    tokens.push_back(engine.tokens().sign_coupon({.campaign_uuid = campaign->uuid,
                                                  .code = issued->code,
                                                  .token_number = issued->coupon.number,
                                                  .user_id = bench_uuid(0),
                                                  .issued_at = issued->at,
                                                  .expires_at = *issued->coupon.expires_at}));
  }
  return tokens;
}

}  // namespace

BenchSupply::BenchSupply(Engine& engine, const BenchSize& size)
    : size_(size), order_(static_cast<std::uint64_t>(size.codes), kOrderKey) {
  const std::int64_t count = std::min(size.users, kSessionsMax);
  const core::UnixMs now = engine.clock()();
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t number = i * size.users / count;
    const core::UserId id = bench_user(number);
    sessions_.push_back(
        {.user = id,
         .token = engine.tokens().sign_session({.user_id = id.value,
                                                .uuid = bench_uuid(number),
                                                .epoch = 1,
                                                .issued_at = now,
                                                .expires_at = now + kSessionMs,
                                                .role = number == 0 ? "admin" : "user"})});
  }
}

Result<std::unique_ptr<BenchSupply>> BenchSupply::make(Engine& engine, const BenchSize& size) {
  std::unique_ptr<BenchSupply> supply(new BenchSupply(engine, size));
  const auto cards = bench_campaign(engine, kBenchCards);
  if (!cards.ok()) return cards.error();
  const auto stock = bench_campaign(engine, kBenchStock);
  if (!stock.ok()) return stock.error();
  if (const auto open = cap_bench_tokens(engine, std::nullopt); !open.ok()) return open.error();
  auto tokens = issue_tokens(engine);
  if (!tokens.ok()) return tokens.error();
  supply->redeemed_ = cards->counters.redeemed;
  supply->stock_id_ = stock->id.value;
  supply->tokens_ = *std::move(tokens);
  return supply;
}

// An odd step that shares no factor with the number of sessions would do as well; this one only has
// to keep neighbours apart.
const BenchSupply::Session& BenchSupply::session(std::uint64_t n) const {
  constexpr std::uint64_t kStep = 7919;
  return sessions_[n * kStep % sessions_.size()];
}

std::string BenchSupply::card(std::uint64_t n) const {
  const std::uint64_t place = static_cast<std::uint64_t>(redeemed_) + n;
  if (place >= static_cast<std::uint64_t>(size_.codes)) return {};
  return bench_code(static_cast<std::int64_t>(order_.at(place)));
}

}  // namespace coupon::cli
