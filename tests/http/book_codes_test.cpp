// How codes get into the books of the book service: uploaded, or made after a pattern.
#include <catch2/catch.hpp>
#include <regex>
#include <set>
#include <utility>

#include "tests/support/books.h"

using namespace coupon;
using test::ApiFixture;
using test::for_user;
using test::make_book;
using test::upload;

TEST_CASE("book: an upload stores all codes or none", "[book]") {
  ApiFixture api;
  const std::string book = make_book(api);
  auto done = api.post("/coupons/codes", api.admin().token,
                       R"({"couponBookId":")" + book + R"(","codes":["ONE","TWO"]})");
  REQUIRE(done.status == 201);
  CHECK(done.body["uploadedCodes"] == 2);
  CHECK(done.body["totalCodes"] == 2);
  CHECK(done.body["status"] == "completed");
  auto duplicate = api.post("/coupons/codes", api.admin().token,
                            R"({"couponBookId":")" + book + R"(","codes":["NEW","two"]})");
  CHECK(duplicate.status == 409);
  CHECK(duplicate.sentence().find("two") != std::string::npos);
  auto unknown =
      api.post("/coupons/codes", api.admin().token, R"({"couponBookId":"nowhere","codes":["X"]})");
  CHECK(unknown.status == 404);
  CHECK(unknown.sentence() == "Coupon book not found");
  CHECK(api.post("/coupons/codes", api.admin().token,
                 R"({"couponBookId":")" + book + R"(","codes":["NEW"]})")
            .body["totalCodes"] == 3);
}

TEST_CASE("book: random codes follow the pattern, and its room is respected", "[book]") {
  ApiFixture api;
  const std::string book = make_book(api, R"("codePattern":"S-{NUMERIC:1}","maxCodesPerUser":0)");
  auto made = api.post("/coupons/random-codes", api.admin().token,
                       R"({"couponBookId":")" + book + R"(","quantity":10})");
  REQUIRE(made.status == 201);
  CHECK(made.body["generatedCodes"] == 10);
  auto full = api.post("/coupons/random-codes", api.admin().token,
                       R"({"couponBookId":")" + book + R"(","quantity":1})");
  CHECK(full.status == 409);
  std::set<std::string> codes;
  for (int i = 0; i < 10; ++i) {
    const auto assigned =
        api.post("/coupons/assign", api.admin().token, for_user(api.admin().uuid, book));
    REQUIRE(assigned.status == 201);
    codes.insert(assigned.text("code"));
  }
  CHECK(codes.size() == 10);
  CHECK(codes.count("S-0") == 1);
  CHECK(api.is_sound());
}

TEST_CASE("book: many random codes are made in the background", "[book]") {
  ApiFixture api;
  const std::string book = make_book(api);
  auto queued = api.post("/coupons/random-codes", api.admin().token,
                         R"({"couponBookId":")" + book + R"(","quantity":1500})");
  REQUIRE(queued.status == 201);
  CHECK(queued.body["status"] == "processing");
  CHECK(queued.body["message"] == "1500 code generation started in the background");
  CHECK_FALSE(queued.body["jobId"].get<std::string>().empty());
}

TEST_CASE("book: codes of any letters are uploaded, shown as written, and used", "[book]") {
  ApiFixture api;
  const std::string& admin = api.admin().token;
  const auto ann = api.make_person("ann");
  const std::string book = make_book(api, R"("maxCodesPerUser":0)");
  upload(api, book, R"("W00L1OO","WOOL100","50€"," Grüße-7 ","🎉🎁",12345)");
  struct Row {
    const char* path;
    const char* shown;
  };
  for (const Row& row : {Row{"w00l1oo", "W00L1OO"}, Row{"Wool-100", "WOOL100"},
                         Row{"50%E2%82%AC", "50€"}, Row{"GR%C3%9CSSE7", "Grüße-7"},
                         Row{"%F0%9F%8E%89%F0%9F%8E%81", "🎉🎁"}, Row{"12345", "12345"}}) {
    CAPTURE(row.path);
    auto given = api.post("/coupons/assign/" + std::string(row.path), admin, for_user(ann.uuid));
    CHECK(given.status == 201);
    CHECK(given.body["code"] == row.shown);
    CHECK(api.post("/coupons/lock/" + std::string(row.path), admin, for_user(ann.uuid)).status ==
          201);
    CHECK(api.post("/coupons/redeem/" + std::string(row.path), admin, for_user(ann.uuid)).status ==
          201);
  }
  CHECK(api.is_sound());
}

