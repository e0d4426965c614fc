#include "coupond/core/codes.h"

#include <sodium.h>
#include <utf8proc.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <utility>

#include "coupond/core/assert.h"
#include "coupond/core/fold.h"
#include "coupond/core/limits.h"

namespace coupon::core {
namespace {

static_assert(sizeof(crypto_generichash_state) == 384 && alignof(crypto_generichash_state) == 64);
static_assert(CodeVault::CodeHash{}.size() == crypto_stream_xchacha20_NONCEBYTES);

// What a character is to a code.
enum class Part { kKept, kInvisible, kRefused };

constexpr bool is_white_control(utf8proc_int32_t c) {
  return (c >= '\t' && c <= '\r') || c == 0x85;  // tabs and line ends; NEL is one of them
}

// Dashes and blanks that Unicode counts among the signs.
constexpr bool is_odd_blank(utf8proc_int32_t c) {
  constexpr utf8proc_int32_t kMinus = 0x2212;
  constexpr utf8proc_int32_t kSwungDash = 0x2053;
  constexpr utf8proc_int32_t kBlankBraille = 0x2800;
  return c == kMinus || c == kSwungDash || c == kBlankBraille;
}

Part part_of(utf8proc_int32_t c) {
  constexpr utf8proc_int32_t kReplacement = 0xfffd;  // left by a conversion that went wrong
  if (c == kReplacement) return Part::kRefused;
  const utf8proc_property_t& property = *utf8proc_get_property(c);
  switch (property.category) {
    case UTF8PROC_CATEGORY_CC:
      return is_white_control(c) ? Part::kInvisible : Part::kRefused;
    case UTF8PROC_CATEGORY_CN:
      // Not assigned yet: what it will be folded to is not known. But an emoji is itself for ever.
      return property.boundclass == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC ? Part::kKept
                                                                              : Part::kRefused;
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_PD:
    case UTF8PROC_CATEGORY_CF:
      return Part::kInvisible;
    default:
      return property.ignorable != 0 || is_odd_blank(c) ? Part::kInvisible : Part::kKept;
  }
}

Error invalid_code(std::string message) {
  return {.reason = Reason::kInvalidCode, .message = std::move(message)};
}

Error too_long() {
  return invalid_code("A code has at most " + std::to_string(limits::kCodeMaxBytes) +
                      " bytes (letters beyond ASCII take 2 to 4 each)");
}

Error refuse_character(std::size_t position, utf8proc_int32_t c) {
  std::array<char, 16> name{};
  std::snprintf(name.data(), name.size(), "U+%04X", static_cast<unsigned>(c));
  return invalid_code("Character " + std::to_string(position) + " (" + name.data() +
                      ") cannot be part of a code");
}

// The first character, or a negative number where the bytes are no UTF-8. `text` must not be empty.
utf8proc_int32_t take_character(std::string_view& text) {
  utf8proc_int32_t c = 0;
  const auto taken =
      utf8proc_iterate(as_bytes(text).data(), static_cast<utf8proc_ssize_t>(text.size()), &c);
  if (taken <= 0) return -1;
  text.remove_prefix(static_cast<std::size_t>(taken));
  return c;
}

std::optional<Error> problem_of(std::string_view text) {
  for (std::size_t position = 1; !text.empty(); ++position) {
    const utf8proc_int32_t c = take_character(text);
    if (c < 0) return invalid_code("Character " + std::to_string(position) + " is not valid UTF-8");
    if (part_of(c) == Part::kRefused) return refuse_character(position, c);
  }
  return std::nullopt;
}

std::string without_invisible(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::string_view rest = text;
    if (part_of(take_character(text)) == Part::kKept) {
      out += rest.substr(0, rest.size() - text.size());
    }
  }
  return out;
}

// Folding may bring blanks to light, and what stood beside one may then combine: until nothing
// changes any more. Two rounds for all but made-up texts.
Result<std::string> fold_unicode(std::string_view code) {
  constexpr int kRoundsMax = 8;
  if (auto problem = problem_of(code)) return *std::move(problem);
  std::string text(code);
  for (int round = 0; round < kRoundsMax; ++round) {
    std::string folded = without_invisible(nfkc_casefold(text));
    if (folded == text) return folded;
    text = std::move(folded);
  }
  return invalid_code("The code's characters combine in too many ways");
}

constexpr bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

// Crockford's base 32: no I, L, O (read as 1, 1, 0) and no U.
constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

constexpr std::array<unsigned char, 128> symbol_values() {
  std::array<unsigned char, 128> values{};
  for (unsigned i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<std::size_t>(kAlphabet[i])] = static_cast<unsigned char>(i);
  }
  return values;
}
constexpr std::array<unsigned char, 128> kSymbolValues = symbol_values();

// One step of the check: (state + symbol) * x in GF(32) = GF(2)[x]/(x^5+x^2+1). After the last step
// each symbol has been multiplied by its own power of x, and x has order 31: one wrong symbol, or
// two swapped ones, change the result, because the powers are neither zero nor equal.
unsigned check_step(unsigned state, unsigned symbol) {
  const unsigned doubled = (state ^ symbol) << 1;
  return (doubled & 0x20) != 0 ? doubled ^ 0x25 : doubled;
}

}  // namespace

