// Codes as people type them. Whatever the text is,
// * the canonical form is its own canonical form, without blanks, dashes or lower-case letters;
// * case, blanks, dashes and invisible characters make no difference to it, and letters that look
//   like digits none to its folded form;
// * a code that is stored is found and opened again, and another hash does not open it;
// * one wrong symbol of a card code, or two swapped ones, are noticed.
#include <sodium.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "coupond/core/assert.h"
#include "coupond/core/codes.h"
#include "coupond/core/limits.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace coupon::core;
using coupon::fuzz::Choices;

const CodeVault& vault() {
  static const CodeVault made = [] {
    COUPOND_ASSERT(sodium_init() >= 0);
    return CodeVault(Secrets::from_master(Block<32>{1}));
  }();
  return made;
}

bool canonical_byte(char c) {
  return static_cast<unsigned char>(c) > ' ' && c != 0x7f && c != '-' && (c < 'a' || c > 'z');
}

constexpr std::array<std::string_view, 6> kInvisible = {"-",      " ",      "\u00a0",
                                                        "\u2013", "\u200b", "\t"};

// The same code as somebody else might type it.
std::string retyped(std::string_view code, Choices& choices) {
  const bool is_ascii = std::all_of(code.begin(), code.end(),
                                    [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  std::string out;
  for (char c : code) {
    const std::size_t way = choices.below(4);
    if (way == 0 && c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    // Of ASCII only: an O before a combining mark is another letter, Ó, and a 0 there is none.
    if (way == 1 && is_ascii && c == '1') c = choices.below(2) == 0 ? 'l' : 'I';
    if (way == 1 && is_ascii && c == '0') c = 'o';
    // Between characters only: a blank within one would be no UTF-8.
    const bool starts_character = (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    if (way == 2 && starts_character) out += kInvisible[choices.below(kInvisible.size())];
    out += c;
  }
  return out;
}

void check_storing(std::string_view display, const std::string& code) {
  const CodeVault::CodeHash hash = vault().hash(code);
  const std::string sealed = vault().seal(display, hash);
  COUPOND_ASSERT(sealed == vault().seal(display) && sealed.size() == display.size());
  const auto as_0_1_0 = vault().hash(fold_lookalikes(code));
  COUPOND_ASSERT(vault().open(vault().seal(display, as_0_1_0), as_0_1_0).ok());
  const auto opened = vault().open(sealed, hash);
  COUPOND_ASSERT(opened.ok() && *opened == display);
  CodeVault::CodeHash other = hash;
  other[0] = static_cast<unsigned char>(other[0] ^ 1);
  COUPOND_ASSERT(!vault().open(sealed, other).ok());
}

void check_card(const std::string& code, Choices& choices) {
  constexpr std::string_view kSymbols = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  if (!card_check_ok(code)) return;
  COUPOND_ASSERT(has_card_shape(code));
  const std::size_t at = choices.below(code.size());
  std::string wrong = code;
  wrong[at] = kSymbols[choices.below(kSymbols.size())];
  COUPOND_ASSERT(card_check_ok(wrong) == (wrong == code));
  std::string swapped = code;
  std::swap(swapped[at], swapped[choices.below(code.size())]);
  COUPOND_ASSERT(card_check_ok(swapped) == (swapped == code));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = coupon::fuzz::as_text(data, size);
  const auto code = canonical(text);
  if (!code) {
    COUPOND_ASSERT(code.error().reason == Reason::kInvalidCode);
    return 0;
  }
  COUPOND_ASSERT(!code->empty() && code->size() <= limits::kCodeMaxBytes);
  COUPOND_ASSERT(text.size() <= limits::kCodeMaxBytes);
  COUPOND_ASSERT(std::all_of(code->begin(), code->end(), canonical_byte));
  const auto again = canonical(*code);
  COUPOND_ASSERT(again.ok() && *again == *code);

  Choices choices(text);
  const std::string typed = retyped(*code, choices);
  if (typed.size() <= limits::kCodeMaxBytes) {
    const auto same = canonical(typed);
    COUPOND_ASSERT(same.ok() && fold_lookalikes(*same) == fold_lookalikes(*code));
  }
  check_storing(text, *code);
  check_card(*code, choices);
  Choices seed(text);
  const std::string card = make_card_code([&](std::span<unsigned char> out) {
    for (unsigned char& byte : out) byte = static_cast<unsigned char>(seed.next());
  });
  check_card(*canonical(card), choices);
  return 0;
}
