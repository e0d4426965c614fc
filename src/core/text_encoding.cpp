#include "coupond/core/text_encoding.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include "coupond/core/bytes.h"

namespace coupon::core {
namespace {

constexpr std::string_view kUtf8Mark = "\xef\xbb\xbf";
constexpr std::string_view kUtf16LittleMark = "\xff\xfe";
constexpr std::string_view kUtf16BigMark = "\xfe\xff";
constexpr char32_t kReplacement = 0xfffd;

// What Windows-1252 means by the bytes 0x80 to 0x9f; the others are Latin-1.
constexpr std::array<char16_t, 32> kWindows1252{
    0x20ac,       kReplacement, 0x201a, 0x0192, 0x201e, 0x2026,       0x2020, 0x2021,
    0x02c6,       0x2030,       0x0160, 0x2039, 0x0152, kReplacement, 0x017d, kReplacement,
    kReplacement, 0x2018,       0x2019, 0x201c, 0x201d, 0x2022,       0x2013, 0x2014,
    0x02dc,       0x2122,       0x0161, 0x203a, 0x0153, kReplacement, 0x017e, 0x0178};

void append_utf8(std::string& out, char32_t c) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((c >> shift) & 0x3f)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0 | (c >> 6));
    tail(0);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0 | (c >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xf0 | (c >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

bool is_high_surrogate(char32_t unit) { return unit >= 0xd800 && unit < 0xdc00; }
bool is_low_surrogate(char32_t unit) { return unit >= 0xdc00 && unit < 0xe000; }

std::string from_utf16(std::string_view bytes, bool little_endian) {
  const auto unit = [&](std::size_t i) {
    const auto first = static_cast<unsigned char>(bytes[i]);
    const auto second = static_cast<unsigned char>(bytes[i + 1]);
    return static_cast<char32_t>(little_endian ? first | second << 8 : first << 8 | second);
  };
  std::string out;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    const char32_t c = unit(i);
    const char32_t next = i + 3 < bytes.size() ? unit(i + 2) : 0;
    if (is_high_surrogate(c) && is_low_surrogate(next)) {
      append_utf8(out, 0x10000 + ((c - 0xd800) << 10) + (next - 0xdc00));
      i += 2;
    } else {
      append_utf8(out, is_high_surrogate(c) || is_low_surrogate(c) ? kReplacement : c);
    }
  }
  return out;
}

std::string from_windows_1252(std::string_view bytes) {
  std::string out;
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    append_utf8(out, value >= 0x80 && value < 0xa0 ? kWindows1252[value - 0x80] : value);
  }
  return out;
}

// Of UTF-16 without a mark, every other byte of the first characters is zero.
bool is_unmarked_utf16(std::string_view bytes, std::size_t zero_at) {
  if (bytes.size() < 4 || bytes.size() % 2 != 0) return false;
  for (std::size_t i = 0; i < 4; ++i) {
    if ((bytes[i] == '\0') != (i % 2 == zero_at)) return false;
  }
  return true;
}

}  // namespace

DecodedText decode_text(std::string_view bytes) {
  if (bytes.starts_with(kUtf16LittleMark)) return {from_utf16(bytes.substr(2), true), "UTF-16"};
  if (bytes.starts_with(kUtf16BigMark)) return {from_utf16(bytes.substr(2), false), "UTF-16"};
  if (is_unmarked_utf16(bytes, 1)) return {from_utf16(bytes, true), "UTF-16"};
  if (is_unmarked_utf16(bytes, 0)) return {from_utf16(bytes, false), "UTF-16"};
  if (bytes.starts_with(kUtf8Mark)) bytes.remove_prefix(kUtf8Mark.size());
  if (is_utf8(bytes)) return {std::string(bytes), "UTF-8"};
  return {from_windows_1252(bytes), "Windows-1252"};
}

}  // namespace coupon::core
