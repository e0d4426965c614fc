#include "coupond/core/random.h"

#include <sodium.h>

#include <array>
#include <cstring>

#include "coupond/core/assert.h"

namespace coupon::core {

void system_random(std::span<unsigned char> out) {
  if (!out.empty()) randombytes_buf(out.data(), out.size());
}

std::uint64_t uniform(const Random& random, std::uint64_t bound) {
  COUPOND_ASSERT(bound > 0);
  // The lowest 2^64 mod bound numbers would come up once too often: draw again.
  const std::uint64_t too_low = (0 - bound) % bound;
  std::array<unsigned char, sizeof(std::uint64_t)> bytes;
  std::uint64_t number = 0;
  do {
    random(bytes);
    std::memcpy(&number, bytes.data(), bytes.size());
  } while (number < too_low);
  return number % bound;
}

}  // namespace coupon::core
