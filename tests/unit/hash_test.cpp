#include "coupond/core/hash.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>

using namespace coupon::core;

TEST_CASE("the plain hash is BLAKE2b-256", "[hash]") {
  CHECK(to_hex(hash_of("")) == "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
  CHECK(to_hex(hash_of("abc")) ==
        "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
}

TEST_CASE("different sequences of fields never have the same digest", "[hash]") {
  std::set<Digest> digests;
  const Digest digest = hash_of("x");
  const std::string number_as_text("i\x05\0\0\0\0\0\0\0", 9);
  digests.insert(Hasher().finish());
  digests.insert(Hasher().add("ab").add("c").finish());
  digests.insert(Hasher().add("a").add("bc").finish());
  digests.insert(Hasher().add("abc").finish());
  digests.insert(Hasher().add("abc").add("").finish());
  digests.insert(Hasher().add("").add("abc").finish());
  digests.insert(Hasher().add(5).finish());
  digests.insert(Hasher().add("5").finish());
  digests.insert(Hasher().add(number_as_text).finish());
  digests.insert(Hasher().add(0).finish());
  digests.insert(Hasher().add("").finish());
  digests.insert(Hasher().add_null().finish());
  digests.insert(Hasher().add_null().add_null().finish());
  digests.insert(Hasher().add(-1).finish());
  digests.insert(Hasher().add(INT64_MIN).finish());
  digests.insert(Hasher().add(digest).finish());
  digests.insert(Hasher().add(as_text(digest)).finish());
  CHECK(digests.size() == 17);
}

TEST_CASE("the digest of typed fields stays what ledgers on disk contain", "[hash]") {
  // Computed by hand: 'i' 1 as 8 bytes little-endian, 's' length as 8 bytes, the text, 'n'.
  const std::string fed("i\x01\0\0\0\0\0\0\0s\x02\0\0\0\0\0\0\0hin", 21);
  CHECK(Hasher().add(1).add("hi").add_null().finish() == hash_of(fed));
}

TEST_CASE("a key changes the digest and only the same key gives it again", "[hash]") {
  const Block<32> key_a{1};
  const Block<32> key_b{2};
  CHECK(keyed_hash_of(key_a, "x") == keyed_hash_of(key_a, "x"));
  CHECK(keyed_hash_of(key_a, "x") != keyed_hash_of(key_b, "x"));
  CHECK(keyed_hash_of(key_a, "x") != hash_of("x"));
  CHECK(Hasher(key_a).add("x").finish() == Hasher(key_a).add("x").finish());
  CHECK(Hasher(key_a).add("x").finish() != Hasher(key_b).add("x").finish());
  CHECK(Hasher(key_a).add("x").finish() != Hasher().add("x").finish());
}
