// COUPOND_ASSERT: for what only a bug of ours can make false. Never reachable by what a caller
// sends or by what a disk returns: those are Errors. It stays on in release builds, because going
// on after a broken invariant is how a coupon is given out twice; the data on disk is safe.
// Callable from any thread.
#pragma once

namespace coupon::core {

// Writes one line to stderr and aborts.
[[noreturn]] void assert_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace coupon::core

#define COUPOND_ASSERT(condition)     \
  ((condition) ? static_cast<void>(0) \
               : ::coupon::core::assert_failed(#condition, __FILE__, __LINE__))
