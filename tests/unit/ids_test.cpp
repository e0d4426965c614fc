#include "coupond/core/ids.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

using namespace coupon::core;

TEST_CASE("a UUID is version 4 and lower case whatever the random bytes", "[ids]") {
  const Random ones = [](std::span<unsigned char> out) { std::fill(out.begin(), out.end(), 0xff); };
  const Random zeros = [](std::span<unsigned char> out) { std::fill(out.begin(), out.end(), 0); };
  CHECK(uuid4(ones) == "ffffffff-ffff-4fff-bfff-ffffffffffff");
  CHECK(uuid4(zeros) == "00000000-0000-4000-8000-000000000000");
}

TEST_CASE("UUIDs are recognised and do not repeat", "[ids]") {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string uuid = uuid4(system_random);
    CHECK(is_uuid(uuid));
    seen.insert(uuid);
  }
  CHECK(seen.size() == 1000);
}

TEST_CASE("only 8-4-4-4-12 hex digits are a UUID", "[ids]") {
  CHECK(is_uuid("0B8C51A6-7F0E-4c55-9d6e-3f2a1b0c9d8e"));
  for (const char* wrong :
       {"", "0b8c51a6", "0b8c51a67f0e4c559d6e3f2a1b0c9d8e", "0b8c51a6-7f0e-4c55-9d6e-3f2a1b0c9d8",
        "0b8c51a6-7f0e-4c55-9d6e-3f2a1b0c9d8ee", "0b8c51a6-7f0e-4c55-9d6e-3f2a1b0c9d8g",
        "0b8c51a67-f0e-4c55-9d6e-3f2a1b0c9d8e", "{b8c51a6-7f0e-4c55-9d6e-3f2a1b0c9d8}",
        "0b8c51a6 7f0e 4c55 9d6e 3f2a1b0c9d8e"}) {
    CAPTURE(wrong);
    CHECK_FALSE(is_uuid(wrong));
  }
}
