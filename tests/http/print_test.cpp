// Cards on paper: the table of sheets, and the PDF made by it.
#include <catch2/catch.hpp>
#include <cstdio>

#include "src/api/print/card_sheet.h"
#include "tests/support/api_fixture.h"

using namespace coupon;
using nlohmann::json;
using test::ApiFixture;

namespace {

constexpr const char* kPath = "/api/v1/campaigns/c/print";

// A campaign "c" of `count` cards.
void make_cards(ApiFixture& api, int count) {
  const std::string& admin = api.admin().token;
  const json campaign = {{"mode", "card"}, {"name", "Müßig"}, {"slug", "c"}};
  REQUIRE(api.post("/api/v1/campaigns", admin, campaign.dump()).status == 201);
  const json codes = {{"count", count}};
  REQUIRE(api.post("/api/v1/campaigns/c/codes", admin, codes.dump()).status == 201);
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("a PDF has each card at its label, in a file whose table is right", "[print]") {
  ApiFixture api;
  make_cards(api, 25);
  const json wanted = {{"sheet", "L7160"},      {"from", 1},      {"to", 25}, {"start", 4},
                       {"shop", "Łoś & Söhne"}, {"worth", "50 €"}};
  const auto reply = api.post(kPath, api.admin().token, wanted.dump());
  REQUIRE(reply.status == 200);
  CHECK(reply.raw.content_type == "application/pdf");
  const std::string& pdf = reply.raw.body;
  CHECK(count(pdf, "/Type /Page ") == 2);  // 3 labels are gone, so 18 fit on the first
  CHECK(count(pdf, "0 g q ") == 25);
  CHECK(count(pdf, "<4DFC") == 0);  // the name, which `worth` stands for
  CHECK(count(pdf, "<353020803E") == 0);
  CHECK(count(pdf, "<35302080> Tj") == 25);  // "50 €" in Windows-1252
  CHECK(count(pdf, "<016F02202620") == 25);  // Ł and ś are none of its letters
  CHECK(count(pdf, "/Differences [1 /Lslash /sacute]") == 3);
  // The table at the end says where each object begins.
  const auto table = std::stoul(pdf.substr(pdf.rfind("startxref") + 10));
  REQUIRE(pdf.compare(table, 5, "xref\n") == 0);
  const std::size_t objects = count(pdf, " 0 obj\n");
  for (std::size_t i = 1; i <= objects; ++i) {
    const auto row = pdf.find('\n', table + 5) + 1 + i * 20;
    const std::string begins = std::to_string(i) + " 0 obj";
    CHECK(pdf.compare(std::stoul(pdf.substr(row, 10)), begins.size(), begins) == 0);
  }
}

TEST_CASE("each sheet's labels lie on its paper and do not overlap", "[print]") {
  ApiFixture api;
  const auto reply = api.get("/api/v1/sheets", api.admin().token);
  REQUIRE(reply.status == 200);
  REQUIRE(reply.body.at("items").size() == api::sheets().size());
  for (const api::Sheet& sheet : api::sheets()) {
    INFO(sheet.name);
    CHECK(sheet.left + (sheet.columns - 1) * sheet.pitch_x + sheet.width <= sheet.paper_width);
    CHECK(sheet.top + (sheet.rows - 1) * sheet.pitch_y + sheet.height <= sheet.paper_height);
    CHECK(sheet.pitch_x >= sheet.width);
    CHECK(sheet.pitch_y >= sheet.height);
    CHECK(sheet.qr_side() + 2 * sheet.padding() <= std::min(sheet.width, sheet.height));
    CHECK(sheet.qr_side() >= 8'500);  // 25 modules and the margin, a quarter of a mm each
  }
}

TEST_CASE("what cannot be printed is said, not printed wrongly", "[print]") {
  ApiFixture api;
  make_cards(api, 3);
  const std::string& admin = api.admin().token;
  struct Case {
    json change;
    const char* says;
  };
  const std::vector<Case> cases = {
      {{{"shop", "Привет"}}, "“П”"},        {{{"shop", "猫"}}, "“猫”"},
      {{{"sheet", "L9999"}}, "sheet"},      {{{"start", 22}}, "21"},
      {{{"from", 3}, {"to", 2}}, "before"}, {{{"from", 4}, {"to", 9}}, "no card"},
      {{{"state", "void"}}, "no card"},     {{{"move_x", 20'001}}, "move_x"},
  };
  for (const Case& one : cases) {
    json wanted = {{"sheet", "L7160"}, {"from", 1}, {"to", 3}};
    wanted.update(one.change);
    const auto reply = api.post(kPath, admin, wanted.dump());
    INFO(wanted.dump() << reply.body.dump());
    CHECK(reply.status == 400);
    CHECK(reply.body.dump().find(one.says) != std::string::npos);
  }
  const auto person = api.make_person("someone");
  CHECK(api.post(kPath, person.token, R"({"sheet":"cards","from":1,"to":3})").status == 403);
}
