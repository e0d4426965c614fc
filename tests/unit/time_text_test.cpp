#include "coupond/core/time_text.h"

#include <catch2/catch.hpp>

using namespace coupon::core;

namespace {

std::int64_t ms(std::string_view text) {
  const Result<UnixMs> at = parse_time(text);
  INFO(text);
  REQUIRE(at.ok());
  return at->value;
}

}  // namespace

TEST_CASE("a time is written with Z and with milliseconds only where there are some", "[time]") {
  CHECK(to_rfc3339({0}) == "1970-01-01T00:00:00Z");
  CHECK(to_rfc3339({1795183200123}) == "2026-11-20T14:00:00.123Z");
  CHECK(to_rfc3339({1795183200000}) == "2026-11-20T14:00:00Z");
  CHECK(to_rfc3339({1795183200007}) == "2026-11-20T14:00:00.007Z");
  CHECK(to_rfc3339({951868799999}) == "2000-02-29T23:59:59.999Z");
  CHECK(to_rfc3339({-1}) == "1969-12-31T23:59:59.999Z");
  CHECK(to_rfc3339({INT64_MAX}) == "9999-12-31T23:59:59.999Z");
  CHECK(to_rfc3339({INT64_MIN}) == "0000-01-01T00:00:00Z");
}

TEST_CASE("each service's clients get times as they parse them", "[time]") {
  const UnixMs some{1795183200120};
  CHECK(to_text(some, TimeStyle::kRfc3339) == to_rfc3339(some));
  CHECK(to_text(some, TimeStyle::kNaiveMicros) == "2026-11-20T14:00:00.120000");
  CHECK(to_text(some, TimeStyle::kIsoMillis) == "2026-11-20T14:00:00.120Z");
  CHECK(to_text(some, TimeStyle::kRfc822) == "Fri, 20 Nov 2026 14:00:00 GMT");
  const UnixMs whole{0};
  CHECK(to_text(whole, TimeStyle::kNaiveMicros) == "1970-01-01T00:00:00.000000");
  CHECK(to_text(whole, TimeStyle::kIsoMillis) == "1970-01-01T00:00:00.000Z");
  CHECK(to_text(whole, TimeStyle::kRfc822) == "Thu, 01 Jan 1970 00:00:00 GMT");
  CHECK(to_text({951868799999}, TimeStyle::kRfc822) == "Tue, 29 Feb 2000 23:59:59 GMT");
  CHECK(to_text({INT64_MAX}, TimeStyle::kRfc822) == "Fri, 31 Dec 9999 23:59:59 GMT");
}

TEST_CASE("times with Z, offset, fraction or date alone are read", "[time]") {
  CHECK(ms("2026-11-20T14:00:00Z") == 1795183200000);
  CHECK(ms("2026-11-20T15:00:00+01:00") == 1795183200000);
  CHECK(ms("2026-11-20T08:30:00-05:30") == 1795183200000);
  CHECK(ms("2026-11-20 14:00:00z") == 1795183200000);
  CHECK(ms("2026-11-20t14:00:00.5Z") == 1795183200500);
  CHECK(ms("2026-11-20T14:00:00.123456789Z") == 1795183200123);
  CHECK(ms("2026-11-20T14:00:00-00:00") == 1795183200000);
  CHECK(ms("2026-11-20") == 1795132800000);
  CHECK(ms("1970-01-01") == 0);
  CHECK(ms("2024-02-29") == 1709164800000);
  CHECK(ms("9999-12-31T23:59:59.999Z") == 253402300799999);
}

TEST_CASE("what is written is read back as the same time", "[time]") {
  for (std::int64_t at = 1; at < 253402300799999; at = at * 7 + 12345) {
    CHECK(ms(to_rfc3339({at})) == at);
  }
}

TEST_CASE("anything that is not exactly a time is refused", "[time]") {
  for (const std::string_view text : {"",
                                      " ",
                                      "2026",
                                      "2026-11",
                                      "2026-1-1",
                                      "2026-13-01",
                                      "2026-00-01",
                                      "2026-11-31",
                                      "2025-02-29",
                                      "1900-02-29",
                                      "2026-11-00",
                                      "20261120",
                                      "2026-11-20T",
                                      "2026-11-20Z",
                                      "2026-11-20T14:00Z",
                                      "2026-11-20T14:00:00",
                                      "2026-11-20T24:00:00Z",
                                      "2026-11-20T14:60:00Z",
                                      "2026-11-20T14:00:60Z",
                                      "2026-11-20T14:00:00.Z",
                                      "2026-11-20T14:00:00.1234567890Z",
                                      "2026-11-20T14:00:00+1:00",
                                      "2026-11-20T14:00:00+0100",
                                      "2026-11-20T14:00:00+24:00",
                                      "2026-11-20T14:00:00+01:60",
                                      "2026-11-20T14:00:00ZZ",
                                      " 2026-11-20",
                                      "2026-11-20 ",
                                      "2026-11-20T14:00:00,5Z",
                                      "-026-11-20",
                                      "+2026-11-20",
                                      "1969-12-31",
                                      "1970-01-01T00:00:00+00:01",
                                      "9999-12-31T23:59:59-00:01",
                                      "2026-11-20T14:00:00Z\n",
                                      "tomorrow",
                                      "1795183200000"}) {
    CAPTURE(text);
    const Result<UnixMs> at = parse_time(text);
    REQUIRE_FALSE(at.ok());
    CHECK(at.error().reason == Reason::kInvalidRequest);
    CHECK(at.error().message.find("2026-11-20") != std::string::npos);
  }
  CHECK_FALSE(parse_time(std::string_view("2026-11-20\0", 11)).ok());
}

TEST_CASE("dates are read as JavaScript reads them", "[time]") {
  const UnixMs midnight{1'767'225'600'000};  // 2026-01-01T00:00:00Z
  for (const char* text :
       {"2026-01-01T00:00:00", "2026-01-01T00:00:00.000Z", "2026-01-01 00:00", "2026/01/01",
        "2026/1/1", "1/1/2026", "2026-01-01", "2026-01", "2026", "2026-01-01T01:00:00+01:00",
        "2026-01-01T01:00:00+0100", "Jan 1, 2026", "1 January 2026", "January 1, 2026 0:00",
        "Thu, 01 Jan 2026 00:00:00 GMT",
        "Thu Jan 01 2026 01:00:00 GMT+0100 (Central European Standard Time)"}) {
    CAPTURE(text);
    const Result<UnixMs> time = parse_javascript_time(text);
    REQUIRE(time.ok());
    CHECK(*time == midnight);
  }
  CHECK(*parse_javascript_time("2026-01-01T08:30:00.25") == UnixMs{midnight.value + 30'600'250});
  for (const char* text : {"", "soon", "2026-13-01", "2026-02-30", "32/1/2026", "01/01/26", "2026-",
                           "12:00", "2026-01-01T25:00:00", "2026-01-01T00:00:00+", "Foo 1, 2026",
                           "20260101", "2026-01-01Z99", "-1"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_javascript_time(text).ok());
  }
}
