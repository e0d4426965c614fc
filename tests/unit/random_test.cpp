#include "coupond/core/random.h"

#include <array>
#include <catch2/catch.hpp>
#include <cstring>
#include <set>

using namespace coupon::core;

TEST_CASE("uniform reaches every number below the bound and none above", "[random]") {
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 2000; ++i) seen.insert(uniform(system_random, 10));
  CHECK(seen.size() == 10);
  CHECK(*seen.rbegin() == 9);
  CHECK(uniform(system_random, 1) == 0);
}

TEST_CASE("uniform draws again where the remainder would favour small numbers", "[random]") {
  // 2^64 mod 10 is 6, so the numbers 0 to 5 have to be thrown away.
  std::uint64_t next = 0;
  const Random counting = [&next](std::span<unsigned char> out) {
    std::memcpy(out.data(), &next, out.size());
    ++next;
  };
  CHECK(uniform(counting, 10) == 6);
  CHECK(next == 7);
}

TEST_CASE("the system's randomness does not repeat itself", "[random]") {
  std::set<std::array<unsigned char, 16>> seen;
  for (int i = 0; i < 1000; ++i) {
    std::array<unsigned char, 16> block{};
    system_random(block);
    seen.insert(block);
  }
  CHECK(seen.size() == 1000);
}
