#include "src/api/print/pdf_text.h"

#include <algorithm>
#include <array>

namespace coupon::api {
namespace {

constexpr char32_t kLatinA = 0x100;    // Latin Extended-A begins
constexpr std::size_t kExtraMax = 31;  // bytes below the space

// Of the letters from space to tilde.
using Widths = std::array<short, 95>;
constexpr Widths kPlain{
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333,  278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667,  611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278,  556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500,  500, 334, 260, 334, 584};
constexpr Widths kBold{
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611, 975, 722, 722, 722, 722, 667,
    611, 778, 722, 278, 556, 722, 611, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 333, 278, 333, 584, 556, 333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556,
    278, 889, 611, 611, 611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584};
constexpr short kCodeWidth = 600;
constexpr short kWide = 1000;

// What Windows-1252 has from 0x80 to 0x9F.
constexpr std::array<char32_t, 32> kHigh{
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

// A letter with a mark is as wide as without: those from U+00A0 and U+0100 on.
constexpr std::string_view kBases =
    " !oooo|Sscao--r-o+23'upo,1o>@@@?AAAAAA%CEEEEIIIIDNOOOOO+OUUUUYPb"
    "aaaaaawceeeeiiiidnooooo+ouuuuypy"
    "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIiMmJjKkkLlLlLlL"
    "lLlNnNnNnnNnOoOoOoWwRrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzf";
static_assert(kBases.size() == 224);

// What the fonts call the letters of Latin Extended-A that they have; "-": they have it not, or
// Windows-1252 has it too.
constexpr std::array<const char*, 128> kNames{"Amacron",
                                              "amacron",
                                              "Abreve",
                                              "abreve",
                                              "Aogonek",
                                              "aogonek",
                                              "Cacute",
                                              "cacute",
                                              "-",
                                              "-",
                                              "-",
                                              "-",
                                              "Ccaron",
                                              "ccaron",
                                              "Dcaron",
                                              "dcaron",
                                              "Dcroat",
                                              "dcroat",
                                              "Emacron",
                                              "emacron",
                                              "-",
                                              "-",
                                              "Edotaccent",
                                              "edotaccent",
                                              "Eogonek",
                                              "eogonek",
                                              "Ecaron",
                                              "ecaron",
                                              "-",
                                              "-",
                                              "Gbreve",
                                              "gbreve",
                                              "-",
                                              "-",
                                              "Gcommaaccent",
                                              "gcommaaccent",
                                              "-",
                                              "-",
                                              "-",
                                              "-",
                                              "-",
                                              "-",
                                              "Imacron",
                                              "imacron",
                                              "-",
                                              "-",
                                              "Iogonek",
                                              "iogonek",
                                              "Idotaccent",
                                              "dotlessi",
                                              "-",
                                              "-",
                                              "-",
                                              "-",
                                              "Kcommaaccent",
                                              "kcommaaccent",
                                              "-",
                                              "Lacute",
                                              "lacute",
                                              "Lcommaaccent",
                                              "lcommaaccent",
                                              "Lcaron",
                                              "lcaron",
                                              "-",
                                              "-",
                                              "Lslash",
                                              "lslash",
                                              "Nacute",
                                              "nacute",
                                              "Ncommaaccent",
                                              "ncommaaccent",
                                              "Ncaron",
                                              "ncaron",
                                              "-",
                                              "-",
                                              "-",
                                              "Omacron",
                                              "omacron",
                                              "-",
                                              "-",
                                              "Ohungarumlaut",
                                              "ohungarumlaut",
                                              "-",
                                              "-",
                                              "Racute",
                                              "racute",
                                              "Rcommaaccent",
                                              "rcommaaccent",
                                              "Rcaron",
                                              "rcaron",
                                              "Sacute",
                                              "sacute",
                                              "-",
                                              "-",
                                              "Scedilla",
                                              "scedilla",
                                              "-",
                                              "-",
                                              "Tcommaaccent",
                                              "tcommaaccent",
                                              "Tcaron",
                                              "tcaron",
                                              "-",
                                              "-",
                                              "-",
                                              "-",
                                              "Umacron",
                                              "umacron",
                                              "-",
                                              "-",
                                              "Uring",
                                              "uring",
                                              "Uhungarumlaut",
                                              "uhungarumlaut",
                                              "Uogonek",
                                              "uogonek",
                                              "-",
                                              "-",
                                              "-",
                                              "-",
                                              "-",
                                              "Zacute",
                                              "zacute",
                                              "Zdotaccent",
                                              "zdotaccent",
                                              "-",
                                              "-",
                                              "-"};

std::string_view glyph_name(char32_t letter) {
  if (letter == 0x218) return "Scommaaccent";
  if (letter == 0x219) return "scommaaccent";
  if (letter == 0x21A) return "Tcommaaccent";
  if (letter == 0x21B) return "tcommaaccent";
  const bool known = letter >= kLatinA && letter < kLatinA + kNames.size();
  return known ? kNames[letter - kLatinA] : "-";
}

// The next letter of valid UTF-8.
char32_t take(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  char32_t letter = length == 1 ? first : first & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    letter = letter << 6 | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  text.remove_prefix(length);
  return letter;
}

// Spaces and hyphens of other widths are printed as the common ones.
char32_t plain(char32_t letter) {
  const bool space = (letter >= 0x2000 && letter <= 0x200A) || letter == 0x202F || letter == 0x205F;
  if (space || letter == '\t') return ' ';
  return letter == 0x2010 || letter == 0x2011 ? U'-' : letter;
}

bool invisible(char32_t letter) {
  return (letter >= 0x200B && letter <= 0x200F) || letter == 0x2060 || letter == 0xFEFF ||
         letter == 0xAD;
}

short width_of(PdfFont font, char letter) {
  return (font == PdfFont::kBold ? kBold : kPlain)[static_cast<std::size_t>(letter - ' ')];
}

}  // namespace

unsigned char PdfLetters::byte_of(char32_t letter) {
  const bool same = (letter >= ' ' && letter <= '~') || (letter >= 0xA0 && letter <= 0xFF);
  if (same) return static_cast<unsigned char>(letter);
  if (letter < ' ') return 0;
  const auto high = std::ranges::find(kHigh, letter);
  if (high != kHigh.end()) return static_cast<unsigned char>(0x80 + (high - kHigh.begin()));
  if (glyph_name(letter) == "-") return 0;
  const std::size_t at = std::min(extra_.find(letter), extra_.size());
  if (at == kExtraMax) return 0;
  if (at == extra_.size()) extra_ += letter;
  return static_cast<unsigned char>(at + 1);
}

core::Result<std::string> PdfLetters::encode(std::string_view utf8) {
  std::string bytes;
  while (!utf8.empty()) {
    const std::string_view before = utf8;
    const char32_t letter = plain(take(utf8));
    if (invisible(letter)) continue;
    const unsigned char byte = byte_of(letter);
    if (byte == 0) {
      std::string message = "A PDF has no letter “";
      message.append(before.substr(0, before.size() - utf8.size()));
      message.append("”. Print from the page instead: the browser has its fonts.");
      return core::Error{.reason = core::Reason::kInvalidRequest, .message = message};
    }
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

std::int64_t PdfLetters::width(PdfFont font, std::string_view encoded) const {
  if (font == PdfFont::kCode) return static_cast<std::int64_t>(encoded.size()) * kCodeWidth;
  std::int64_t sum = 0;
  for (const char letter : encoded) {
    const auto byte = static_cast<unsigned char>(letter);
    if (byte >= 0x80 && byte < 0xA0) {
      sum += kWide;
    } else if (byte < ' ') {
      const char32_t real = extra_[byte - 1U];
      sum += real < 0x180 ? width_of(font, kBases[real - 0xA0]) : kWide;
    } else {
      sum += width_of(font, byte < 0x80 ? letter : kBases[byte - 0xA0U]);
    }
  }
  return sum;
}

std::string PdfLetters::differences() const {
  std::string names = extra_.empty() ? "" : "1";
  for (const char32_t letter : extra_) {
    names += " /";
    names += glyph_name(letter);
  }
  return names;
}

}  // namespace coupon::api
