// Letters of a PDF's standard fonts: which byte stands for which, and how wide each is. Every
// viewer brings these fonts along; they have the letters of Europe's Latin alphabets, so anything
// else is refused rather than printed wrongly. One object a document, one thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "coupond/core/result.h"

namespace coupon::api {

enum class PdfFont { kPlain, kBold, kCode };  // Helvetica, Helvetica-Bold, Courier

class PdfLetters {
 public:
  // `utf8`, valid and composed, as bytes of this document's encoding. kInvalidRequest names the
  // first letter that cannot be printed.
  core::Result<std::string> encode(std::string_view utf8);

  // Thousandths of the letters' size.
  std::int64_t width(PdfFont font, std::string_view encoded) const;

  // The encoding's letters beyond Windows-1252, as the elements of a PDF's /Differences.
  std::string differences() const;

 private:
  // Byte of a letter; 0: cannot be printed.
  unsigned char byte_of(char32_t letter);

  std::u32string extra_;  // the letter of byte 1, 2, …
};

}  // namespace coupon::api
