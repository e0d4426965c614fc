// What people bring: the files of other systems, spreadsheets and printers. Each is read right or
// refused with what to say; nothing becomes a code by accident.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "coupond/service/jobs.h"
#include "src/service/import_lines.h"

using namespace coupon;
using service::ImportLine;
using service::ImportOptions;
using service::ImportReader;

namespace {

std::vector<ImportLine> lines_read(std::string_view text, const ImportOptions& options = {}) {
  auto reader = ImportReader::open(text, options, {});
  INFO((reader.ok() ? "" : reader.error().message));
  REQUIRE(reader.ok());
  std::vector<ImportLine> lines;
  while (auto line = reader->next()) lines.push_back(std::move(*line));
  return lines;
}

std::vector<std::string> codes_of(std::string_view text, const ImportOptions& options = {}) {
  std::vector<std::string> codes;
  for (const ImportLine& line : lines_read(text, options)) {
    codes.push_back(line.reason.empty() ? line.code : line.reason);
  }
  return codes;
}

std::string refusal_of(std::string_view text, const ImportOptions& options = {}) {
  const auto reader = ImportReader::open(text, options, {});
  return reader.ok() ? "" : reader.error().message;
}

using Codes = std::vector<std::string>;

}  // namespace

TEST_CASE("lines of comment are no codes, and a code may begin with #", "[import]") {
  const std::string roll =
      "# Voucher roll 7\n# 2 hours each\n# printed\n\" kd83ns\"\n\" 9dmw2a\"\n";
  CHECK(codes_of(roll) == Codes{" kd83ns", " 9dmw2a"});
  CHECK(codes_of("GRÜSSE-24\n50€-HERBST\n#SALE-9\n-MINUS-7\n") ==
        Codes{"GRÜSSE-24", "50€-HERBST", "#SALE-9", "-MINUS-7"});
}

TEST_CASE("the column of codes is found by its name, however it is written", "[import]") {
  CHECK(codes_of("0,Code\n1,EEA-77120\n2,EEA-77121\n") == Codes{"EEA-77120", "EEA-77121"});
  for (const char* name :
       {"code", "Code ", "Promo Code", "voucher_code", "GUTSCHEINCODE", " codes"}) {
    INFO(name);
    CHECK(codes_of("Name;" + std::string(name) + "\nx;A-100\n") == Codes{"A-100"});
  }
  CHECK(codes_of("a\tVoucher Code\n1\tA-100\n") == Codes{"A-100"});
  CHECK(codes_of("code\nA-100\n") == Codes{"A-100"});
}

TEST_CASE("a shop's export keeps limit and end, and skips empty rows", "[import]") {
  const auto lines = lines_read(
      "Name,Promo "
      "Code,Limit,Ends\nSpring,SPRING-A1,1,2027-05-31T22:00:00Z\n,,,\nSpring,SPRING-B2,5,\n");
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].code == "SPRING-A1");
  CHECK(lines[0].reason.empty());
  REQUIRE(lines[0].expires_at);
  CHECK(lines[0].expires_at->value == 1'811'800'800'000);
  CHECK(lines[1].reason == "other_limit: Limit 5");
}

