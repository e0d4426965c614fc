#include "coupond/core/seal.h"

#include <catch2/catch.hpp>

using namespace coupon::core;

namespace {
Block<32> key_of(unsigned char fill) {
  Block<32> key;
  key.fill(fill);
  return key;
}
}  // namespace

TEST_CASE("what was sealed opens with the same key and hides its text", "[seal]") {
  for (const std::string& text : {std::string(), std::string("a"), std::string(100'000, 'x')}) {
    const std::string sealed = seal(key_of(1), text, system_random);
    CHECK(sealed.size() == text.size() + 40);
    CHECK((text.size() < 2 || sealed.find(text) == std::string::npos));
    CHECK(unseal(key_of(1), sealed) == text);
    CHECK_FALSE(unseal(key_of(2), sealed));
  }
}

TEST_CASE("a sealed text that was changed or cut does not open", "[seal]") {
  const std::string sealed = seal(key_of(1), "twelve bytes", system_random);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    CHECK_FALSE(unseal(key_of(1), changed));
    CHECK_FALSE(unseal(key_of(1), sealed.substr(0, i)));
  }
}

TEST_CASE("the same text sealed twice looks different", "[seal]") {
  CHECK(seal(key_of(1), "same", system_random) != seal(key_of(1), "same", system_random));
}
