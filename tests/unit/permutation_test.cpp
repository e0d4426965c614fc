#include "coupond/core/permutation.h"

#include <catch2/catch.hpp>
#include <set>

using namespace coupon::core;

TEST_CASE("a permutation visits every number below its size once", "[permutation]") {
  for (std::uint64_t size = 1; size <= 300; ++size) {
    const Permutation order(size, Block<16>{static_cast<unsigned char>(size)});
    std::set<std::uint64_t> seen;
    for (std::uint64_t i = 0; i < size; ++i) seen.insert(order.at(i));
    CAPTURE(size);
    CHECK(seen.size() == size);
    CHECK(*seen.rbegin() == size - 1);
  }
  for (const std::uint64_t size : {10'000U, 16'384U, 16'385U, 65'537U}) {
    const Permutation order(size, Block<16>{7});
    std::set<std::uint64_t> seen;
    for (std::uint64_t i = 0; i < size; ++i) seen.insert(order.at(i));
    CHECK(seen.size() == size);
  }
}

TEST_CASE("a permutation of the largest spaces stays inside them", "[permutation]") {
  for (const std::uint64_t size :
       {std::uint64_t{1} << 63, (std::uint64_t{1} << 63) + 1, UINT64_MAX}) {
    const Permutation order(size, Block<16>{9});
    std::set<std::uint64_t> seen;
    for (std::uint64_t i = 0; i < 1000; ++i) seen.insert(order.at(i));
    seen.insert(order.at(size - 1));
    CHECK(seen.size() == 1001);
    CHECK(*seen.rbegin() < size);
  }
}

TEST_CASE("another key is another order and the same key the same", "[permutation]") {
  const Permutation a(10'000, Block<16>{1});
  const Permutation a_again(10'000, Block<16>{1});
  const Permutation b(10'000, Block<16>{2});
  int same_as_b = 0;
  int in_place = 0;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    REQUIRE(a.at(i) == a_again.at(i));
    same_as_b += a.at(i) == b.at(i) ? 1 : 0;
    in_place += a.at(i) == i ? 1 : 0;
  }
  CHECK(same_as_b < 20);  // about one is expected
  CHECK(in_place < 20);
}