TEST_CASE("a day as an end includes the whole day", "[import]") {
  for (const char* day : {"2027-12-31", "31.12.2027", "31/12/2027", "12/31/2027"}) {
    const auto lines = lines_read("code;gültig bis\nA-100;" + std::string(day) + "\n");
    REQUIRE(lines.size() == 1);
    REQUIRE(lines[0].expires_at);
    // The midnight after it, in whichever zone this machine is.
    CHECK(lines[0].expires_at->value >= 1'830'243'600'000);  // 2027-12-31T09:00Z
    CHECK(lines[0].expires_at->value <= 1'830'344'400'000);  // 2028-01-01T13:00Z
  }
  CHECK(lines_read("code,ends\nA-100,soon\n")[0].reason ==
        "unreadable_time: ends soon; write it as 2027-12-31");
  // The third of February, or of... nobody knows.
  CHECK_FALSE(lines_read("code,ends\nA-100,02/03/2027\n")[0].reason.empty());
  CHECK_FALSE(lines_read("code,ends\nA-100,30/02/2027\n")[0].reason.empty());
  CHECK_FALSE(lines_read("code,ends\nA-100,?\n")[0].reason.empty());
  CHECK(lines_read("code,ends\nA-100,03/03/2027\n")[0].expires_at);
  for (const char* none : {"", "never", "-", "0000-00-00", "0000-00-00 00:00:00", "NULL"}) {
    INFO(none);
    const auto lines = lines_read("code,ends,max uses\nA-100," + std::string(none) + ",\n");
    CHECK(lines.at(0).reason.empty());
    CHECK_FALSE(lines.at(0).expires_at);
  }
}

TEST_CASE("no limit is what a campaign without one has", "[import]") {
  for (const auto max_uses : {std::optional<std::int64_t>{}, std::optional<std::int64_t>{2}}) {
    auto reader = ImportReader::open("code,max uses\nA-100,unlimited\nA-101,2\n", {},
                                     {.policy = {.max_redemptions_per_coupon = max_uses}});
    REQUIRE(reader.ok());
    CHECK(reader->next()->reason.empty() == !max_uses);
    CHECK(reader->next()->reason.empty() == max_uses.has_value());
  }
}

TEST_CASE("bars separate cells, too, and Excel's line about its separator is no row", "[import]") {
  CHECK(codes_of("id|code|status\n1|A-100|unused\n2|A-101|\n") == Codes{"A-100", "A-101"});
  for (const char* separator : {";", ",", "|", "\t"}) {
    INFO(separator);
    const std::string s = separator;
    CHECK(codes_of("sep=" + s + "\r\ncode" + s + "state\r\nA-100" + s + "unused\r\n") ==
          Codes{"A-100"});
  }
}

TEST_CASE("a spreadsheet's file in Windows-1252 is read as what it says", "[import]") {
  const std::string text =
      "Gutscheincode;G\xfcltig bis\r\nM\xdcNZE-A1;31.12.2027\r\n\x80"
      "50;\r\n";
  auto reader = ImportReader::open(text, {}, {});
  REQUIRE(reader.ok());
  CHECK(reader->sentence() ==
        "Read as Windows-1252, separated by semicolons, with the codes in Gutscheincode.");
  CHECK(codes_of(text) == Codes{"MÜNZE-A1", "€50"});
}

TEST_CASE("UTF-16, byte order marks and every line end are read", "[import]") {
  using namespace std::string_literals;
  CHECK(codes_of("\xff\xfe"s + "A\0001\0\xfc\0\r\0\n\0B\0002\0003\0"s) == Codes{"A1ü", "B23"});
  CHECK(codes_of("\xfe\xff"s + "\0A\0001\0\xfc\0\n\0B\0002\0003"s) == Codes{"A1ü", "B23"});
  CHECK(codes_of("\xef\xbb\xbf"
                 "A-1\rB-2\rC-3") == Codes{"A-1", "B-2", "C-3"});
  CHECK(codes_of("code,n\r\n=\"00012346\",1\r\n\"=\"\"00012347\"\"\",2\r\n") ==
        Codes{"00012346", "00012347"});
}

TEST_CASE("used and void codes stay so, reserved and unknown states are refused", "[import]") {
  const auto lines = lines_read(
      "Code,Status,Used at\nOLD-1001,USED,2025-11-03T10:00:00Z\nOLD-1002,VALID,\n"
      "OLD-1003,RESERVED,\nOLD-1004,void,\nOLD-1005,perhaps,\n");
  REQUIRE(lines.size() == 5);
  CHECK(lines[0].ended == "before the import: Status USED");
  CHECK(lines[0].reason.empty());
  CHECK(lines[1].ended.empty());
  CHECK(lines[1].reason.empty());
  CHECK(lines[2].reason == "reserved: Status RESERVED");
  CHECK(lines[3].ended == "before the import: Status void");
  CHECK(lines[4].reason == "unknown_state: Status perhaps");
}

