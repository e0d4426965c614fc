#include "coupond/core/hash.h"

#include <sodium.h>

#include "coupond/core/assert.h"

namespace coupon::core {
namespace {

static_assert(sizeof(crypto_generichash_state) == 384 && alignof(crypto_generichash_state) == 64);

crypto_generichash_state* state_in(std::array<unsigned char, 384>& bytes) {
  return reinterpret_cast<crypto_generichash_state*>(bytes.data());
}

// libsodium's hash calls fail only on lengths out of range, which would be a bug of ours.
void must(int result) { COUPOND_ASSERT(result == 0); }

}  // namespace

Hasher::Hasher() : Hasher(ByteView{}) {}

Hasher::Hasher(ByteView key) {
  must(crypto_generichash_init(state_in(state_), key.data(), key.size(), Digest{}.size()));
}

Hasher& Hasher::add(std::int64_t number) {
  mark_and_number('i', static_cast<std::uint64_t>(number));
  return *this;
}

Hasher& Hasher::add(std::string_view text) {
  mark_and_number('s', text.size());
  must(crypto_generichash_update(state_in(state_), as_bytes(text).data(), text.size()));
  return *this;
}

Hasher& Hasher::add(const Digest& digest) {
  feed('d', digest);
  return *this;
}

Hasher& Hasher::add_null() {
  feed('n', {});
  return *this;
}

Digest Hasher::finish() {
  Digest digest;
  must(crypto_generichash_final(state_in(state_), digest.data(), digest.size()));
  return digest;
}

void Hasher::feed(unsigned char mark, ByteView bytes) {
  must(crypto_generichash_update(state_in(state_), &mark, 1));
  must(crypto_generichash_update(state_in(state_), bytes.data(), bytes.size()));
}

void Hasher::mark_and_number(unsigned char mark, std::uint64_t number) {
  Block<9> bytes{mark};
  for (std::size_t i = 0; i < 8; ++i) {  // little-endian whatever the machine
    bytes[i + 1] = static_cast<unsigned char>(number >> (8 * i));
  }
  must(crypto_generichash_update(state_in(state_), bytes.data(), bytes.size()));
}

Digest hash_of(std::string_view bytes) { return keyed_hash_of({}, bytes); }

Digest keyed_hash_of(ByteView key, std::string_view bytes) {
  Digest digest;
  must(crypto_generichash(digest.data(), digest.size(), as_bytes(bytes).data(), bytes.size(),
                          key.data(), key.size()));
  return digest;
}

}  // namespace coupon::core
