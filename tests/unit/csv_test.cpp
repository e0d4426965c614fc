#include "coupond/core/csv.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "coupond/core/random.h"

using namespace coupon::core;

namespace {

// Every record as "line:field|field", a malformed one as "line:!".
std::vector<std::string> read_all(std::string_view text, std::size_t record_max = 1024) {
  std::vector<std::string> out;
  CsvReader reader(text, record_max);
  CsvRecord record;
  while (reader.next(record)) {
    std::string shown = std::to_string(record.line) + ":";
    if (!record.well_formed) shown += "!";
    for (std::size_t i = 0; record.well_formed && i < record.fields.size(); ++i) {
      shown += (i == 0 ? "" : "|") + record.fields[i];
    }
    out.push_back(shown);
  }
  return out;
}

using Records = std::vector<std::string>;

}  // namespace

TEST_CASE("records end with CR LF, LF, CR or the text, and empty lines are none", "[csv]") {
  CHECK(read_all("") == Records{});
  CHECK(read_all("a") == Records{"1:a"});
  CHECK(read_all("a\nb\r\nc") == Records{"1:a", "2:b", "3:c"});
  CHECK(read_all("\n\r\na\n\n\nb\n\n") == Records{"3:a", "6:b"});
  CHECK(read_all("\xef\xbb\xbf"
                 "a,b") == Records{"1:a|b"});
}

TEST_CASE("fields are kept as they are, empty ones too", "[csv]") {
  CHECK(read_all("a,b,c") == Records{"1:a|b|c"});
  CHECK(read_all(",") == Records{"1:|"});
  CHECK(read_all("a,\n,b") == Records{"1:a|", "2:|b"});
  CHECK(read_all(" a , b ") == Records{"1: a | b "});
}

TEST_CASE("quoted fields hold commas, quotes and line ends", "[csv]") {
  CHECK(read_all(R"("a,b",c)") == Records{"1:a,b|c"});
  CHECK(read_all(R"("a""b")") == Records{R"(1:a"b)"});
  CHECK(read_all(R"("")") == Records{"1:"});
  CHECK(read_all(R"("""")") == Records{R"(1:")"});
  CHECK(read_all("\"a\r\nb\",c\nd") == Records{"1:a\r\nb|c", "3:d"});
}

TEST_CASE("a malformed record is told and the next line is read", "[csv]") {
  CHECK(read_all("a\"b\nc") == Records{"1:!", "2:c"});
  CHECK(read_all("\"a\"b\nc") == Records{"1:!", "2:c"});
  CHECK(read_all("a\rb\nc") == Records{"1:a", "2:b", "3:c"});
  CHECK(read_all("a\r") == Records{"1:a"});
  CHECK(read_all(std::string("a\0b\nc", 5)) == Records{"1:!", "2:c"});
  CHECK(read_all(std::string("\"\0\"\nc", 5)) == Records{"1:!", "2:c"});
  CHECK(read_all("x\n\"never closed\nb\nc") == Records{"1:x", "2:!", "3:b", "4:c"});
  CHECK(read_all("\"") == Records{"1:!"});
}

TEST_CASE("a record longer than allowed is malformed, one just short enough is not", "[csv]") {
  CHECK(read_all("12345678\nb", 8) == Records{"1:12345678", "2:b"});
  CHECK(read_all("123456789\nb", 8) == Records{"1:!", "2:b"});
  CHECK(read_all("\"123456\"\nb", 8) == Records{"1:123456", "2:b"});
  CHECK(read_all("\"1234567\"\nb", 8) == Records{"1:!", "2:b"});
  CHECK(read_all("1234567,", 8) == Records{"1:1234567|"});
  CHECK(read_all("12345678,", 8) == Records{"1:!"});
}

TEST_CASE("what csv_field writes reads back, and begins no formula", "[csv]") {
  CHECK(csv_field("plain") == "plain");
  CHECK(csv_field("=1+1") == "'=1+1");
  CHECK(csv_field("'=1") == "''=1");
  CHECK(csv_field("a\"b,c") == R"("a""b,c")");
  const std::string symbols = "=+-@'\",a\n\r\t ";
  for (int round = 0; round < 5000; ++round) {
    std::string value;
    const auto length = uniform(system_random, 6) + 1;
    while (value.size() < length) value += symbols[uniform(system_random, symbols.size())];
    const std::string field = csv_field(value);
    CAPTURE(value, field);
    const std::size_t first = field.front() == '"' ? 1 : 0;
    CHECK(std::string("=+-@\t").find(field[first]) == std::string::npos);
    CsvReader reader(field, 1024);
    CsvRecord record;
    if (!reader.next(record)) {
      CHECK(value.find_first_not_of("\r\n") == std::string::npos);
      continue;
    }
    REQUIRE(record.well_formed);
    REQUIRE(record.fields.size() == 1);
    CHECK(csv_value(record.fields[0]) == value);
    CHECK_FALSE(reader.next(record));
  }
}

TEST_CASE("no text makes the reader fail or run on", "[csv]") {
  const std::string symbols = "\",\r\nab";
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    const auto length = uniform(system_random, 24);
    while (text.size() < length) text += symbols[uniform(system_random, symbols.size())];
    CAPTURE(text);
    CsvReader reader(text, 8);
    CsvRecord record;
    std::int64_t last_line = 0;
    std::size_t records = 0;
    while (reader.next(record) && ++records <= text.size()) {
      REQUIRE(record.line > last_line);
      last_line = record.line;
    }
    REQUIRE(records <= text.size());
  }
}
