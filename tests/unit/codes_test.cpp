#include "coupond/core/codes.h"

#include <array>
#include <catch2/catch.hpp>
#include <set>
#include <utility>

using namespace coupon::core;

namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

std::string folded(std::string_view text) {
  const Result<std::string> code = canonical(text);
  return code ? *code : "refused";
}

std::string new_canonical_card() { return folded(make_card_code(system_random)); }

}  // namespace

TEST_CASE("case, spaces and dashes do not matter to a code", "[codes]") {
  CHECK(folded("abcd-efgh") == "ABCDEFGH");
  CHECK(folded("  ab cd-ef--gh ") == "ABCDEFGH");
  CHECK(folded("iIlLoO") == "IILLOO");
  CHECK(folded("Summer_2026!{}") == "SUMMER_2026!{}");
  CHECK(folded("u") == "U");
  CHECK(folded("~") == "~");
  CHECK(folded(std::string(128, 'x')) == std::string(128, 'X'));
}

TEST_CASE("letters of every script, signs and emoji are codes", "[codes]") {
  CHECK(folded("gr\u00fc\u00dfe") == folded("GR\u00dcSSE"));
  CHECK(folded("GRU\u0308SSE") == folded("GR\u00dcSSE"));  // a combining diaeresis
  CHECK(folded("\u0416\u0423\u041a") == folded("\u0436\u0443\u043a"));
  CHECK(folded("50\u20ac") == "50\u20ac");
  CHECK(folded("\uff33\uff21\uff2c\uff25\uff11") == "SALE1");  // full-width letters
  CHECK(folded("\U0001f389\U0001f381") == "\U0001f389\U0001f381");
  CHECK(folded("\u2764\ufe0f") == folded("\u2764"));  // a variation selector
  CHECK(folded("\U0001fae8") == "\U0001fae8");        // younger than the library's tables
  CHECK(folded("\u0131") != folded("i"));             // Turkish letters stay apart
  CHECK(folded("#A_1") == "#A_1");
  // Two marks that a blank kept apart combine in the same order as without it.
  CHECK(folded("a\u0301\u200b\u0323") == folded("a\u0323\u0301"));
  CHECK(folded("\u00a8x") == folded("\u0308x"));  // folded to a blank and a mark
}

TEST_CASE("what cannot be seen is no part of a code", "[codes]") {
  for (const char* invisible :
       {" ",      "-",      "\t",     "\r\n",   "\u00a0", "\u00ad", "\u2009", "\u200b", "\u200d",
        "\u200e", "\u2010", "\u2011", "\u2013", "\u2014", "\u2212", "\u2028", "\u2060", "\u3000",
        "\ufeff", "\ufe0f", "\uff0d", "\u034f", "\u3164", "\u2800", "\u0085", "\ufe58"}) {
    CAPTURE(invisible);
    CHECK(folded(std::string("AB") + invisible + "12" + invisible) == "AB12");
    CHECK(folded(invisible) == "refused");
  }
}

TEST_CASE("look-alikes are other letters, and folded only for a second look-up", "[codes]") {
  CHECK(folded("BOLD77X") != folded("B0LD77X"));
  CHECK(fold_lookalikes(folded("BOLD77X")) == "B01D77X");
  CHECK(fold_lookalikes(folded("B0LD77X")) == "B01D77X");
  CHECK(fold_lookalikes("7ZK2") == "7ZK2");
}

TEST_CASE("what cannot be a code is refused, and the character named", "[codes]") {
  const std::pair<std::string, const char*> cases[] = {
      {"", "visible"},
      {"-", "visible"},
      {" - - ", "visible"},
      {std::string(129, 'x'), "at most 128 bytes"},
      {std::string(43, 'x') + "\ufdfa\ufdfa\ufdfa\ufdfa", "at most 128 bytes"},
      {std::string("a\0b", 3), "Character 2 (U+0000)"},
      {"abc\x1b", "Character 4 (U+001B)"},
      {"a\x7f", "Character 2 (U+007F)"},
      {"\xff", "Character 1 is not valid UTF-8"},
      {"\u00fc\xfc", "Character 2 is not valid UTF-8"},
      {"caf\ufffd", "Character 4 (U+FFFD)"},
      {"\u0378", "Character 1 (U+0378)"}};
  for (const auto& [text, sentence] : cases) {
    CAPTURE(text);
    const Result<std::string> code = canonical(text);
    REQUIRE_FALSE(code.ok());
    CHECK(code.error().reason == Reason::kInvalidCode);
    CHECK_THAT(code.error().message, Catch::Contains(sentence));
  }
}

