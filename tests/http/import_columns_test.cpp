// What columns of other systems' files say of a code is kept, or refused by name; and a file that
// is no list of codes is asked about.
#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/support/api_fixture.h"

using namespace coupon;
using nlohmann::json;
using test::ApiFixture;

namespace {

struct Preview {
  ApiFixture api;

  Preview() {
    const json plain = {{"mode", "card"}, {"name", "C"}, {"slug", "c"}};
    REQUIRE(api.post("/api/v1/campaigns", api.admin().token, plain.dump()).status == 201);
    const json money = {
        {"mode", "card"}, {"name", "V"}, {"slug", "v"}, {"value", 0}, {"currency", "EUR"}};
    REQUIRE(api.post("/api/v1/campaigns", api.admin().token, money.dump()).status == 201);
  }

  json of(const std::string& file, const std::string& query = "", const std::string& campaign = "c",
          const std::string& type = "text/csv") {
    const auto reply = api.post("/api/v1/campaigns/" + campaign + "/codes/import/preview" + query,
                                api.admin().token, file, {{"Content-Type", type}});
    REQUIRE(reply.status == 200);
    return reply.body;
  }
};

bool is_ended(const json& row) { return row.at("ended") != ""; }

}  // namespace

TEST_CASE("a column that may say what a code is good for is never left out silently",
          "[import][columns]") {
  Preview preview;
  for (const char* name :
       {"discount", "coupon_amount", "Valid from", "usage restriction", "Voided by",
        "Gesperrt seit", "remaining", "E-Mail-Adresse Owner", "Statut", "Estado", "usado", "stato",
        "Geldig tot", "Scadenza", "Importe", "solde"}) {
    CAPTURE(name);
    const std::string file = "code," + std::string(name) + "\nAAA-111,x\nAAA-112,\n";
    const json seen = preview.of(file);
    CHECK(seen.at("question_about") == "ignore");
    CHECK(seen.at("question").get<std::string>().find(name) != std::string::npos);
    std::string folded = name;
    for (char& c : folded) c = c == ' ' ? '+' : c;
    const json left_out = preview.of(file, "?ignore=" + folded);
    CHECK(left_out.at("question") == "");
    CHECK(left_out.at("bad_lines") == 0);
    CHECK(left_out.at("layout").get<std::string>().find(name) != std::string::npos);
  }
  for (const char* name :
       {"Name", "Created", "Note", "Station", "id", "Imported at", "US address", "Cascade"}) {
    CAPTURE(name);
    CHECK(preview.of("code," + std::string(name) + "\nAAA-111,x\n").at("question") == "");
  }
}

TEST_CASE("whether a code works, and who used it when, is kept", "[import][columns]") {
  Preview preview;
  const json active = preview.of("code,active\nAAA-111,1\nAAA-112,0\nAAA-113,false\nAAA-114,\n");
  REQUIRE(active.at("rows").size() == 4);
  CHECK_FALSE(is_ended(active.at("rows").at(0)));
  CHECK(is_ended(active.at("rows").at(1)));
  CHECK(is_ended(active.at("rows").at(2)));
  CHECK_FALSE(is_ended(active.at("rows").at(3)));
  CHECK(preview.of("code,active\nAAA-111,perhaps\n").at("bad_lines") == 1);
  for (const char* name : {"used_by", "Redeemed at", "Eingelöst am"}) {
    CAPTURE(name);
    const json used = preview.of("code;" + std::string(name) + "\nAAA-111;2026-01-02\nAAA-112;\n");
    REQUIRE(used.at("rows").size() == 2);
    CHECK(is_ended(used.at("rows").at(0)));
    CHECK_FALSE(is_ended(used.at("rows").at(1)));
  }
  CHECK(preview.of("code,date_expires\nAAA-111,2099-12-31\n").at("rows").at(0).at("expires_at") !=
        nullptr);
  CHECK(preview.of("code,Uses per Coupon\nAAA-111,5\n").at("bad_lines") == 1);
  CHECK(preview.of("code,times_redeemed\nAAA-111,1\n").at("rows").at(0).at("ended") != "");
}

TEST_CASE("money that was spent in part needs a column of what is left", "[import][columns]") {
  Preview preview;
  CHECK(
      preview.of("code,value,uses\nAAA-111,10.00,1\nAAA-112,10.00,0\n", "", "v").at("bad_lines") ==
      1);
  CHECK(preview.of("code,value,balance,uses\nAAA-111,10.00,4.00,1\n", "", "v").at("bad_lines") ==
        0);
  const json seen =
      preview.of("code,value,used at\nAAA-111,10.00,2026-01-02\nAAA-112,10.00,\n", "", "v");
  CHECK(is_ended(seen.at("rows").at(0)));
  CHECK_FALSE(is_ended(seen.at("rows").at(1)));
  const json left = preview.of("code,balance,used at\nAAA-111,10.00,2026-01-02\n", "", "v");
  CHECK_FALSE(is_ended(left.at("rows").at(0)));
}

