// Where randomness comes from. Passed in, never global, so that tests can replay a run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

namespace coupon::core {

// Fills `out` with random bytes. Must be callable from any thread.
using Random = std::function<void(std::span<unsigned char> out)>;

// libsodium's generator; sodium_init() must have run.
void system_random(std::span<unsigned char> out);

// A number in [0, bound), without bias. `bound` must be positive.
std::uint64_t uniform(const Random& random, std::uint64_t bound);

}  // namespace coupon::core
