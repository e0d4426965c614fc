#include "coupond/core/fold.h"

#include <utf8proc.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <string_view>

#include "coupond/core/assert.h"
#include "coupond/core/bytes.h"

namespace coupon::core {
namespace {

enum class Script { kOther, kLatin, kGreek, kCyrillic };

// The blocks of their letters; utf8proc knows no scripts.
struct Block {
  char32_t first, last;
  Script script;
};
constexpr std::array<Block, 12> kBlocks = {{
    {0x0041, 0x024F, Script::kLatin},
    {0x0250, 0x02AF, Script::kLatin},
    {0x0370, 0x03FF, Script::kGreek},
    {0x0400, 0x052F, Script::kCyrillic},
    {0x1C80, 0x1C8F, Script::kCyrillic},
    {0x1D00, 0x1D25, Script::kLatin},
    {0x1E00, 0x1EFF, Script::kLatin},
    {0x1F00, 0x1FFF, Script::kGreek},
    {0x2C60, 0x2C7F, Script::kLatin},
    {0xA640, 0xA69F, Script::kCyrillic},
    {0xA722, 0xA7FF, Script::kLatin},
    {0xAB30, 0xAB64, Script::kLatin},
}};

// Letters of Greek, then of Cyrillic, that most fonts draw as a Latin one.
constexpr std::u32string_view kLikeLatin =
    U"ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϲϳινορ"
    U"АВЕЅІЈКМНОРСТУХҮԌԚԜаеѕіјорсухүһԁԛԝӏ";

std::u32string symbols_of(std::string_view text) {
  std::u32string symbols;
  for (auto rest = as_bytes(text); !rest.empty();) {
    utf8proc_int32_t symbol = 0;
    const auto size =
        utf8proc_iterate(rest.data(), static_cast<utf8proc_ssize_t>(rest.size()), &symbol);
    COUPOND_ASSERT(size > 0);  // the text was checked
    rest = rest.subspan(static_cast<std::size_t>(size));
    symbols.push_back(static_cast<char32_t>(symbol));
  }
  return symbols;
}

Script script_of(char32_t letter) {
  for (const Block& block : kBlocks) {
    if (block.first <= letter && letter <= block.last) return block.script;
  }
  return Script::kOther;
}

bool is_letter(utf8proc_category_t category) {
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

bool is_in_a_word(utf8proc_category_t category) {
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO;
}

}  // namespace

std::string nfkc_casefold(std::string_view text) {
  utf8proc_uint8_t* folded = nullptr;
  const auto size = utf8proc_map(
      as_bytes(text).data(), static_cast<utf8proc_ssize_t>(text.size()), &folded,
      static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT |
                                     UTF8PROC_CASEFOLD | UTF8PROC_IGNORE));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(folded, &std::free);
  if (size == UTF8PROC_ERROR_NOMEM) throw std::bad_alloc();
  COUPOND_ASSERT(size >= 0);  // the text was checked
  return std::string(as_text({folded, static_cast<std::size_t>(size)}));
}

bool mixes_scripts(std::string_view text) {
  Script script = Script::kOther;
  for (const char32_t symbol : symbols_of(text)) {
    const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(symbol));
    if (!is_in_a_word(category)) script = Script::kOther;
    const Script next = is_letter(category) ? script_of(symbol) : Script::kOther;
    if (next == Script::kOther) continue;
    if (script != Script::kOther && script != next) return true;
    script = next;
  }
  return false;
}

bool looks_latin(std::string_view text) {
  bool found = false;
  for (const char32_t symbol : symbols_of(text)) {
    const Script script = script_of(symbol);
    if (script != Script::kGreek && script != Script::kCyrillic) continue;
    if (kLikeLatin.find(symbol) == std::u32string_view::npos) return false;
    found = true;
  }
  return found;
}

}  // namespace coupon::core
