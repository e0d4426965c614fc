#include "coupond/core/pattern.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "coupond/core/codes.h"
#include "coupond/core/ids.h"

using namespace coupon::core;

namespace {

Pattern pattern(std::string_view text) {
  const Result<Pattern> parsed = Pattern::parse(text);
  INFO(text);
  REQUIRE(parsed.ok());
  return *parsed;
}

bool all_of(std::string_view text, std::string_view symbols) {
  return text.find_first_not_of(symbols) == std::string_view::npos;
}

}  // namespace

TEST_CASE("each placeholder makes its own symbols in its own number", "[pattern]") {
  const std::string letters = "ABCDEFGHJKMNPQRSTUVWXYZ";
  const std::string numeric = pattern("{NUMERIC:10}").generate(system_random);
  CHECK(numeric.size() == 10);
  CHECK(all_of(numeric, "0123456789"));
  const std::string alpha = pattern("{alpha:64}").generate(system_random);
  CHECK(alpha.size() == 64);
  CHECK(all_of(alpha, letters));
  const std::string both = pattern("{Random:33}").generate(system_random);
  CHECK(both.size() == 33);
  CHECK(all_of(both, letters + "0123456789"));
  CHECK(is_uuid(pattern("{uuid}").generate(system_random)));
}

TEST_CASE("without a number a placeholder has its usual length", "[pattern]") {
  CHECK(pattern("{RANDOM}").generate(system_random).size() == 8);
  CHECK(pattern("{NUMERIC}").generate(system_random).size() == 6);
  CHECK(pattern("{ALPHA}").generate(system_random).size() == 8);
}

TEST_CASE("several placeholders and literals stand where they were written", "[pattern]") {
  const std::string code =
      pattern("SALE-{ALPHA:2}/{NUMERIC:3}-x{NUMERIC:1}!").generate(system_random);
  REQUIRE(code.size() == 15);
  CHECK(code.substr(0, 5) == "SALE-");
  CHECK(code[7] == '/');
  CHECK(code.substr(11, 2) == "-x");
  CHECK(code.back() == '!');
}

TEST_CASE("literals are whatever a code may hold, braces doubled", "[pattern]") {
  CHECK(
      pattern("50\u20ac-\u00c4{NUMERIC:2}").generate(system_random).starts_with("50\u20ac-\u00c4"));
  CHECK(pattern("{{FOO}}{NUMERIC:2}").generate(system_random).starts_with("{FOO}"));
  CHECK(pattern("\u0416{NUMERIC:2}").capacity() == 100);
}

TEST_CASE("a text that is not a pattern is refused with a sentence", "[pattern]") {
  for (const std::string& text : {std::string(),
                                  std::string("SALE"),
                                  std::string("{"),
                                  std::string("}"),
                                  std::string("{}"),
                                  std::string("{RANDOM"),
                                  std::string("RANDOM}"),
                                  std::string("{FOO:3}"),
                                  std::string("{RANDOM:0}"),
                                  std::string("{RANDOM:65}"),
                                  std::string("{RANDOM:-1}"),
                                  std::string("{RANDOM:+1}"),
                                  std::string("{RANDOM:}"),
                                  std::string("{RANDOM: 8}"),
                                  std::string("{RANDOM:8 }"),
                                  std::string("{ RANDOM:8}"),
                                  std::string("{RANDOM:8:8}"),
                                  std::string("{RANDOM:99999999999999999999}"),
                                  std::string("{UUID:4}"),
                                  std::string("{{RANDOM}}"),
                                  std::string("{RANDOM}}"),
                                  std::string("a\n{RANDOM}"),
                                  std::string("caf\xe9{RANDOM}"),
                                  std::string("\xc2\x80{RANDOM}"),
                                  std::string("\0{RANDOM}", 9),
                                  std::string("{RANDOM:64}{RANDOM:64}x"),
                                  std::string(121, 'x') + "{RANDOM:8}"}) {
    CAPTURE(text);
    const Result<Pattern> parsed = Pattern::parse(text);
    REQUIRE_FALSE(parsed.ok());
    CHECK(parsed.error().reason == Reason::kInvalidPattern);
    CHECK_FALSE(parsed.error().message.empty());
  }
  CHECK(pattern("{RANDOM:64}{RANDOM:64}").generate(system_random).size() == 128);
}

TEST_CASE("the capacity is exact while it fits and saturates beyond", "[pattern]") {
  CHECK(pattern("{NUMERIC:4}").capacity() == 10'000);
  CHECK(pattern("X{NUMERIC:1}-{ALPHA:1}{RANDOM:1}").capacity() == 10 * 23 * 33);
  CHECK(pattern("{NUMERIC:19}").capacity() == 10'000'000'000'000'000'000U);
  CHECK(pattern("{NUMERIC:20}").capacity() == UINT64_MAX);
  CHECK(pattern("{UUID}").capacity() == UINT64_MAX);
  CHECK(pattern("{RANDOM:64}{RANDOM:64}").capacity() == UINT64_MAX);
}

TEST_CASE("nth counts through the whole space and all codes differ canonically", "[pattern]") {
  for (const char* text : {"{NUMERIC:3}", "io-{ALPHA:2}l", "{RANDOM:2}", "{NUMERIC:1}L{ALPHA:1}"}) {
    const Pattern codes = pattern(text);
    std::set<std::string> seen;
    for (std::uint64_t i = 0; i < codes.capacity(); ++i) {
      const Result<std::string> code = canonical(codes.nth(i));
      REQUIRE(code.ok());
      seen.insert(*code);
    }
    CHECK(seen.size() == codes.capacity());
  }
  CHECK(pattern("{NUMERIC:3}").nth(7) == "007");
  CHECK(pattern("{NUMERIC:3}").nth(999) == "999");
  CHECK(is_uuid(pattern("{UUID}").nth(12345)));
}

TEST_CASE("generated symbols are evenly spread", "[pattern]") {
  const Pattern digits = pattern("{RANDOM:64}");
  std::map<char, int> counts;
  for (int i = 0; i < 2000; ++i) {
    for (const char c : digits.generate(system_random)) ++counts[c];
  }
  REQUIRE(counts.size() == 33);
  const double expected = 2000 * 64 / 33.0;
  double chi_square = 0;
  for (const auto& [symbol, count] : counts) {
    chi_square += (count - expected) * (count - expected) / expected;
  }
  CHECK(chi_square < 95);  // 32 degrees of freedom: p < 1e-7
}

TEST_CASE("bytes that would favour some symbols are drawn again", "[pattern]") {
  unsigned char next = 250;  // 250 to 255 are beyond 25 times ten
  const Random counting = [&next](std::span<unsigned char> out) {
    for (unsigned char& byte : out) byte = next++;
  };
  CHECK(pattern("{NUMERIC:3}").generate(counting) == "012");
}
