#include "coupond/core/seal.h"

#include <sodium.h>

#include "coupond/core/assert.h"

namespace coupon::core {
namespace {

constexpr std::size_t kNonce = crypto_secretbox_NONCEBYTES;
constexpr std::size_t kTag = crypto_secretbox_MACBYTES;
static_assert(Block<32>{}.size() == crypto_secretbox_KEYBYTES);

unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

}  // namespace

std::string seal(const Block<32>& key, std::string_view text, const Random& random) {
  std::string sealed(kNonce + kTag + text.size(), '\0');
  unsigned char* nonce = bytes_of(sealed);
  random({nonce, kNonce});
  const int failed =
      crypto_secretbox_easy(nonce + kNonce, as_bytes(text).data(), text.size(), nonce, key.data());
  COUPOND_ASSERT(failed == 0);
  return sealed;
}

std::optional<std::string> unseal(const Block<32>& key, std::string_view sealed) {
  if (sealed.size() < kNonce + kTag) return std::nullopt;
  const ByteView nonce = as_bytes(sealed.substr(0, kNonce));
  const ByteView box = as_bytes(sealed.substr(kNonce));
  std::string text(box.size() - kTag, '\0');
  const int failed =
      crypto_secretbox_open_easy(bytes_of(text), box.data(), box.size(), nonce.data(), key.data());
  if (failed != 0) return std::nullopt;
  return text;
}

}  // namespace coupon::core
