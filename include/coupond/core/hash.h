// BLAKE2b-256 over typed fields: ledger chain, request bodies, stored secrets. A Hasher belongs to
// one thread; the functions are safe on any.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "coupond/core/bytes.h"

namespace coupon::core {

using Digest = Block<32>;

// Every append writes a type mark, and texts their length, so that two different sequences of
// appends never feed the same bytes: ("ab","c") and ("a","bc") have different digests.
class Hasher {
 public:
  Hasher();
  // Keyed: a MAC. `key` is 16 to 64 bytes.
  explicit Hasher(ByteView key);

  Hasher& add(std::int64_t number);
  Hasher& add(std::string_view text);
  Hasher& add(const Digest& digest);
  // A field that has no value: differs from 0 and from the empty text.
  Hasher& add_null();

  // The digest of what was added. Call it once, last.
  Digest finish();

 private:
  void feed(unsigned char mark, ByteView bytes);
  void mark_and_number(unsigned char mark, std::uint64_t number);

  // libsodium's state, hidden so that its header stays out of everybody's.
  alignas(64) std::array<unsigned char, 384> state_;
};

// Plain BLAKE2b-256 of the bytes, without marks: what `b2sum -l 256` prints.
Digest hash_of(std::string_view bytes);
// The same, keyed.
Digest keyed_hash_of(ByteView key, std::string_view bytes);

}  // namespace coupon::core
