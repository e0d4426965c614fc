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

// The form under which a code is looked up, kept unique and written to the ledger, always: spaces
// and dashes dropped, ASCII letters upper-cased, I and L read as 1, O as 0. Input: 1 to 128
// printable ASCII characters, of which something must remain; otherwise kInvalidCode.
// Idempotent: canonical(canonical(x)) == canonical(x).
Result<std::string> canonical(std::string_view code);

class CodeVault {
 public:
  using CodeHash = Block<24>;

  explicit CodeVault(const Secrets& secrets);
  CodeVault(const CodeVault&) = default;
  CodeVault& operator=(const CodeVault&) = delete;
  ~CodeVault();  // wipes

  // The index key of a code. `canonical_code` must come from canonical(). About 0.5 µs.
  CodeHash hash(std::string_view canonical_code) const;

  // The sealed copy of a code as displayed, as many bytes as it has. `display` must be acceptable
  // to canonical(); the second form spares the hash when the caller has it already.
  std::string seal(std::string_view display) const;
  std::string seal(std::string_view display, const CodeHash& hash) const;
  // The code as displayed. kInternal when the row is damaged or belongs to another key.
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
