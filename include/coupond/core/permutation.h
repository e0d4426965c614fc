// A random order of a range of numbers. Constant after construction: safe on any thread.
#pragma once

#include <cstdint>

#include "coupond/core/bytes.h"

namespace coupon::core {

// A keyed random order of the numbers 0 to size-1 that needs no memory: at(0), at(1) and so on
// visit each once. With Pattern::nth it fills a nearly full space without retries, and a resumed
// job goes on where it stopped. Not a substitute for random codes: who knows some codes of a small
// space guesses the others anyway.
class Permutation {
 public:
  // `size` at least 1.
  Permutation(std::uint64_t size, const Block<16>& key);

  // Where `i` goes, 0 <= i < size: a bijection of that range. About 0.1 to 0.4 µs.
  std::uint64_t at(std::uint64_t i) const;

 private:
  std::uint64_t shuffle(std::uint64_t value) const;

  std::uint64_t size_;
  int half_bits_;
  Block<16> key_;
};

}  // namespace coupon::core
