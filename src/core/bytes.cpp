#include "coupond/core/bytes.h"

#include <sodium.h>

#include <cstdint>
#include <cstring>

namespace coupon::core {
namespace {

constexpr std::string_view kBase64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr unsigned char kNoSymbol = 0xff;

constexpr std::array<unsigned char, 256> symbol_values() {
  std::array<unsigned char, 256> values{};
  for (unsigned char& value : values) value = kNoSymbol;
  for (unsigned i = 0; i < kBase64Url.size(); ++i) {
    values[static_cast<unsigned char>(kBase64Url[i])] = static_cast<unsigned char>(i);
  }
  return values;
}
constexpr std::array<unsigned char, 256> kSymbolValues = symbol_values();

// How many bytes `symbols` symbols stand for; a single left-over symbol stands for nothing.
std::optional<std::size_t> decoded_size(std::size_t symbols) {
  if (symbols % 4 == 1) return std::nullopt;
  return symbols / 4 * 3 + (symbols % 4 == 0 ? 0 : symbols % 4 - 1);
}

// The bits of up to four symbols, left-aligned in 24; false for a symbol out of the alphabet.
bool read_group(std::string_view symbols, std::uint32_t& bits) {
  bits = 0;
  unsigned char wrong = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const unsigned char value =
        i < symbols.size() ? kSymbolValues[static_cast<unsigned char>(symbols[i])] : 0;
    wrong |= value;
    bits = bits << 6 | (value & 0x3f);
  }
  return (wrong & 0xc0) == 0;
}

// The length of the character that starts with `lead`, 0 for none, and the range its second byte
// must be in: that is where overlong forms, surrogates and what is above U+10FFFF show.
struct Lead {
  std::size_t length;
  unsigned char second_least;
  unsigned char second_most;
};
Lead lead_of(unsigned char lead) {
  if (lead < 0x80) return {1, 0, 0};
  if (lead < 0xc2) return {0, 0, 0};
  if (lead < 0xe0) return {2, 0x80, 0xbf};
  if (lead == 0xe0) return {3, 0xa0, 0xbf};
  if (lead == 0xed) return {3, 0x80, 0x9f};
  if (lead < 0xf0) return {3, 0x80, 0xbf};
  if (lead == 0xf0) return {4, 0x90, 0xbf};
  if (lead < 0xf4) return {4, 0x80, 0xbf};
  if (lead == 0xf4) return {4, 0x80, 0x8f};
  return {0, 0, 0};
}

// How many bytes from `at` on are one character; 0 when they are not.
std::size_t character_size(ByteView bytes, std::size_t at) {
  const Lead lead = lead_of(bytes[at]);
  if (lead.length <= 1) return lead.length;
  if (bytes.size() - at < lead.length) return 0;
  if (bytes[at + 1] < lead.second_least || bytes[at + 1] > lead.second_most) return 0;
  for (std::size_t i = 2; i < lead.length; ++i) {
    if ((bytes[at + i] & 0xc0) != 0x80) return 0;
  }
  return lead.length;
}

}  // namespace

std::string to_hex(ByteView bytes) {
  std::string hex(bytes.size() * 2 + 1, '\0');  // libsodium ends it with a NUL
  sodium_bin2hex(hex.data(), hex.size(), bytes.data(), bytes.size());
  hex.pop_back();
  return hex;
}

std::optional<Bytes> from_hex(std::string_view hex) {
  if (hex.empty()) return Bytes{};  // libsodium wants somewhere to write
  if (hex.size() % 2 != 0) return std::nullopt;
  Bytes bytes(hex.size() / 2);
  std::size_t size = 0;
  const char* end = nullptr;
  const int failed =
      sodium_hex2bin(bytes.data(), bytes.size(), hex.data(), hex.size(), nullptr, &size, &end);
  if (failed != 0 || size != bytes.size() || end != hex.data() + hex.size()) return std::nullopt;
  return bytes;
}

std::string to_base64url(ByteView bytes) {
  std::string text;
  text.reserve(bytes.size() / 3 * 4 + 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i) bits = bits << 8 | (i < count ? bytes[at + i] : 0U);
    for (std::size_t i = 0; i <= count; ++i) text += kBase64Url[bits >> (18 - 6 * i) & 0x3f];
  }
  return text;
}

bool from_base64url(std::string_view text, std::span<unsigned char> out) {
  if (decoded_size(text.size()) != out.size()) return false;
  std::size_t written = 0;
  for (std::size_t at = 0; at < text.size(); at += 4) {
    const std::string_view group = text.substr(at, 4);
    std::uint32_t bits = 0;
    if (!read_group(group, bits)) return false;
    for (std::size_t i = 0; i + 1 < group.size(); ++i) {
      out[written++] = static_cast<unsigned char>(bits >> (16 - 8 * i));
    }
    const std::uint32_t unused = (std::uint32_t{1} << (32 - 8 * group.size())) - 1;
    if (group.size() < 4 && (bits & unused) != 0) return false;
  }
  return true;
}

std::optional<Bytes> from_base64url(std::string_view text) {
  const std::optional<std::size_t> size = decoded_size(text.size());
  if (!size) return std::nullopt;
  Bytes bytes(*size);
  if (!from_base64url(text, bytes)) return std::nullopt;
  return bytes;
}

bool same_bytes(ByteView a, ByteView b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool is_utf8(std::string_view text) {
  const ByteView bytes = as_bytes(text);
  std::size_t at = 0;
  while (at < bytes.size()) {
    // Nearly all text is ASCII: eight bytes at a time.
    std::uint64_t eight = 0;
    if (bytes.size() - at >= sizeof eight) {
      std::memcpy(&eight, bytes.data() + at, sizeof eight);
      if ((eight & 0x8080808080808080U) == 0) {
        at += sizeof eight;
        continue;
      }
    }
    const std::size_t size = character_size(bytes, at);
    if (size == 0) return false;
    at += size;
  }
  return true;
}

}  // namespace coupon::core
