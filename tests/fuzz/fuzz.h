// What every fuzz target is made of. A target is one file with LLVMFuzzerTestOneInput: it gives the
// bytes to code that reads what strangers send, and asserts what must hold whatever they are, with
// COUPOND_ASSERT, so that the first failure ends the process. It draws on nothing but its input:
// the same bytes give the same run. scripts/fuzz.sh looks for inputs that fail; the test suite
// replays tests/fuzz/corpus (replay.cpp). One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace coupon::fuzz {

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  return size == 0 ? std::string_view()
                   : std::string_view(reinterpret_cast<const char*>(data), size);
}

// Choices that depend on the input alone, so that the input itself can stay plain text.
class Choices {
 public:
  explicit Choices(std::string_view input) {
    for (const char c : input) mix(static_cast<unsigned char>(c));
  }

  // The next number of the sequence.
  std::uint64_t next() {
    mix(0x9e);
    return state_ ^ (state_ >> 29);
  }
  // From 0 to bound - 1; bound must be positive.
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(next() % bound); }

 private:
  // FNV-1a.
  void mix(unsigned char byte) { state_ = (state_ ^ byte) * 0x100000001b3; }

  std::uint64_t state_ = 0xcbf29ce484222325;
};

}  // namespace coupon::fuzz
