// Where a generation stands, as its row keeps it. Values only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "coupond/core/random.h"
#include "coupond/core/secrets.h"
#include "src/service/code_source.h"

namespace coupon::service {

struct GenerationParameters {
  std::optional<std::string> pattern = {};
  // Names the order in which a small space is walked. Not the order's key, which would foretell
  // codes to whoever reads the file: that one follows from this and from secret.key.
  std::string seed = {};
  std::optional<std::int64_t> value = {};  // on each code; absent: the campaign's
  std::uint64_t index = 0;                 // all before it have been dealt with

  static GenerationParameters fresh(std::optional<std::string> pattern, const core::Random& random);
  std::string to_text() const;
  static std::optional<GenerationParameters> parse(std::string_view text);

  CodeSource::Walk walk(const core::Secrets& secrets) const;
};

}  // namespace coupon::service
