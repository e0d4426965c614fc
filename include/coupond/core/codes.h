// Coupon codes: their one canonical form, how they are stored, and our own card code.
// Pure functions, and a vault that is constant after construction: safe on any thread.
//
// How a code is stored. The canonical form goes through keyed BLAKE2b-192; that hash is the unique
// index by which codes are looked up, and says nothing without the key. Beside it lies the sealed
// copy, for listing and export: the code as displayed, XORed with the XChaCha20 stream whose nonce
// *is* the hash (24 bytes, which is why the hash has 192 bits). Such a synthetic nonce needs no
// random number and no tag: opening decrypts, recomputes the hash of what came out, and compares,
// so a changed hash, sealed copy or key is noticed. A stream would be used twice only if one code
// were sealed twice in different spellings (dashes, case); the XOR of both then shows only where
// the spellings differ, never the code.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "coupond/core/bytes.h"
#include "coupond/core/random.h"
#include "coupond/core/result.h"
#include "coupond/core/secrets.h"

namespace coupon::core {

// The form under which a code is looked up, kept unique, limited and written to the ledger, always:
// Unicode's NFKC case-fold, without white space, dashes and whatever else cannot be seen (zero
// width, soft hyphens, variation selectors), ASCII letters upper-cased. So full-width letters are
// the plain ones, `straße` is `STRASSE`, and `50€` is a code; I and 1 stay apart (see
// fold_lookalikes). Input: 1 to 128 bytes of UTF-8, of which something must remain, at most 128
// bytes too; no control characters. Otherwise kInvalidCode with a sentence that says which
// character is wrong. Idempotent: canonical(canonical(x)) == canonical(x). ASCII costs about 50 ns,
// other text about 1 µs.
Result<std::string> canonical(std::string_view code);

// A canonical code with the letters that are taken for digits read as such: I and L as 1, O as 0.
// Only for a second look-up after a miss: it finds a card that was mistyped, and what version 0.1.0
// stored, which folded all codes so.
std::string fold_lookalikes(std::string_view canonical_code);

class CodeVault {
 public:
  using CodeHash = Block<24>;

  explicit CodeVault(const Secrets& secrets);
  CodeVault(const CodeVault&) = default;
  CodeVault& operator=(const CodeVault&) = delete;
  ~CodeVault();  // wipes

  // The index key of a code. `canonical_code` must come from canonical(). About 0.5 µs.
  CodeHash hash(std::string_view canonical_code) const;

  // A tag of its last four symbols (of all, when there are fewer), look-alikes folded: equal for
  // codes that end alike. `canonical_code` may also be just those four.
  std::int64_t tail(std::string_view canonical_code) const;

  // The sealed copy of a code as displayed, as many bytes as it has. `display` must be acceptable
  // to canonical(); the second form spares the hash when the caller has it already.
  std::string seal(std::string_view display) const;
  std::string seal(std::string_view display, const CodeHash& hash) const;
  // The code as displayed; `hash` may be that of the folded form, as 0.1.0 stored it. kInternal
  // when the row is damaged or belongs to another key.
  Result<std::string> open(std::string_view sealed, const CodeHash& hash) const;

 private:
  alignas(64) std::array<unsigned char, 384> hash_state_;  // BLAKE2b, already keyed
  Block<32> seal_key_;
};

// Our own code: 23 random symbols of Crockford's base 32 (115 bits) and a check symbol, displayed
// 12-4-8: "7ZK2M9QW4XTA-1BHC-E5N8RVD3".
std::string make_card_code(const Random& random);

// Whether a canonical code could be a card code: 24 symbols of the alphabet.
bool has_card_shape(std::string_view canonical_code);

// Whether a code of that shape has the right check symbol. Every single wrong symbol and every
// swap of two symbols, adjacent or not, is noticed. False for another shape.
bool card_check_ok(std::string_view canonical_code);

}  // namespace coupon::core
