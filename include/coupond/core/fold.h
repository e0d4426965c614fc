// Texts that a reader takes for one another: Unicode's compatibility case-fold, and mixed scripts.
// Pure: safe on any thread.
#pragma once

#include <string>
#include <string_view>

namespace coupon::core {

// NFKC with case folded and ignorable characters left out. `text` must be UTF-8.
std::string nfkc_casefold(std::string_view text);

// Whether one word of the text has letters of two of the scripts Latin, Greek and Cyrillic, many of
// which look the same. Digits do not end a word. `text` must be UTF-8.
bool mixes_scripts(std::string_view text);

// Whether the text has Greek or Cyrillic letters, and each of them looks like a Latin one, so that
// it is read as another word. `text` must be UTF-8.
bool looks_latin(std::string_view text);

}  // namespace coupon::core
