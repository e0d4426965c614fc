// Code patterns such as "SUMMER-{RANDOM:8}".
// Constant after construction: safe on any thread.
//
// Placeholders, the keyword in any case: {RANDOM:n} letters and digits (8), {NUMERIC:n} digits (6),
// {ALPHA:n} letters (8), {UUID}; n from 1 to 64, the number in brackets when it is left out. All
// else is literal: whatever a code may hold, and braces doubled, {{ and }}. The symbols have no I,
// L or O, which are hard to tell from digits on paper; canonical() keeps all of them apart, so two
// different codes of a pattern are different codes, and capacity() is exact: what a campaign asks
// for beyond it can be refused before anything is stored.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "coupond/core/random.h"
#include "coupond/core/result.h"

namespace coupon::core {

class Pattern {
 public:
  // kInvalidPattern with a sentence: no placeholder, unknown keyword, n out of range, a stray
  // brace, a character that no code can have, codes that would be longer than 128 bytes.
  static Result<Pattern> parse(std::string_view text);

  // How many different codes there are; 2^64-1 stands for that many or more.
  std::uint64_t capacity() const { return capacity_; }
  // A code drawn evenly from all of them, as displayed.
  std::string generate(const Random& random) const;
  // The index-th code of the space, 0 <= index < capacity(): a bijection.
  std::string nth(std::uint64_t index) const;

 private:
  Pattern() = default;

  // One character of the code: any of `symbols` (static text), or `literal` when that is empty.
  struct Slot {
    std::string_view symbols;
    char literal = 0;
  };
  // The body of a placeholder, without its braces.
  Result<Done> add_placeholder(std::string_view body);
  void add_uuid();
  void add_symbols(std::string_view symbols, int count);
  Result<Done> finish();

  std::vector<Slot> slots_;
  std::uint64_t capacity_ = 1;
};

}  // namespace coupon::core
