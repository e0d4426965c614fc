#include "coupond/core/codes.h"

#include <sodium.h>

#include "coupond/core/assert.h"
#include "coupond/core/limits.h"

namespace coupon::core {
namespace {

static_assert(sizeof(crypto_generichash_state) == 384 && alignof(crypto_generichash_state) == 64);
static_assert(CodeVault::CodeHash{}.size() == crypto_stream_xchacha20_NONCEBYTES);

constexpr char kDropped = '\0';
constexpr char kRefused = '\x7f';

// What canonical() makes of each ASCII character.
constexpr std::array<char, 128> folding() {
  std::array<char, 128> fold{};
  for (std::size_t c = 0; c < fold.size(); ++c) {
    fold[c] = c < 0x20 || c == 0x7f ? kRefused : static_cast<char>(c);
    if (c >= 'a' && c <= 'z') fold[c] = static_cast<char>(c - 'a' + 'A');
  }
  fold[' '] = fold['-'] = kDropped;
  for (const char c : {'I', 'i', 'L', 'l'}) fold[static_cast<std::size_t>(c)] = '1';
  for (const char c : {'O', 'o'}) fold[static_cast<std::size_t>(c)] = '0';
  return fold;
}
constexpr std::array<char, 128> kFolding = folding();

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
  if (code.empty() || code.size() > limits::kCodeMaxBytes) return Reason::kInvalidCode;
  std::string out;
  out.reserve(code.size());
  for (const char c : code) {
    const auto byte = static_cast<unsigned char>(c);
    const char folded = byte < kFolding.size() ? kFolding[byte] : kRefused;
    if (folded == kRefused) return Reason::kInvalidCode;
    if (folded != kDropped) out += folded;
  }
  if (out.empty()) return Reason::kInvalidCode;
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
  if (!code || !same_bytes(this->hash(*code), hash)) {
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
