#include "coupond/core/net.h"

#include <catch2/catch.hpp>

using namespace coupon::core;

namespace {

IpAddress ip(std::string_view text) {
  const std::optional<IpAddress> address = IpAddress::parse(text);
  INFO(text);
  REQUIRE(address.has_value());
  return *address;
}

bool contains(std::string_view network, std::string_view address) {
  const Result<Cidr> cidr = Cidr::parse(network);
  INFO(network);
  REQUIRE(cidr.ok());
  return cidr->contains(ip(address));
}

}  // namespace

TEST_CASE("addresses are read and written in their usual form", "[net]") {
  CHECK(ip("192.0.2.1").to_string() == "192.0.2.1");
  CHECK(ip("2001:DB8:0:0:0:0:0:1").to_string() == "2001:db8::1");
  CHECK(ip("::").to_string() == "::");
  CHECK(ip("192.0.2.1").is_v4());
  CHECK_FALSE(ip("::1").is_v4());
}

TEST_CASE("an IPv4-mapped address is the IPv4 address", "[net]") {
  CHECK(ip("::ffff:192.0.2.1") == ip("192.0.2.1"));
  CHECK(ip("::ffff:c000:201").to_string() == "192.0.2.1");
  CHECK(ip("::ffff:127.0.0.1").is_loopback());
  CHECK(ip("::ffff:192.0.2.1").rate_key() == "192.0.2.1");
  CHECK_FALSE(ip("::192.0.2.1") == ip("192.0.2.1"));
}

TEST_CASE("loopback is 127.0.0.0/8 and ::1", "[net]") {
  CHECK(ip("127.0.0.1").is_loopback());
  CHECK(ip("127.255.0.9").is_loopback());
  CHECK(ip("::1").is_loopback());
  CHECK_FALSE(ip("128.0.0.1").is_loopback());
  CHECK_FALSE(ip("::").is_loopback());
  CHECK_FALSE(ip("1::1").is_loopback());
}

TEST_CASE("text that is not plainly an address is none", "[net]") {
  for (const std::string_view text : {"",
                                      " ",
                                      "localhost",
                                      "1.2.3",
                                      "1.2.3.4.5",
                                      "1.2.3.256",
                                      "01.2.3.4",
                                      "0x7f.0.0.1",
                                      "2130706433",
                                      "127.1",
                                      "1.2.3.4 ",
                                      " 1.2.3.4",
                                      "1.2.3.4:80",
                                      "[::1]",
                                      "::1%lo",
                                      "fe80::1%1",
                                      ":::",
                                      "1:2:3:4:5:6:7",
                                      "1:2:3:4:5:6:7:8:9",
                                      "::g",
                                      "12345::",
                                      "unknown",
                                      "1.2.3.4/8"}) {
    CAPTURE(text);
    CHECK_FALSE(IpAddress::parse(text).has_value());
  }
  CHECK_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0x", 9)).has_value());
  CHECK_FALSE(IpAddress::parse(std::string(1'000'000, '1')).has_value());
}

TEST_CASE("all addresses of an IPv6 subscriber have one rate key", "[net]") {
  CHECK(ip("2001:db8:1:2:3:4:5:6").rate_key() == "2001:db8:1:2::/64");
  CHECK(ip("2001:db8:1:2:ffff::").rate_key() == ip("2001:db8:1:2::1").rate_key());
  CHECK(ip("2001:db8:1:3::1").rate_key() != ip("2001:db8:1:2::1").rate_key());
  CHECK(ip("192.0.2.1").rate_key() != ip("192.0.2.2").rate_key());
}

TEST_CASE("a network contains what begins with its prefix", "[net]") {
  CHECK(contains("10.0.0.0/8", "10.255.255.255"));
  CHECK_FALSE(contains("10.0.0.0/8", "11.0.0.0"));
  CHECK(contains("192.0.2.128/25", "192.0.2.255"));
  CHECK_FALSE(contains("192.0.2.128/25", "192.0.2.127"));
  CHECK(contains("192.0.2.1", "192.0.2.1"));
  CHECK_FALSE(contains("192.0.2.1", "192.0.2.2"));
  CHECK(contains("0.0.0.0/0", "203.0.113.9"));
  CHECK_FALSE(contains("0.0.0.0/0", "2001:db8::1"));
  CHECK(contains("2001:db8::/32", "2001:db8:ffff::1"));
  CHECK_FALSE(contains("2001:db8::/32", "2001:db9::1"));
  CHECK(contains("::1", "::1"));
  CHECK(contains("10.0.0.0/8", "::ffff:10.1.2.3"));
  CHECK(contains("::ffff:10.0.0.0/104", "10.1.2.3"));
  CHECK_FALSE(contains("2001:db8::/32", "10.1.2.3"));
}

TEST_CASE("a network that is mistyped is refused by name", "[net]") {
  for (const std::string text :
       {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/08",
        "10.0.0.0/ 8", "10.0.0.0/8/8", "10.1.2.3/8", "10.0.0.0/8 ", "::/129", "2001:db8::1/32",
        "localhost", "10.0.0.0/a", "10/8"}) {
    CAPTURE(text);
    const Result<Cidr> cidr = Cidr::parse(text);
    REQUIRE_FALSE(cidr.ok());
    CHECK(cidr.error().reason == Reason::kInvalidRequest);
    CHECK(cidr.error().message.find(text) != std::string::npos);
  }
}
