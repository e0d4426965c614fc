// The data a benchmark works on: many users, many codes, in a data directory of their own. Made
// through the engine's own operations, ledger and all, so that `verify` holds for it. Codes are a
// function of their number: who drives the load needs no list of them. That makes them guessable,
// and such a directory worthless for anything else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "coupond/core/result.h"
#include "coupond/domain/campaign.h"
#include "coupond/service/engine.h"
#include "src/cli/progress.h"

namespace coupon::cli {

struct BenchSize {
  std::int64_t users = 10'000;
  std::int64_t codes = 200'000;  // card codes
};

// Campaigns by slug. The first two belong to services whose endpoints name no campaign.
inline constexpr std::string_view kBenchTokens = "tokens";
inline constexpr std::string_view kBenchCards = "subscription-cards";
inline constexpr std::string_view kBenchPool = "bench-pool";
inline constexpr std::string_view kBenchStock = "bench-stock";

inline constexpr std::string_view kBenchPassword = "BenchPassword1";

// Fills an empty directory's engine; one that was filled with the same size is left as it is, and
// one with another size refused.
core::Result<core::Done> fill(service::Engine& engine, const BenchSize& size,
                              const ShowProgress& progress);

// User number i, from 0, and card code number i.
core::UserId bench_user(std::int64_t i);
std::string bench_email(std::int64_t i);
std::string bench_uuid(std::int64_t i);
std::string bench_code(std::int64_t i);

// A campaign of the benchmark as it is now.
core::Result<domain::Campaign> bench_campaign(service::Engine& engine, std::string_view slug);

// Makes up for the coupons that were drawn from the pool, so that there are kBenchPoolSize.
inline constexpr std::int64_t kBenchPoolSize = 100'000;
core::Result<core::Done> fill_bench_pool(service::Engine& engine);

// Sets how many tokens there may be; absent: any number.
core::Result<core::Done> cap_bench_tokens(service::Engine& engine,
                                          std::optional<std::int64_t> max_issued);

}  // namespace coupon::cli
