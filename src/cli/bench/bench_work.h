// What a benchmark can measure: kinds of requests, each made from the data of bench_data.h, and the
// limits of the machine beside them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "coupond/core/permutation.h"
#include "coupond/core/result.h"
#include "coupond/load/generator.h"
#include "src/cli/bench/bench_data.h"

namespace coupon::cli {

// What requests are made of: sessions for as many users as can be active, and which codes are left.
class BenchSupply {
 public:
  // Reads the state of the data and signs the sessions, good for an hour. The engine may be closed
  // afterwards.
  static core::Result<std::unique_ptr<BenchSupply>> make(service::Engine& engine,
                                                         const BenchSize& size);

  struct Session {
    core::UserId user;
    std::string token;
  };
  // The n-th request's session: all are used in turn, in a mixed order.
  const Session& session(std::uint64_t n) const;
  // The n-th card code that has not been redeemed; empty when none is left.
  std::string card(std::uint64_t n) const;
  // A token that has not been used, again and again.
  const std::string& coupon_token(std::uint64_t n) const { return tokens_[n % tokens_.size()]; }
  std::int64_t stock_campaign() const { return stock_id_; }
  std::int64_t cards_left() const { return size_.codes - redeemed_; }

 private:
  BenchSupply(service::Engine& engine, const BenchSize& size);

  const BenchSize size_;
  const core::Permutation order_;  // of the codes: the first `redeemed_` are gone
  std::int64_t redeemed_ = 0;
  std::int64_t stock_id_ = 0;
  std::vector<Session> sessions_;
  std::vector<std::string> tokens_;
};

struct BenchKind {
  std::string_view name;
  std::string_view about;
  // Readies the data, after its supply was made; the server is not running. May be null.
  core::Result<core::Done> (*prepare)(service::Engine& engine);
  load::Workload (*workload)(const BenchSupply& supply);
  // More connections than that are refused or only wait.
  std::size_t connections_max = ~std::size_t{0};
};

const std::vector<BenchKind>& bench_kinds();
const BenchKind* find_bench_kind(std::string_view name);

// The same redemptions as those of the kind "redeem", by `callers` threads straight on the writer
// of this process: what the machine gives without HTTP.
load::Outcome redeem_without_http(service::Engine& engine, const BenchSupply& supply,
                                  std::size_t callers, double seconds);

}  // namespace coupon::cli
