// Text files as people have them: UTF-8 with or without a byte order mark, UTF-16, Windows-1252.
// Pure functions: safe on any thread.
#pragma once

#include <string>
#include <string_view>

namespace coupon::core {

struct DecodedText {
  std::string utf8;           // without a byte order mark
  std::string_view encoding;  // "UTF-8", "UTF-16" or "Windows-1252": which it was taken for
};

// The text in `bytes`. UTF-16 is known by its mark, or by the zero bytes of its ASCII characters;
// what is not UTF-8 is Windows-1252. Never fails: a half of a surrogate pair, or a byte that
// Windows-1252 does not define, becomes U+FFFD.
DecodedText decode_text(std::string_view bytes);

}  // namespace coupon::core
