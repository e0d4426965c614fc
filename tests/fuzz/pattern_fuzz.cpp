// Patterns of codes. Whatever the text is, a pattern that is taken
// * makes only codes that canonical() takes, all of one length within the limit;
// * makes a different code, also as canonical() sees it, for every index below its capacity.
#include <algorithm>
#include <string>
#include <vector>

#include "coupond/core/assert.h"
#include "coupond/core/codes.h"
#include "coupond/core/limits.h"
#include "coupond/core/pattern.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace coupon::core;
using coupon::fuzz::Choices;

std::string canonical_of(const std::string& code) {
  COUPOND_ASSERT(code.size() <= limits::kCodeMaxBytes);
  const auto canonical_code = canonical(code);
  COUPOND_ASSERT(canonical_code.ok());
  return *canonical_code;
}

void check_pair(const Pattern& pattern, std::uint64_t a, std::uint64_t b) {
  const std::string first = pattern.nth(a);
  const std::string second = pattern.nth(b);
  COUPOND_ASSERT(first.size() == second.size());
  COUPOND_ASSERT((canonical_of(first) == canonical_of(second)) == (a == b));
}

// Small spaces are walked whole.
void check_space(const Pattern& pattern) {
  constexpr std::uint64_t kWalked = 64;
  if (pattern.capacity() > kWalked) return;
  std::vector<std::string> codes;
  for (std::uint64_t i = 0; i < pattern.capacity(); ++i) {
    codes.push_back(canonical_of(pattern.nth(i)));
  }
  std::sort(codes.begin(), codes.end());
  COUPOND_ASSERT(std::adjacent_find(codes.begin(), codes.end()) == codes.end());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = coupon::fuzz::as_text(data, size);
  const auto pattern = Pattern::parse(text);
  if (!pattern) {
    COUPOND_ASSERT(pattern.error().reason == Reason::kInvalidPattern);
    COUPOND_ASSERT(!pattern.error().message.empty());
    return 0;
  }
  Choices choices(text);
  const std::uint64_t capacity = pattern->capacity();
  COUPOND_ASSERT(capacity >= 2);
  check_pair(*pattern, 0, capacity - 1);
  check_pair(*pattern, choices.next() % capacity, choices.next() % capacity);
  check_space(*pattern);

  const std::string drawn = pattern->generate([&](std::span<unsigned char> out) {
    for (unsigned char& byte : out) byte = static_cast<unsigned char>(choices.next() >> 7);
  });
  COUPOND_ASSERT(drawn.size() == pattern->nth(0).size());
  canonical_of(drawn);
  return 0;
}
