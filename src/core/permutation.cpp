#include "coupond/core/permutation.h"

#include <sodium.h>

#include <bit>

#include "coupond/core/assert.h"

namespace coupon::core {
namespace {

// Four rounds already hide the order from whoever sees only some of it; small spaces need more.
constexpr std::uint64_t kRounds = 8;

// Half the bits (rounded up) needed to write every number below `size`.
int half_bits_for(std::uint64_t size) {
  const int bits = size <= 2 ? 1 : static_cast<int>(std::bit_width(size - 1));
  return (bits + 1) / 2;
}

}  // namespace

Permutation::Permutation(std::uint64_t size, const Block<16>& key)
    : size_(size), half_bits_(half_bits_for(size)), key_(key) {
  COUPOND_ASSERT(size >= 1);
}

std::uint64_t Permutation::at(std::uint64_t i) const {
  COUPOND_ASSERT(i < size_);
  // The cipher permutes a power of four, less than four times `size_` (or four itself). Walking on
  // while outside ends inside again, for the cycle contains `i`, and stays a bijection.
  do {
    i = shuffle(i);
  } while (i >= size_);
  return i;
}

// A balanced Feistel network: a bijection of 2*half_bits_ bits whatever the round function is.
std::uint64_t Permutation::shuffle(std::uint64_t value) const {
  const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
  std::uint64_t left = value >> half_bits_;
  std::uint64_t right = value & mask;
  for (std::uint64_t round = 0; round < kRounds; ++round) {
    const std::uint64_t input[2] = {round, right};
    std::uint64_t mixed = 0;
    crypto_shorthash(reinterpret_cast<unsigned char*>(&mixed),
                     reinterpret_cast<const unsigned char*>(input), sizeof input, key_.data());
    const std::uint64_t next = left ^ (mixed & mask);
    left = right;
    right = next;
  }
  return left << half_bits_ | right;
}

}  // namespace coupon::core
