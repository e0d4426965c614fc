#include "coupond/core/pattern.h"

#include <charconv>
#include <limits>

#include "coupond/core/assert.h"
#include "coupond/core/bytes.h"
#include "coupond/core/codes.h"
#include "coupond/core/limits.h"

namespace coupon::core {
namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kLetters = "ABCDEFGHJKMNPQRSTUVWXYZ";  // no I, L, O: legible on paper
constexpr std::string_view kDigitsAndLetters = "0123456789ABCDEFGHJKMNPQRSTUVWXYZ";
constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kUuidVariants = "89ab";

constexpr std::uint64_t kSaturated = std::numeric_limits<std::uint64_t>::max();

struct Keyword {
  std::string_view name;
  std::string_view symbols;
  int default_count;
};
constexpr Keyword kKeywords[] = {
    {"RANDOM", kDigitsAndLetters, 8}, {"NUMERIC", kDigits, 6}, {"ALPHA", kLetters, 8}};

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

Error invalid_pattern(std::string message) {
  return {.reason = Reason::kInvalidPattern, .message = std::move(message)};
}

// The number behind the colon of a placeholder, or 0 when it is not one from 1 to 64.
int count_in(std::string_view digits) {
  int count = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  const bool is_count = error == std::errc() && end == digits.data() + digits.size() &&
                        count >= 1 && count <= limits::kPatternSymbolsMax;
  return is_count ? count : 0;
}

// Even choices from few random bytes: asking the system for each symbol would cost a call apiece.
class Picker {
 public:
  explicit Picker(const Random& random) : random_(random) {}

  // One of the symbols, each equally likely. At most 256 of them.
  char pick(std::string_view symbols) {
    const std::size_t fair = 256 - 256 % symbols.size();  // from there on: draw again
    unsigned char byte = next();
    while (byte >= fair) byte = next();
    return symbols[byte % symbols.size()];
  }

 private:
  unsigned char next() {
    if (used_ == bytes_.size()) {
      random_(bytes_);
      used_ = 0;
    }
    return bytes_[used_++];
  }

  const Random& random_;
  Block<64> bytes_{};
  std::size_t used_ = 64;
};

}  // namespace

Result<Pattern> Pattern::parse(std::string_view text) {
  Pattern pattern;
  bool has_placeholder = false;
  while (!text.empty()) {
    const char c = text.front();
    const bool is_doubled = text.size() > 1 && text[1] == c;
    if (is_doubled && (c == '{' || c == '}')) {
      pattern.slots_.push_back({.symbols = {}, .literal = c});
      text.remove_prefix(2);
      continue;
    }
    if (c == '{') {
      const std::size_t end = text.find('}');
      if (end == std::string_view::npos) {
        return invalid_pattern("A placeholder is not closed with }");
      }
      if (auto added = pattern.add_placeholder(text.substr(1, end - 1)); !added) {
        return added.error();
      }
      has_placeholder = true;
      text.remove_prefix(end + 1);
      continue;
    }
    if (c == '}') return invalid_pattern("There is a } without a { (a literal one is written }})");
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      return invalid_pattern("A pattern has no line ends, tabs or other control characters");
    }
    pattern.slots_.push_back({.symbols = {}, .literal = c});
    text.remove_prefix(1);
  }
  if (!has_placeholder) {
    return invalid_pattern("A pattern needs {RANDOM:n}, {NUMERIC:n}, {ALPHA:n} or {UUID}");
  }
  if (auto finished = pattern.finish(); !finished) return finished.error();
  return pattern;
}

Result<Done> Pattern::add_placeholder(std::string_view body) {
  const std::size_t colon = body.find(':');
  const std::string keyword = upper(body.substr(0, colon));
  const bool has_count = colon != std::string_view::npos;
  if (keyword == "UUID" && !has_count) {
    add_uuid();
    return Done{};
  }
  for (const Keyword& known : kKeywords) {
    if (keyword != known.name) continue;
    const int count = has_count ? count_in(body.substr(colon + 1)) : known.default_count;
    if (count == 0) {
      return invalid_pattern("The number in {" + keyword + ":n} must be from 1 to " +
                             std::to_string(limits::kPatternSymbolsMax));
    }
    add_symbols(known.symbols, count);
    return Done{};
  }
  return invalid_pattern("The placeholders are {RANDOM:n}, {NUMERIC:n}, {ALPHA:n} and {UUID}");
}

void Pattern::add_symbols(std::string_view symbols, int count) {
  for (int i = 0; i < count; ++i) slots_.push_back({.symbols = symbols});
}

void Pattern::add_uuid() {
  for (const char c : std::string_view("xxxxxxxx-xxxx-4xxx-Vxxx-xxxxxxxxxxxx")) {
    if (c == 'x') {
      slots_.push_back({.symbols = kHexDigits});
    } else if (c == 'V') {
      slots_.push_back({.symbols = kUuidVariants});
    } else {
      slots_.push_back({.symbols = {}, .literal = c});
    }
  }
}

Result<Done> Pattern::finish() {
  if (slots_.size() > limits::kCodeMaxBytes) {
    return invalid_pattern("Codes of this pattern would be longer than " +
                           std::to_string(limits::kCodeMaxBytes) + " bytes");
  }
  // The placeholders make what any code may hold, so one code stands for all.
  if (const auto code = canonical(nth(0)); !code) return invalid_pattern(code.error().message);
  for (const Slot& slot : slots_) {
    if (slot.symbols.empty()) continue;
    if (__builtin_mul_overflow(capacity_, slot.symbols.size(), &capacity_)) {
      capacity_ = kSaturated;
      break;
    }
  }
  return Done{};
}

std::string Pattern::generate(const Random& random) const {
  Picker picker(random);
  std::string code;
  code.reserve(slots_.size());
  for (const Slot& slot : slots_) {
    code += slot.symbols.empty() ? slot.literal : picker.pick(slot.symbols);
  }
  return code;
}

std::string Pattern::nth(std::uint64_t index) const {
  COUPOND_ASSERT(index < capacity_);
  // The index written with one digit per slot, the last slot being the units.
  std::string code(slots_.size(), '\0');
  for (std::size_t at = slots_.size(); at-- > 0;) {
    const Slot& slot = slots_[at];
    if (slot.symbols.empty()) {
      code[at] = slot.literal;
      continue;
    }
    code[at] = slot.symbols[index % slot.symbols.size()];
    index /= slot.symbols.size();
  }
  return code;
}

}  // namespace coupon::core