TEST_CASE("book: an upload says what is wrong with it", "[book]") {
  ApiFixture api;
  const std::string& admin = api.admin().token;
  const std::string book = make_book(api);
  const std::string id = R"("couponBookId":")" + book + R"(")";
  const std::pair<std::string, const char*> bodies[] = {
      {"", "should not be empty"},
      {"{}", "couponBookId should not be empty"},
      {"{" + id + "}", "codes should not be empty"},
      {"{" + id + R"(,"codes":[]})", "codes should not be empty"},
      {"{" + id + R"(,"codes":"A"})", "codes must be an array"},
      {"{" + id + R"(,"codes":{"a":1}})", "codes must be an array"},
      {"{" + id + R"(,"codes":["A",true]})", "codes[1] must be a string"},
      {"{" + id + R"(,"codes":["A",["B"]]})", "codes must be an array of strings"},
      {"{" + id + R"(,"codes":["A"],"codes":["B"]})", "codes is given twice"},
      {R"({"couponBookId":["x"],"codes":["A"]})", "couponBookId must be a string"},
      {"{" + id + R"(,"codes":["A","\u0001"]})", "codes[1]"},
      {"[1]", "must be a JSON object"},
      {"{" + id + R"(,"codes":["A")", "not valid JSON"}};
  for (const auto& [body, sentence] : bodies) {
    CAPTURE(body);
    auto refused = api.post("/coupons/codes", admin, body);
    CHECK(refused.status == 400);
    CHECK_THAT(refused.raw.body, Catch::Contains(sentence));
  }
  // What else is in the body is passed over, as it always was.
  CHECK(api.post("/coupons/codes", admin,
                 R"({"note":{"codes":["X"]},"codes":["A"],"list":[["B"]],)" + id + "}")
            .body["totalCodes"] == 1);
}

TEST_CASE("book: an upload is as large as it needs to be", "[book]") {
  ApiFixture api;
  const std::string book = make_book(api);
  std::string body = R"({"couponBookId":")" + book + R"(","codes":[)";
  for (int i = 0; i < 30'000; ++i) {
    body += (i == 0 ? "\"LARGE-" : ",\"LARGE-") + std::to_string(i) + "\"";
  }
  auto done = api.post("/coupons/codes", api.admin().token, body + "]}");
  REQUIRE(done.status == 201);
  CHECK(done.body["uploadedCodes"] == 30'000);
  auto again = api.post("/coupons/codes", api.admin().token, body + ",\"NEW\"]}");
  CHECK(again.status == 409);
  CHECK_THAT(again.sentence(), Catch::Contains("LARGE-0 (it is in campaign summer"));
  CHECK(api.is_sound());
}

TEST_CASE("book: in a pattern all but its placeholders is literal", "[book]") {
  ApiFixture api;
  const auto ann = api.make_person("ann");
  struct Row {
    const char* pattern;
    const char* expected;
  };
  for (const Row& row :
       {Row{"{FOO}-{numeric:2}", R"(\{FOO\}-[0-9]{2})"}, Row{"A{NUMERIC:0}", "A[0-9]{6}"},
        Row{"{RANDOM:x}}", R"([A-Z0-9]{8}\})"}, Row{"Ü{ALPHA}{", R"(Ü[A-Z]{8}\{)"},
        Row{"SUMMER-{NUMERIC:4}-{ALPHA:3}", "SUMMER-[0-9]{4}-[A-Za-z]{3}"}}) {
    CAPTURE(row.pattern);
    const std::string book =
        make_book(api, R"("codePattern":")" + std::string(row.pattern) + R"(")");
    REQUIRE(api.post("/coupons/random-codes", api.admin().token,
                     R"({"quantity":1,"couponBookId":")" + book + "\"}")
                .status == 201);
    auto given = api.post("/coupons/assign", api.admin().token, for_user(ann.uuid, book));
    REQUIRE(given.status == 201);
    CHECK(std::regex_match(given.text("code"), std::regex(row.expected)));
  }
}
