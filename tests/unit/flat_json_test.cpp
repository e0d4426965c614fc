#include "coupond/core/flat_json.h"

#include <catch2/catch.hpp>
#include <random>

#include "coupond/core/limits.h"

using namespace coupon::core;
using namespace std::string_literals;

TEST_CASE("texts and integers are written as JSON", "[flat_json]") {
  CHECK(FlatJsonWriter().finish() == "{}");
  CHECK(FlatJsonWriter().add("a", 1).add("b", "x").add("c", INT64_MIN).finish() ==
        R"({"a":1,"b":"x","c":-9223372036854775808})");
  CHECK(FlatJsonWriter().add("a", "q\" b\\ n\n z\0 d\x7f \u00e9"s).finish() ==
        "{\"a\":\"q\\\" b\\\\ n\\u000a z\\u0000 d\\u007f \u00e9\"}");
}

TEST_CASE("what was written is read with its types", "[flat_json]") {
  const auto object = FlatJson::parse(R"({"n":-7,"t":"a\"\\\u0009b","zero":0})");
  REQUIRE(object.has_value());
  CHECK(object->size() == 3);
  CHECK(object->number("n") == -7);
  CHECK(object->number("zero") == 0);
  CHECK(object->text("t") == "a\"\\\tb");
  CHECK_FALSE(object->number("t").has_value());
  CHECK_FALSE(object->text("n").has_value());
  CHECK_FALSE(object->text("absent").has_value());
  CHECK_FALSE(object->number("absent").has_value());
}

TEST_CASE("anything the writer would not write is refused", "[flat_json]") {
  for (const std::string& json : {""s,
                                  "{"s,
                                  "}"s,
                                  "[]"s,
                                  "null"s,
                                  "{}x"s,
                                  " {}"s,
                                  "{} "s,
                                  "{ }"s,
                                  R"({"a"})"s,
                                  R"({"a":})"s,
                                  R"({"a":1,})"s,
                                  R"({,"a":1})"s,
                                  R"({"a":1 })"s,
                                  R"({"a": 1})"s,
                                  R"({"a" :1})"s,
                                  R"({"a":1,"a":1})"s,
                                  R"({"a":1,"a":"x"})"s,
                                  R"({"a":"1","\u0061":1})"s,
                                  R"({"a":1.0})"s,
                                  R"({"a":1e3})"s,
                                  R"({"a":1e400})"s,
                                  R"({"a":01})"s,
                                  R"({"a":-0})"s,
                                  R"({"a":+1})"s,
                                  R"({"a":9223372036854775808})"s,
                                  R"({"a":-9223372036854775809})"s,
                                  R"({"a":True})"s,
                                  R"({"a":null})"s,
                                  R"({"a":{}})"s,
                                  R"({"a":[1]})"s,
                                  R"({"a":'x'})"s,
                                  R"({a:1})"s,
                                  R"({"a":"x)"s,
                                  R"({"a":"\)"s,
                                  R"({"a":"\n"})"s,
                                  R"({"a":"\/"})"s,
                                  R"({"a":"\u0041"})"s,
                                  R"({"a":"\u000A"})"s,
                                  R"({"a":"\u00"})"s,
                                  R"({"a":"\u-001"})"s,
                                  R"({"a":"\ud800"})"s,
                                  "{\"a\":\"\n\"}"s,
                                  "{\"a\":\"\0\"}"s,
                                  "{\"a\":\"\x7f\"}"s,
                                  "{\"a\":\"\xff\"}"s,
                                  "{\"\xc0\xaf\":1}"s,
                                  "\xef\xbb\xbf{}"s,
                                  R"({"a":1}{"b":2})"s,
                                  R"({"a":1"b":2})"s}) {
    CAPTURE(json);
    CHECK_FALSE(FlatJson::parse(json).has_value());
  }
}

TEST_CASE("an object has no more names than the limit", "[flat_json]") {
  FlatJsonWriter most;
  FlatJsonWriter too_many;
  for (std::size_t i = 0; i <= limits::kTokenClaimsMax; ++i) {
    if (i < limits::kTokenClaimsMax) most.add(std::to_string(i), 1);
    too_many.add(std::to_string(i), 1);
  }
  CHECK(FlatJson::parse(most.finish()).has_value());
  CHECK_FALSE(FlatJson::parse(too_many.finish()).has_value());
}

TEST_CASE("whatever is read is written again byte for byte", "[flat_json]") {
  std::mt19937 random(1);
  const std::string seed = R"({"iss":"coupond","uid":-17,"t":"a\"b\\c\u001f","exp":1795183200})";
  int accepted = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string json = seed;
    for (auto changes = random() % 3; changes > 0; --changes) {
      const std::size_t at = random() % json.size();
      const auto c = static_cast<char>(random() % 256);
      if (random() % 2 == 0) {
        json[at] = c;
      } else {
        json.insert(at, 1, c);
      }
    }
    const auto object = FlatJson::parse(json);
    if (!object) continue;
    ++accepted;
    if (object->write() != json) FAIL_CHECK(json);
  }
  CHECK(accepted > 1000);
}

TEST_CASE("booleans are read and written as such", "[flat_json]") {
  const std::string text = R"({"a":true,"b":false,"c":1,"d":"true"})";
  const auto read = FlatJson::parse(text);
  REQUIRE(read.has_value());
  CHECK(read->write() == text);
  CHECK_FALSE(read->number("a").has_value());
  CHECK_FALSE(read->text("b").has_value());
  FlatJsonWriter part;
  CHECK(part.empty());
  part.add_boolean("a", true).add("b", 2);
  CHECK(FlatJsonWriter().add_members(part).finish() == R"({"a":true,"b":2})");
  CHECK(FlatJsonWriter().add("x", 1).add_members(part).finish() == R"({"x":1,"a":true,"b":2})");
  CHECK_FALSE(FlatJson::parse(R"({"a":truest})").has_value());
}
