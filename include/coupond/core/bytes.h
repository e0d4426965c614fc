// Bytes and their texts: hex, base64url, UTF-8. Pure functions: safe on any thread.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace coupon::core {

using Bytes = std::vector<unsigned char>;
using ByteView = std::span<const unsigned char>;
template <std::size_t N>
using Block = std::array<unsigned char, N>;

// The same memory seen as bytes, or as text.
inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Lower-case hex. Constant time for a given length, so it may be used on secrets.
std::string to_hex(ByteView bytes);
// Strict: an even number of hex digits of either case and nothing else. Constant time likewise.
std::optional<Bytes> from_hex(std::string_view hex);

// Base64url without padding (RFC 4648 section 5). Not constant time: for what is public anyway.
std::string to_base64url(ByteView bytes);
// Strict: no padding, no white space, and the unused bits of the last symbol must be zero, so that
// every byte string has exactly one text.
std::optional<Bytes> from_base64url(std::string_view text);
// The same into `out`, for fixed sizes without allocating; false also when the size differs.
bool from_base64url(std::string_view text, std::span<unsigned char> out);

// Whether both are the same bytes. Takes the same time wherever they differ; only the lengths show.
bool same_bytes(ByteView a, ByteView b);
inline bool same_bytes(std::string_view a, std::string_view b) {
  return same_bytes(as_bytes(a), as_bytes(b));
}

// Well-formed UTF-8: no overlong form, no surrogate, nothing above U+10FFFF. NUL is allowed.
bool is_utf8(std::string_view text);

}  // namespace coupon::core
