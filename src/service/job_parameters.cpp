#include "src/service/job_parameters.h"

#include <algorithm>

#include "coupond/core/bytes.h"
#include "coupond/core/flat_json.h"
#include "coupond/core/hash.h"

namespace coupon::service {

GenerationParameters GenerationParameters::fresh(std::optional<std::string> pattern,
                                                 const core::Random& random) {
  core::Block<16> seed;
  random(seed);
  return {.pattern = std::move(pattern), .seed = core::to_hex(seed)};
}

std::string GenerationParameters::to_text() const {
  core::FlatJsonWriter json;
  if (pattern) json.add("pattern", *pattern);
  if (value) json.add("value", *value);
  json.add("seed", seed).add("index", static_cast<std::int64_t>(index));
  return json.finish();
}

std::optional<GenerationParameters> GenerationParameters::parse(std::string_view text) {
  const auto json = core::FlatJson::parse(text);
  if (!json) return std::nullopt;
  const auto seed = json->text("seed");
  const auto index = json->number("index");
  if (!seed || !index || *index < 0) return std::nullopt;
  return GenerationParameters{.pattern = json->text("pattern"),
                              .seed = *seed,
                              .value = json->number("value"),
                              .index = static_cast<std::uint64_t>(*index)};
}

CodeSource::Walk GenerationParameters::walk(const core::Secrets& secrets) const {
  const core::Digest digest =
      core::Hasher(core::ByteView(secrets.record_seal_key())).add("walk").add(seed).finish();
  CodeSource::Walk walk{.index = index};
  std::copy_n(digest.begin(), walk.key.size(), walk.key.begin());
  return walk;
}

}  // namespace coupon::service
