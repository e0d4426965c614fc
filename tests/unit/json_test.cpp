// What the JSON parser must refuse, and what the writer must survive.
#include "coupond/http/json.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace coupon;
using http::Json;
using http::parse_json;

namespace {

std::string refusal(std::string_view text, const http::JsonLimits& limits = {}) {
  const auto parsed = parse_json(text, limits);
  if (parsed.ok()) return "accepted";
  CHECK(parsed.error().reason == core::Reason::kInvalidJson);
  return parsed.error().message;
}

std::string written(std::string_view text) {
  std::string out;
  http::append_json_string(out, text);
  return out;
}

std::string nested(std::size_t depth, const std::string& open, const std::string& close) {
  std::string text;
  for (std::size_t i = 0; i < depth; ++i) text += open;
  text += "1";
  for (std::size_t i = 0; i < depth; ++i) text += close;
  return text;
}

}  // namespace

TEST_CASE("ordinary JSON is read as it is", "[json]") {
  const auto json = parse_json(R"({"a":[1,-2,true,null,"x",{"b":{}}],"c":"\u00e9\ud83d\ude00"})");
  REQUIRE(json.ok());
  CHECK((*json)["a"].size() == 6);
  CHECK((*json)["a"][5]["b"].is_object());
  CHECK((*json)["c"] == "é😀");
  CHECK(parse_json("7")->get<int>() == 7);
  CHECK(parse_json(" {} \n").ok());
}

TEST_CASE("integers stay exact up to 64 bits", "[json]") {
  CHECK(parse_json("9223372036854775807")->get<std::int64_t>() == INT64_MAX);
  CHECK(parse_json("-9223372036854775808")->get<std::int64_t>() == INT64_MIN);
  CHECK(parse_json("18446744073709551615")->get<std::uint64_t>() == UINT64_MAX);
  CHECK(parse_json("18446744073709551616")->is_number_float());
  CHECK(parse_json("1e3")->is_number_float());
}

TEST_CASE("a duplicate key is refused at every depth", "[json]") {
  CHECK(refusal(R"({"code":1,"code":2})") == R"(The body has the field "code" twice)");
  CHECK(refusal(R"({"a":[{"b":{"c":1,"c":1}}]})") == R"(The body has the field "c" twice)");
  CHECK(refusal("{\"a\":1,\"\\u0061\":2}") == R"(The body has the field "a" twice)");
  CHECK(refusal(R"([{"a":1},{"a":2}])") == "accepted");
}

TEST_CASE("depth is limited to 16 and a bomb of 100,000 arrays is harmless", "[json]") {
  CHECK(refusal(nested(16, "[", "]")) == "accepted");
  CHECK(refusal(nested(17, "[", "]")) == "The body is nested deeper than 16 levels");
  CHECK(refusal(nested(16, "{\"a\":", "}")) == "accepted");
  CHECK(refusal(nested(17, "{\"a\":", "}")) == "The body is nested deeper than 16 levels");
  const http::JsonLimits large{.bytes_max = 1'000'000};
  CHECK(refusal(nested(100'000, "[", "]"), large) == "The body is nested deeper than 16 levels");
  CHECK(refusal(std::string(100'000, '['), large) == "The body is nested deeper than 16 levels");
}

TEST_CASE("a body beyond the size limit is refused before it is read", "[json]") {
  std::string text(102, 'x');
  text.front() = text.back() = '"';
  CHECK(refusal(text, {.bytes_max = 102}) == "accepted");
  CHECK(refusal(text, {.bytes_max = 101}) == "The body is longer than 101 bytes");
}

TEST_CASE("a NUL is refused, raw or escaped, in values, keys and after the end", "[json]") {
  CHECK(refusal(R"({"a":"x\u0000y"})") == "The body has a NUL character in a string");
  CHECK(refusal(R"({"a\u0000":1})") == "The body has a NUL character in a string");
  using namespace std::string_view_literals;
  CHECK(refusal("{\"a\":1}\0{\"a\":2}"sv) == "The body has a NUL character");
  CHECK(refusal("{\"a\":\"\0\"}"sv) == "The body has a NUL character");
}

TEST_CASE("text that is not UTF-8 is refused", "[json]") {
  const std::vector<std::string> bad = {
      "\"\xff\"",         "\"\xc0\xaf\"",         "\"\xe0\x80\xaf\"",
      "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xc3\"",
      "\"\x80\"",         "\"\xf0\x80\x80\x80\"", R"("\ud800")",
      R"("\udc00")",      R"("\ud800\u0041")",    R"("\udc00\ud800")",
  };
  for (const std::string& text : bad) {
    INFO(text);
    CHECK(refusal(text).find("The body is not valid JSON") == 0);
  }
}

TEST_CASE("syntax that only looks like JSON is refused", "[json]") {
  const std::vector<std::string> bad = {
      "",          " ",   "{",    "}",     "{]",      "[1,]",  "{\"a\":1,}",
      "{a:1}",     "'a'", "01",   "+1",    ".5",      "1.",    "NaN",
      "Infinity",  "-",   "1 2",  "{} {}", "[1] //x", "/**/1", "\"a\nb\"",
      "\"\\x41\"", "tru", "0x10", "1e400", "-1e400",
  };
  for (const std::string& text : bad) {
    INFO(text);
    CHECK(refusal(text).find("The body is not valid JSON") == 0);
  }
  CHECK(refusal("1e308") == "accepted");
}

TEST_CASE("a string is written so that any parser reads it back", "[json]") {
  CHECK(written("plain") == "\"plain\"");
  CHECK(written("") == "\"\"");
  CHECK(written("a\"b\\c/\n\r\t\b\f\x01\x1f") == R"("a\"b\\c/\n\r\t\b\f\u0001\u001f")");
  CHECK(written("é😀\x7f") == "\"é😀\x7f\"");
  std::string every;
  for (int c = 1; c < 0x80; ++c) every += static_cast<char>(c);
  CHECK(parse_json(written(every))->get<std::string>() == every);
}

TEST_CASE("bytes that are not UTF-8 are written as replacement characters", "[json]") {
  const std::string r = "\xEF\xBF\xBD";
  CHECK(written("a\xff"
                "b") == "\"a" + r + "b\"");
  CHECK(written("\xc3") == "\"" + r + "\"");
  CHECK(written("\xed\xa0\x80") == "\"" + r + r + r + "\"");
  CHECK(written("\xc0\xaf") == "\"" + r + r + "\"");
  CHECK(written("\xf4\x90\x80\x80") == "\"" + r + r + r + r + "\"");
  std::string every;
  for (int c = 1; c < 0x100; ++c) every += static_cast<char>(c);
  CHECK(parse_json(written(every)).ok());
}

TEST_CASE("integers are written in full", "[json]") {
  std::string out;
  http::append_json_integer(out, INT64_MIN);
  http::append_json_integer(out, 0);
  http::append_json_integer(out, INT64_MAX);
  CHECK(out == "-922337203685477580809223372036854775807");
}

TEST_CASE("the length of a text counts characters", "[json]") {
  CHECK(http::utf8_length("") == 0);
  CHECK(http::utf8_length("é😀a") == 3);
}
