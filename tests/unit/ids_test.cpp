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

TEST_CASE("an id is a number without sign, zeros before it or anything around it", "[ids]") {
  CHECK(parse_id("1") == 1);
  CHECK(parse_id("999999999999999999") == 999'999'999'999'999'999);
  for (const char* wrong :
       {"", "0", "01", "-1", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "a", "1000000000000000000",
        "000000000000000000000001", "111111111111111111111111"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_id(wrong).has_value());
  }
}

TEST_CASE("a name that somebody could take for an id is known as such", "[ids]") {
  for (const char* name :
       {"1", "007", "-5", "+5", "1000000000000000000000", "64a1f0c2e4b0a1b2c3d4e5f6",
        "64A1F0C2E4B0A1B2C3D4E5F6", "0B8C51A6-7f0e-4c55-9d6e-3f2a1b0c9d8e", "id:", "id:x", "user:x",
        "slug:x"}) {
    CAPTURE(name);
    CHECK(could_be_id(name));
  }
  for (const char* name : {"", "+", "-", "ada", "4you", "1 2", "2026-spring", "abcdef", "idea",
                           "64a1f0c2e4b0a1b2c3d4e5fg", "64a1f0c2e4b0a1b2c3d4e5f"}) {
    CAPTURE(name);
    CHECK_FALSE(could_be_id(name));
  }
}
