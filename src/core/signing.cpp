#include "coupond/core/signing.h"

#include <sodium.h>

#include "coupond/core/assert.h"

namespace coupon::core {

Block<64> sign(const SigningKey& key, std::string_view message) {
  Block<64> signature;
  const ByteView bytes = as_bytes(message);
  const int failed = crypto_sign_detached(signature.data(), nullptr, bytes.data(), bytes.size(),
                                          key.secret_key.data());
  COUPOND_ASSERT(failed == 0);
  return signature;
}

bool signature_ok(const Block<32>& public_key, std::string_view message,
                  const Block<64>& signature) {
  const ByteView bytes = as_bytes(message);
  return crypto_sign_verify_detached(signature.data(), bytes.data(), bytes.size(),
                                     public_key.data()) == 0;
}

}  // namespace coupon::core
