// What a benchmark can measure: kinds of requests, each made from a supply.
#pragma once

#include <string_view>
#include <vector>

#include "coupond/load/generator.h"
#include "src/cli/bench/bench_supply.h"

namespace coupon::cli {

struct BenchKind {
  std::string_view name;
  std::string_view about;
  load::Workload (*workload)(BenchSupply& supply);
  BenchNeed need = BenchNeed::kNothing;
  // More connections than that are refused, or only wait, or are not what is to be measured.
  std::size_t connections_max = ~std::size_t{0};
};

const std::vector<BenchKind>& bench_kinds();
// Null when there is none of that name.
const BenchKind* find_bench_kind(std::string_view name);

}  // namespace coupon::cli