TEST_CASE("lines of JSON say the same as columns do", "[import][columns]") {
  Preview preview;
  const json seen = preview.of(
      "{\"code\": \"AAA-111\", \"active\": false, \"shop\": \"x\"}\n"
      "{\"code\":\"AAA-112\",\"discount\":5}\n"
      "{\"code\":\"AAA-113\",\"expires\":\"2099-12-31\",\"used\":\"no\"}\n",
      "", "c", "application/x-ndjson");
  REQUIRE(seen.at("rows").size() == 3);
  CHECK(is_ended(seen.at("rows").at(0)));
  CHECK(seen.at("rows").at(1).at("reason") == "cannot_keep: discount 5");
  CHECK(seen.at("rows").at(2).at("reason") == "");
  CHECK(seen.at("rows").at(2).at("expires_at") != nullptr);
  CHECK(seen.at("layout").get<std::string>().find("Left out: shop") != std::string::npos);
  CHECK(preview
            .of("{\"code\":\"AAA-112\",\"discount\":5}\n", "?ignore=discount", "c",
                "application/x-ndjson")
            .at("bad_lines") == 0);
}

TEST_CASE("JSON is read as other programs write it, whatever it is sent as", "[import][columns]") {
  Preview preview;
  const std::string file =
      "{ \"code\" : \"AAA-111\", \"expires_at\": null, \"note\": \"caf\\u00e9\\n\", \"tags\": "
      "[1]}\n"
      "{\"coupon_code\":\"CAF\\u00c9-112\",\"balance\":10.5}\n"
      "{\"code\":\"AAA-113\",\"code\":\"AAA-114\"}\n"
      "{\"code\":4006381333931}\n"
      "{\"code\":\"AAA-115\",\"expires_at\":{\"date\":\"2099-12-31\"}}\n"
      "[\"AAA-116\"]\n"
      "{\"code\":\"AAA-117\",\"voucher\":\"AAA-118\",\"balance\":\"7\"}\n";
  for (const char* type : {"text/csv", "application/x-ndjson"}) {
    CAPTURE(type);
    const json seen = preview.of(file, "", "v", type);
    CHECK(seen.at("question") == "");
    CHECK(seen.at("lines") == 7);
    json lines = json::array();
    for (const json& row : seen.at("problems")) lines.push_back(row.at("line"));
    CHECK(lines == json{3, 4, 5, 6});
    CHECK(seen.at("rows").at(1).at("code") == "CAF\xc3\x89-112");
    CHECK(seen.at("layout").get<std::string>().find("17.50 EUR") != std::string::npos);
    CHECK(preview.of(file, "?confirm=true", "v", type).at("bad_lines") == 4);
    // Which of two names has the code can be said.
    const json other = preview.of(file, "?column=voucher", "v", type);
    CHECK(other.at("bad_lines") == 6);
  }
}

TEST_CASE("a line of JSON that is nested as deep as it is long is one bad line",
          "[import][columns]") {
  Preview preview;
  for (const char* bracket : {"[", "{\"a\":"}) {
    std::string deep = "{\"code\":\"AAA-111\",\"x\":", end = "}";
    while (deep.size() < 30'000) {
      deep += bracket;
      end += bracket[0] == '[' ? ']' : '}';
    }
    std::reverse(end.begin(), end.end());
    const json seen = preview.of(deep + "1" + end + "\n{\"code\":\"AAA-112\",\"x\":[[1]]}\n");
    CHECK(seen.at("lines") == 2);
    CHECK(seen.at("bad_lines") == 1);
    CHECK(preview.of(deep + "\n").at("bad_lines") == 1);
  }
}

TEST_CASE("blanks beside cells say nothing", "[import][columns]") {
  Preview preview;
  const json seen =
      preview.of("  \"Promo  CODE\" ,Valid Until\n \"AAA-111\" , 2099-01-01 \nAAA-112,\t\n");
  CHECK(seen.at("question") == "");
  CHECK(seen.at("bad_lines") == 0);
  CHECK(seen.at("rows").at(0).at("code") == "AAA-111");
  CHECK(seen.at("rows").at(0).at("expires_at") != nullptr);
  CHECK(seen.at("rows").at(1).at("expires_at") == nullptr);
}

TEST_CASE("a file that is no list of codes is asked about before anything is stored",
          "[import][columns]") {
  Preview preview;
  const std::string workbook("PK\x03\x04\x14\x00\x06\x00", 8);
  const std::string old_workbook("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00\x00", 10);
  for (const std::string& file : {workbook, old_workbook, std::string("%PDF-1.7\n")}) {
    CHECK(preview.of(file).at("question_about") == "body");
    CHECK(preview.of(file, "?confirm=true").at("question_about") == "body");
  }
  for (const char* file : {"<!doctype html><p>AAA-111\n", "[{\"code\":\"A\"}]\n", "{\n",
                           "https://shop.example/AAA-111\n"}) {
    CAPTURE(file);
    CHECK(preview.of(file).at("question_about") == "confirm");
    CHECK(preview.of(file, "?confirm=true").at("question") == "");
  }
  const json shortened = preview.of("code\n1.23457E+11\n4006381333931\nREE+2\n");
  CHECK(shortened.at("bad_lines") == 1);
  CHECK(shortened.at("problems").at(0).at("line") == 2);
  CHECK(preview.of("code\n1.23457E+11\n", "?confirm=true").at("bad_lines") == 0);
}