Result<std::string> canonical(std::string_view code) {
  if (code.size() > limits::kCodeMaxBytes) return too_long();
  std::string out;
  if (std::all_of(code.begin(), code.end(), is_ascii)) {
    out.reserve(code.size());
    for (std::size_t i = 0; i < code.size(); ++i) {
      const char c = code[i];
      const bool is_control = c < ' ' || c == 0x7f;
      if (is_control && !is_white_control(c)) return refuse_character(i + 1, c);
      if (c != ' ' && c != '-' && !is_control) out += c;
    }
  } else {
    auto folded = fold_unicode(code);
    if (!folded) return folded;
    out = *std::move(folded);
  }
  if (out.empty()) {
    return invalid_code("A code needs a letter, a digit or another visible character");
  }
  if (out.size() > limits::kCodeMaxBytes) return too_long();
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

std::string fold_lookalikes(std::string_view canonical_code) {
  std::string out(canonical_code);
  for (char& c : out) {
    if (c == 'I' || c == 'L') c = '1';
    if (c == 'O') c = '0';
  }
  return out;
}

CodeVault::CodeVault(const Secrets& secrets) : seal_key_(secrets.code_seal_key()) {
  const Block<32>& key = secrets.code_hash_key();
  auto* state = reinterpret_cast<crypto_generichash_state*>(hash_state_.data());
  const int failed = crypto_generichash_init(state, key.data(), key.size(), CodeHash{}.size());
  COUPOND_ASSERT(failed == 0);
}

CodeVault::~CodeVault() {
  sodium_memzero(hash_state_.data(), hash_state_.size());
  sodium_memzero(seal_key_.data(), seal_key_.size());
}

CodeVault::CodeHash CodeVault::hash(std::string_view canonical_code) const {
  alignas(64) auto bytes = hash_state_;
  auto* state = reinterpret_cast<crypto_generichash_state*>(bytes.data());
  CodeHash hash;
  const int failed =
      crypto_generichash_update(state, as_bytes(canonical_code).data(), canonical_code.size()) |
      crypto_generichash_final(state, hash.data(), hash.size());
  COUPOND_ASSERT(failed == 0);
  return hash;
}

std::int64_t CodeVault::tail(std::string_view canonical_code) const {
  constexpr int kSymbols = 4;
  std::size_t from = canonical_code.size();
  for (int symbols = 0; from > 0 && symbols < kSymbols; ++symbols) {
    // Back to the first byte of the symbol.
    do {
      --from;
    } while (from > 0 && (static_cast<unsigned char>(canonical_code[from]) & 0xc0) == 0x80);
  }
  // No code begins so: a tag is never a code's hash.
  const CodeHash tag = hash("\n" + fold_lookalikes(canonical_code.substr(from)));
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < sizeof bits; ++i) bits = bits << 8 | tag[i];
  return static_cast<std::int64_t>(bits >> 1);
}

std::string CodeVault::seal(std::string_view display) const {
  const Result<std::string> code = canonical(display);
  COUPOND_ASSERT(code.ok());
  return seal(display, hash(*code));
}

std::string CodeVault::seal(std::string_view display, const CodeHash& hash) const {
  std::string sealed(display.size(), '\0');
  const int failed = crypto_stream_xchacha20_xor(reinterpret_cast<unsigned char*>(sealed.data()),
                                                 as_bytes(display).data(), display.size(),
                                                 hash.data(), seal_key_.data());
  COUPOND_ASSERT(failed == 0);
  return sealed;
}

Result<std::string> CodeVault::open(std::string_view sealed, const CodeHash& hash) const {
  std::string display = seal(sealed, hash);  // the stream is its own inverse
  const Result<std::string> code = canonical(display);
  if (!code || (!same_bytes(this->hash(*code), hash) &&
                !same_bytes(this->hash(fold_lookalikes(*code)), hash))) {
    return Error{.reason = Reason::kInternal,
                 .message =
                     "A stored code cannot be read: it is damaged, or secret.key is another "
                     "database's."};
  }
  return display;
}

std::string make_card_code(const Random& random) {
  Block<limits::kCardSymbols - 1> bytes;
  random(bytes);
  std::string code;
  unsigned check = 0;
  for (const unsigned char byte : bytes) {
    const unsigned symbol = byte & 0x1f;
    check = check_step(check, symbol);
    code += kAlphabet[symbol];
  }
  code += kAlphabet[check];  // the symbol that brings the state back to zero
  code.insert(16, 1, '-').insert(12, 1, '-');
  return code;
}

bool has_card_shape(std::string_view canonical_code) {
  return canonical_code.size() == limits::kCardSymbols &&
         canonical_code.find_first_not_of(kAlphabet) == std::string_view::npos;
}

bool card_check_ok(std::string_view canonical_code) {
  if (!has_card_shape(canonical_code)) return false;
  unsigned state = 0;
  for (const char symbol : canonical_code) {
    state = check_step(state, kSymbolValues[static_cast<std::size_t>(symbol)]);
  }
  return state == 0;
}

}  // namespace coupon::core