TEST_CASE("a code sealed by 0.1.0 under its folded form opens", "[codes]") {
  const CodeVault vault(Secrets::from_master(Block<32>{1}));
  const auto hash = vault.hash("B01D77X");
  const auto opened = vault.open(vault.seal("Bold-77x", hash), hash);
  REQUIRE(opened.ok());
  CHECK(*opened == "Bold-77x");
}

TEST_CASE("the canonical form of a canonical form is itself", "[codes]") {
  for (int c = 0x20; c < 0x7f; ++c) {
    const Result<std::string> once = canonical(std::string("A") + static_cast<char>(c));
    REQUIRE(once.ok());
    CHECK(folded(*once) == *once);
  }
}

TEST_CASE("equal codes have equal hashes and other codes or keys have others", "[codes]") {
  const CodeVault vault(Secrets::from_master(Block<32>{1}));
  const CodeVault other(Secrets::from_master(Block<32>{2}));
  CHECK(vault.hash("ABC") == vault.hash("ABC"));
  CHECK(vault.hash("ABC") != vault.hash("ABD"));
  CHECK(vault.hash("ABC") != other.hash("ABC"));
}

TEST_CASE("a sealed code opens to what was displayed and hides it", "[codes]") {
  const CodeVault vault(Secrets::from_master(Block<32>{1}));
  for (const std::string& display :
       {std::string("x"), std::string("summer-2026"), std::string("I L O"), std::string(128, 'q'),
        make_card_code(system_random)}) {
    const CodeVault::CodeHash hash = vault.hash(folded(display));
    const std::string sealed = vault.seal(display);
    CHECK(sealed.size() == display.size());
    CHECK(sealed != display);
    CHECK(sealed == vault.seal(display, hash));
    const Result<std::string> opened = vault.open(sealed, hash);
    REQUIRE(opened.ok());
    CHECK(*opened == display);
  }
}

TEST_CASE("a sealed code with any bit changed or the wrong key or hash does not open", "[codes]") {
  const CodeVault vault(Secrets::from_master(Block<32>{1}));
  const CodeVault other(Secrets::from_master(Block<32>{2}));
  const std::string display = make_card_code(system_random);
  const CodeVault::CodeHash hash = vault.hash(folded(display));
  const std::string sealed = vault.seal(display);

  CHECK_FALSE(other.open(sealed, hash).ok());
  CHECK_FALSE(vault.open(sealed, vault.hash("ANOTHER")).ok());
  CHECK_FALSE(vault.open("", hash).ok());
  CHECK_FALSE(vault.open(sealed.substr(1), hash).ok());
  // One byte too many opens when it happens to unseal to a blank or dash, no part of a code either.
  const Result<std::string> longer = vault.open(sealed + "x", hash);
  CHECK((!longer.ok() || folded(*longer) == folded(display)));
  for (std::size_t bit = 0; bit < hash.size() * 8; ++bit) {
    CodeVault::CodeHash changed = hash;
    changed[bit / 8] = static_cast<unsigned char>(changed[bit / 8] ^ (1U << (bit % 8)));
    CHECK_FALSE(vault.open(sealed, changed).ok());
  }
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    std::string changed = sealed;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    const Result<std::string> opened = vault.open(changed, hash);
    // Bit 5 is the case of a letter, which is no part of a code.
    if (bit % 8 != 5) {
      CHECK_FALSE(opened.ok());
    } else if (opened) {
      CHECK(folded(*opened) == folded(display));
    }
  }
}

