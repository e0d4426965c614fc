// The data a benchmark works on: many users, many codes, in a data directory of their own. Made
// through the engine's own operations, ledger and all, so that `verify` holds for it. Codes are a
// function of their number: who drives the load needs no list of them. That makes them guessable,
// and such a directory worthless for anything else.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "coupond/core/permutation.h"
#include "coupond/core/result.h"
#include "coupond/load/generator.h"
#include "coupond/service/engine.h"
#include "src/cli/progress.h"

namespace coupon::cli {

struct BenchSize {
  std::int64_t users = 10'000;
  std::int64_t codes = 200'000;  // card codes
};

inline constexpr std::string_view kBenchPassword = "BenchPassword1";

// Fills an empty directory's engine; one that was filled with the same size is left as it is, and
// one with another size refused.
core::Result<core::Done> fill(service::Engine& engine, const BenchSize& size,
                              const ShowProgress& progress);

// The data as a benchmark uses it. Constant: any thread.
struct BenchData {
  struct Account {
    core::UserId id;
    std::string email;
    std::string session;  // good for a week
  };
  std::vector<Account> accounts;   // some of all; the first is an administrator's
  std::int64_t codes = 0;          // card codes, of which
  std::int64_t redeemed = 0;       // so many are gone
  core::Permutation order{1, {}};  // of the codes' numbers

  // The n-th card code that was not redeemed when this was read; empty when none is left.
  std::string card(std::uint64_t n) const;
};
// The engine may be closed afterwards.
core::Result<BenchData> read_bench_data(service::Engine& engine, const BenchSize& size);

// Card redemptions by `callers` threads straight on the writer of this process: what the machine
// gives without HTTP.
load::Outcome redeem_without_http(service::Engine& engine, const BenchData& data,
                                  std::size_t callers, double seconds);

}  // namespace coupon::cli
