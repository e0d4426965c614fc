#include "coupond/core/bytes.h"

#include <catch2/catch.hpp>

#include "coupond/core/random.h"

using namespace coupon::core;
using namespace std::string_literals;

TEST_CASE("hex goes both ways and takes nothing but hex digits", "[bytes]") {
  CHECK(to_hex(Block<4>{0x00, 0x7f, 0x80, 0xff}) == "007f80ff");
  CHECK(to_hex({}).empty());
  CHECK(from_hex("007F80ff") == Bytes{0x00, 0x7f, 0x80, 0xff});
  CHECK(from_hex("") == Bytes{});
  for (const std::string& wrong : {"0"s, "0g"s, "00 "s, " 00"s, "00:11"s, "0x00"s, "00\0\0"s}) {
    CAPTURE(wrong);
    CHECK_FALSE(from_hex(wrong).has_value());
  }
}

TEST_CASE("base64url has the vectors of RFC 4648 without padding", "[bytes]") {
  const std::pair<const char*, const char*> vectors[] = {
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xbf", "-_-_"}};
  for (const auto& [bytes, text] : vectors) {
    CHECK(to_base64url(as_bytes(bytes)) == text);
    const auto decoded = from_base64url(text);
    REQUIRE(decoded.has_value());
    CHECK(as_text(*decoded) == bytes);
  }
}

TEST_CASE("base64url of random bytes of every length comes back", "[bytes]") {
  for (std::size_t size = 0; size < 200; ++size) {
    Bytes bytes(size);
    system_random(bytes);
    const std::string text = to_base64url(bytes);
    CHECK(from_base64url(text) == bytes);
    CHECK(text.find_first_of("+/=") == std::string::npos);
  }
}

TEST_CASE("every byte string has exactly one base64url text", "[bytes]") {
  for (const std::string& wrong :
       {"Z"s, "Zh"s, "Zm9"s, "Zm9vYh"s, "Zg=="s, "Zg="s, "Zm9v\n"s, " Zm9v"s, "Zm+v"s, "Zm/v"s,
        "Zm9vY"s, "Zm9\xff"s, "Zm9\0"s, "Zm 9v"s}) {
    CAPTURE(wrong);
    CHECK_FALSE(from_base64url(wrong).has_value());
  }
}

TEST_CASE("base64url into a fixed block refuses another size", "[bytes]") {
  Block<3> block{};
  CHECK(from_base64url("Zm9v", block));
  CHECK(as_text(block) == "foo");
  CHECK_FALSE(from_base64url("Zm8", block));
  CHECK_FALSE(from_base64url("Zm9vYg", block));
  CHECK_FALSE(from_base64url("", block));
}

TEST_CASE("same bytes means same length and same content", "[bytes]") {
  CHECK(same_bytes("", ""));
  CHECK(same_bytes("abc", "abc"));
  CHECK_FALSE(same_bytes("abc", "abd"));
  CHECK_FALSE(same_bytes("abc", "abcd"));
}

TEST_CASE("well-formed UTF-8 is accepted wherever it stands", "[bytes]") {
  for (const std::string& text : {""s, "plain"s, "a\0b"s, "h\u00e9llo"s, "\u20ac"s, "\U0001f600"s,
                                  "\xf4\x8f\xbf\xbf"s, "\xed\x9f\xbf"s, "\xee\x80\x80"s,
                                  "12345678\u00e9"
                                  "12345678"s,
                                  "\x7f"s, "\xc2\x80"s}) {
    CHECK(is_utf8(text));
    CHECK(is_utf8("1234567" + text + "12345678"));
  }
}

TEST_CASE("malformed UTF-8 is refused wherever it stands", "[bytes]") {
  for (const std::string& text : {"\x80"s,
                                  "\xbf"s,
                                  "\xc0\xaf"s,
                                  "\xc1\xbf"s,
                                  "\xe0\x80\xaf"s,
                                  "\xe0\x9f\xbf"s,
                                  "\xf0\x80\x80\xaf"s,
                                  "\xf0\x8f\xbf\xbf"s,
                                  "\xed\xa0\x80"s,
                                  "\xed\xbf\xbf"s,
                                  "\xf4\x90\x80\x80"s,
                                  "\xf5\x80\x80\x80"s,
                                  "\xff"s,
                                  "\xfe"s,
                                  "\xc3"s,
                                  "\xe2\x82"s,
                                  "\xf0\x9f\x98"s,
                                  "\xe2\x28\xa1"s,
                                  "\xc3\x28"s,
                                  "\xe2\x82\x28"s,
                                  "\xf0\x9f\x98\x28"s}) {
    CAPTURE(text);
    CHECK_FALSE(is_utf8(text));
    CHECK_FALSE(is_utf8("12345678" + text));
    CHECK_FALSE(is_utf8("1234567" + text + "12345678"));
  }
}