TEST_CASE("columns of money and owners are refused by name unless they are left out", "[import]") {
  const std::string text = "code,value\nGC-ALPHA-1,10.00\nGC-BRAVO-2,25.00\n";
  CHECK_THAT(refusal_of(text), Catch::Contains("The column value says what a code is worth"));
  CHECK(codes_of(text, {.ignore = {"Value"}}) == Codes{"GC-ALPHA-1", "GC-BRAVO-2"});
  CHECK(codes_of("code,value\nGC-ALPHA-1,\n") == Codes{"GC-ALPHA-1"});
  const std::string owners = "code,E-Mail\nA-100,a@example.com\n";
  const auto cards = ImportReader::open(owners, {}, {.mode = domain::Mode::kCard});
  REQUIRE(!cards.ok());
  CHECK_THAT(cards.error().message,
             Catch::Contains("The column E-Mail says whose a code is, and only codes of a pool"));
  CHECK(ImportReader::open(owners, {.ignore = {"e-mail"}}, {.mode = domain::Mode::kCard}).ok());
}

TEST_CASE("an address says whose a code of a pool is, and nothing else does", "[import]") {
  const auto lines = lines_read(
      "code,status,email\nA-1,,Ann@Example.com\nA-2,assigned,bob@example.com\nA-3,assigned,\n"
      "A-4,,Bob\nA-5,reserved,bob@example.com\nA-6,used,bob@example.com\n");
  REQUIRE(lines.size() == 6);
  CHECK(lines[0].owner == "Ann@Example.com");
  CHECK(lines[1].owner == "bob@example.com");
  CHECK(lines[1].reason.empty());
  CHECK(lines[2].reason == "reserved: it is assigned, and no address says to whom");
  CHECK(lines[3].reason == "unreadable_owner: email Bob");
  CHECK(lines[4].reason == "reserved: status reserved");
  CHECK(lines[5].owner == "bob@example.com");
  CHECK(lines[5].uses == 1);
  const auto packed = service::unpack_lines(service::pack_lines(lines));
  REQUIRE(packed);
  CHECK((*packed)[5].owner == "bob@example.com");
}

TEST_CASE("what would have to be guessed is refused with what to say", "[import]") {
  const std::string title = "Gutscheincodes Herbst\nHRB-001\nHRB-002\n";
  CHECK_THAT(refusal_of(title), Catch::Contains("looks like a title: Gutscheincodes Herbst") &&
                                    Catch::Contains("HRB-001") && Catch::Contains("--no-header"));
  CHECK(codes_of(title, {.header = true}) == Codes{"HRB-001", "HRB-002"});
  CHECK(codes_of(title, {.header = false}).size() == 3);

  const std::string table = "Anna,HRB-001\nBert,HRB-002\n";
  CHECK_THAT(refusal_of(table), Catch::Contains("Which column has the codes?"));
  CHECK(codes_of(table, {.column = "2"}) == Codes{"HRB-001", "HRB-002"});
  CHECK_THAT(refusal_of(table, {.column = "3"}), Catch::Contains("the rows have 2"));
  CHECK_THAT(refusal_of(table, {.column = "Kode"}), Catch::Contains("no column Kode"));

  CHECK_THAT(refusal_of("1\n2\n3\n"), Catch::Contains("only one or two characters"));
  CHECK(codes_of("1\n2\n3\n", {.confirm = true}) == Codes{"1", "2", "3"});
  CHECK_THAT(refusal_of("| HRB-001 | 10 |\n| HRB-002 | 20 |\n"),
             Catch::Contains("Which column has the codes?"));
  // Words alone are no title.
  CHECK(codes_of("APPLE\nBANANA\n") == Codes{"APPLE", "BANANA"});
}
