#include "src/service/code_source.h"

#include <cstring>
#include <memory>
#include <utility>

#include "coupond/core/limits.h"

namespace coupon::service {
namespace {

// The same randomness in large helpings: a system call for each code costs as much as its hash.
core::Random buffered(const core::Random& random) {
  struct Buffer {
    core::Block<4096> bytes{};
    std::size_t used = sizeof bytes;
  };
  return [random, buffer = std::make_shared<Buffer>()](std::span<unsigned char> out) {
    if (out.size() > buffer->bytes.size()) return random(out);
    if (out.size() > buffer->bytes.size() - buffer->used) {
      random(buffer->bytes);
      buffer->used = 0;
    }
    std::memcpy(out.data(), buffer->bytes.data() + buffer->used, out.size());
    buffer->used += out.size();
  };
}

}  // namespace

core::Result<CodeSource> CodeSource::open(const core::CodeVault& vault, const core::Random& random,
                                          const std::optional<std::string>& pattern, Walk walk) {
  if (!pattern) return CodeSource(vault, random, std::nullopt, walk);
  auto parsed = core::Pattern::parse(*pattern);
  if (!parsed) return parsed.error();
  return CodeSource(vault, random, std::move(*parsed), walk);
}

CodeSource::CodeSource(const core::CodeVault& vault, const core::Random& random,
                       std::optional<core::Pattern> pattern, const Walk& walk)
    : vault_(&vault), random_(buffered(random)), pattern_(std::move(pattern)), index_(walk.index) {
  if (capacity() <= core::limits::kWalkedSpaceMax) order_.emplace(capacity(), walk.key);
}

std::optional<FreshCode> CodeSource::next() {
  std::string display;
  if (order_) {
    if (index_ >= capacity()) return std::nullopt;
    display = pattern_->nth(order_->at(index_++));
  } else {
    display = pattern_ ? pattern_->generate(random_) : core::make_card_code(random_);
  }
  return std::move(seal_code(*vault_, display)).value();  // what a pattern makes can be sealed
}

}  // namespace coupon::service
