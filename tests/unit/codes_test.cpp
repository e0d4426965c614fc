#include "coupond/core/codes.h"

#include <array>
#include <catch2/catch.hpp>
#include <set>

using namespace coupon::core;

namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

std::string folded(std::string_view text) {
  const Result<std::string> code = canonical(text);
  return code ? *code : "refused";
}

std::string new_canonical_card() { return folded(make_card_code(system_random)); }

}  // namespace

TEST_CASE("case, spaces, dashes and look-alikes do not matter to a code", "[codes]") {
  CHECK(folded("abcd-efgh") == "ABCDEFGH");
  CHECK(folded("  ab cd-ef--gh ") == "ABCDEFGH");
  CHECK(folded("iIlLoO") == "111100");
  CHECK(folded("Summer_2026!{}") == "SUMMER_2026!{}");
  CHECK(folded("u") == "U");
  CHECK(folded("~") == "~");
  CHECK(folded(std::string(128, 'x')) == std::string(128, 'X'));
}

TEST_CASE("what cannot be a code is refused", "[codes]") {
  for (const std::string& text :
       {std::string(), std::string("-"), std::string(" - - "), std::string(129, 'x'),
        std::string("a\tb"), std::string("a\nb"), std::string("caf\xc3\xa9"),
        std::string("a\0b", 3), std::string("a\x7f"), std::string("\xff")}) {
    CAPTURE(text);
    const Result<std::string> code = canonical(text);
    REQUIRE_FALSE(code.ok());
    CHECK(code.error().reason == Reason::kInvalidCode);
  }
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
