#include <catch2/catch.hpp>

#include "coupond/http/uri.h"

namespace coupon::http {

TEST_CASE("a path is split and decoded once", "[unit]") {
  std::vector<std::string> segments;
  const auto split = [&](std::string_view path) {
    REQUIRE(split_path(path, segments));
    return segments;
  };
  using Segments = std::vector<std::string>;
  CHECK(split("/") == Segments{});
  CHECK(split("/a/b") == Segments{"a", "b"});
  CHECK(split("/a/") == Segments{"a", ""});
  CHECK(split("//a") == Segments{"", "a"});
  CHECK(split("/a%2Fb/%252e") == Segments{"a/b", "%2e"});
  CHECK(split("/a+b/%C3%A9") == Segments{"a+b", "\xc3\xa9"});
}

TEST_CASE("a query is split and decoded, duplicates kept", "[unit]") {
  std::vector<NameValue> parameters;
  const auto split = [&](std::string_view query) {
    REQUIRE(split_query(query, parameters));
    return parameters;
  };
  using Parameters = std::vector<NameValue>;
  CHECK(split("") == Parameters{});
  CHECK(split("a=1&b=x+y%26&a=2") == Parameters{{"a", "1"}, {"b", "x y&"}, {"a", "2"}});
  CHECK(split("a&b=&&=c&d=e=f") == Parameters{{"a", ""}, {"b", ""}, {"", "c"}, {"d", "e=f"}});
}

TEST_CASE("bad escapes, control characters and bad UTF-8 are refused everywhere", "[unit]") {
  std::vector<std::string> segments;
  std::vector<NameValue> parameters;
  for (const char* bad : {"%", "%4", "%4g", "%%41", "%00", "%0a", "%7F", "%c3", "%c3%28", "%c0%80",
                          "%ed%a0%80", "%f4%90%80%80", "%f8%88%80%80%80", "%80"}) {
    INFO(bad);
    CHECK(!split_path(std::string("/a/") + bad, segments));
    CHECK(!split_query(std::string("a=") + bad, parameters));
    CHECK(!split_query(bad, parameters));
  }
  CHECK(!split_path("", segments));
  CHECK(!split_path("a", segments));
}

TEST_CASE("what is percent-encoded decodes to itself", "[unit]") {
  const std::string text = "a-Z_0.~ /?&=+%\xc3\xa9\xf0\x9f\x8e\x81";
  const std::string encoded = percent_encode(text);
  CHECK(encoded == "a-Z_0.~%20%2F%3F%26%3D%2B%25%C3%A9%F0%9F%8E%81");
  std::vector<std::string> segments;
  REQUIRE(split_path("/" + encoded, segments));
  CHECK(segments == std::vector<std::string>{text});
}

}  // namespace coupon::http
