// An endless or walkable supply of codes after a pattern, made and sealed, for bulk work. Belongs
// to one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "coupond/core/codes.h"
#include "coupond/core/pattern.h"
#include "coupond/core/permutation.h"
#include "coupond/core/random.h"
#include "coupond/core/result.h"
#include "coupond/service/codes.h"

namespace coupon::service {

class CodeSource {
 public:
  // Where a walk through a small space stands; says nothing for other sources.
  struct Walk {
    core::Block<16> key{};    // of the order: a secret, for it foretells the codes
    std::uint64_t index = 0;  // the next one
  };

  // Card codes when there is no pattern. kInvalidPattern.
  static core::Result<CodeSource> open(const core::CodeVault& vault, const core::Random& random,
                                       const std::optional<std::string>& pattern, Walk walk);

  // A small space is walked in a random order, each code once; after the last there is nothing.
  // Other sources never end, and a code may come twice.
  std::optional<FreshCode> next();

  // The index of the next code of a walk.
  std::uint64_t index() const { return index_; }
  // The codes of the pattern's space; 2^64-1 stands for that many or more.
  std::uint64_t capacity() const { return pattern_ ? pattern_->capacity() : UINT64_MAX; }
  // Whether its codes may exist already; a card code's 115 random bits may not.
  bool may_collide() const { return pattern_.has_value(); }

 private:
  CodeSource(const core::CodeVault& vault, const core::Random& random,
             std::optional<core::Pattern> pattern, const Walk& walk);

  const core::CodeVault* vault_;
  core::Random random_;
  std::optional<core::Pattern> pattern_;
  std::optional<core::Permutation> order_;
  std::uint64_t index_;
};

}  // namespace coupon::service
