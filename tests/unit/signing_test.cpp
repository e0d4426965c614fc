#include "coupond/core/signing.h"

#include <catch2/catch.hpp>

using namespace coupon::core;

TEST_CASE("a signature is good for its message, key and bytes only", "[signing]") {
  const Secrets secrets = Secrets::from_master(Block<32>{1});
  const SigningKey& key = secrets.checkpoint_key();
  const Block<64> signature = sign(key, "seq 7");
  CHECK(signature_ok(key.public_key, "seq 7", signature));
  CHECK_FALSE(signature_ok(key.public_key, "seq 8", signature));
  CHECK_FALSE(signature_ok(secrets.token_key().public_key, "seq 7", signature));
  Block<64> changed = signature;
  changed[3] ^= 1;
  CHECK_FALSE(signature_ok(key.public_key, "seq 7", changed));
}