TEST_CASE("a card code has 24 symbols in groups of 12, 4 and 8", "[codes]") {
  const std::string display = make_card_code(system_random);
  REQUIRE(display.size() == 26);
  CHECK(display[12] == '-');
  CHECK(display[17] == '-');
  const std::string code = folded(display);
  CHECK(code == display.substr(0, 12) + display.substr(13, 4) + display.substr(18));
  CHECK(has_card_shape(code));
  CHECK(card_check_ok(code));
}

TEST_CASE("only 24 symbols of the alphabet have the shape of a card code", "[codes]") {
  CHECK(has_card_shape(std::string(24, '0')));
  CHECK(card_check_ok(std::string(24, '0')));
  const std::string zeros(23, '0');
  for (const std::string_view end : {"", "00", "U", "a", "I", "-"}) {
    const std::string wrong = zeros + std::string(end);
    CAPTURE(wrong);
    CHECK_FALSE(has_card_shape(wrong));
    CHECK_FALSE(card_check_ok(wrong));
  }
}

TEST_CASE("every single wrong symbol of 1000 card codes is noticed", "[codes]") {
  int missed = 0;
  for (int i = 0; i < 1000; ++i) {
    std::string code = new_canonical_card();
    missed += card_check_ok(code) ? 0 : 1;
    for (char& symbol : code) {
      const char right = symbol;
      for (const char wrong : kAlphabet) {
        symbol = wrong;
        if (wrong != right && card_check_ok(code)) ++missed;
      }
      symbol = right;
    }
  }
  CHECK(missed == 0);
}

TEST_CASE("every swap of any two different symbols of 1000 card codes is noticed", "[codes]") {
  int missed = 0;
  int tried = 0;
  for (int n = 0; n < 1000; ++n) {
    std::string code = new_canonical_card();
    for (std::size_t i = 0; i < code.size(); ++i) {
      for (std::size_t j = i + 1; j < code.size(); ++j) {
        if (code[i] == code[j]) continue;
        std::swap(code[i], code[j]);
        missed += card_check_ok(code) ? 1 : 0;
        ++tried;
        std::swap(code[i], code[j]);
      }
    }
  }
  CHECK(tried > 200'000);
  CHECK(missed == 0);
}

TEST_CASE("every pair of symbols at every place is told from its swap", "[codes]") {
  // The check is linear, so the all-zero code with two symbols set stands for every code.
  int missed = 0;
  for (std::size_t at = 0; at + 1 < 24; ++at) {
    for (const char a : kAlphabet) {
      for (const char b : kAlphabet) {
        if (a == b) continue;
        // Find the check symbol for "…ab…", then look at "…ba…" with it.
        std::string code(24, '0');
        code[at] = a;
        code[at + 1] = b;
        const std::size_t free = at >= 12 ? 0 : 23;
        for (const char c : kAlphabet) {
          code[free] = c;
          if (card_check_ok(code)) break;
        }
        missed += card_check_ok(code) ? 0 : 1;
        std::swap(code[at], code[at + 1]);
        missed += card_check_ok(code) ? 1 : 0;
      }
    }
  }
  CHECK(missed == 0);
}

TEST_CASE("card codes do not repeat and use every symbol evenly at every place", "[codes]") {
  constexpr int kCodes = 20'000;
  std::set<std::string> seen;
  std::array<std::array<int, 32>, 24> counts{};
  for (int i = 0; i < kCodes; ++i) {
    const std::string code = new_canonical_card();
    seen.insert(code);
    for (std::size_t at = 0; at < code.size(); ++at) ++counts[at][kAlphabet.find(code[at])];
  }
  CHECK(seen.size() == kCodes);
  for (const auto& place : counts) {
    double chi_square = 0;
    for (const int count : place) {
      const double off = count - kCodes / 32.0;
      chi_square += off * off / (kCodes / 32.0);
    }
    CHECK(chi_square < 90);  // 31 degrees of freedom: p < 1e-7
  }
}
