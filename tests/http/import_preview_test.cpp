// What a file of codes would become, told before anything is stored.
#include <catch2/catch.hpp>

#include "tests/support/api_fixture.h"

using namespace coupon;
using nlohmann::json;
using test::ApiFixture;

namespace {

constexpr const char* kImport = "/api/v1/campaigns/c/codes/import";

void make_pool(ApiFixture& api) {
  const json campaign = {{"mode", "card"}, {"name", "C"}, {"slug", "c"}};
  REQUIRE(api.post("/api/v1/campaigns", api.admin().token, campaign.dump()).status == 201);
}

test::ApiReply send(ApiFixture& api, const std::string& path, const std::string& body,
                    const std::string& query = "") {
  return api.post(kImport + path + query, api.admin().token, body, {{"Content-Type", "text/csv"}});
}

}  // namespace

TEST_CASE("a preview shows the first rows as they would be stored, and stores nothing",
          "[import][preview]") {
  ApiFixture api;
  make_pool(api);
  REQUIRE(send(api, "", "OLD-0001\n").status == 202);
  const auto seq = api.get("/api/v1/stats", api.admin().token).body.at("as_of_seq");
  std::string file = "Name;Promo Code;Status;Expires\n";
  file += "Ada;NEW-0001;used;2099-12-31\n";
  file += "Bob;NEW-0001;;\n";
  file += "Cy;\x01;;\n";
  for (int i = 2; i <= 9; ++i) file += "Dee;NEW-000" + std::to_string(i) + ";;\n";
  const auto reply = send(api, "/preview", file);
  REQUIRE(reply.status == 200);
  const json& seen = reply.body;
  CHECK(seen.at("question") == "");
  CHECK(seen.at("has_header") == true);
  CHECK(seen.at("code_column") == 2);
  CHECK(seen.at("lines") == 11);
  CHECK(seen.at("bad_lines") == 2);
  REQUIRE(seen.at("rows").size() == 5);
  CHECK(seen.at("rows").at(0).at("code") == "NEW-0001");
  CHECK(seen.at("rows").at(0).at("ended") == "before the import: Status used");
  CHECK(seen.at("rows").at(0).at("expires_at").is_string());
  CHECK(seen.at("rows").at(1).at("reason") == "duplicate_code: it comes twice");
  CHECK(seen.at("problems").at(1).at("line") == 4);
  CHECK(seen.at("first_rows").at(0).at("cells") == json{"Name", "Promo Code", "Status", "Expires"});
  CHECK(api.get("/api/v1/campaigns/c/codes", api.admin().token).body.at("items").size() <= 1);
  CHECK(seq <= api.get("/api/v1/stats", api.admin().token).body.at("as_of_seq"));
}

TEST_CASE("a preview finds what is stored already, as the import does", "[import][preview]") {
  ApiFixture api;
  make_pool(api);
  REQUIRE(api.post("/api/v1/campaigns/c/codes", api.admin().token, R"({"count":1})").status == 201);
  const auto page = api.get("/api/v1/campaigns/c/codes", api.admin().token);
  const auto code = page.body.at("items").at(0).at("code").get<std::string>();
  const auto reply = send(api, "/preview", code + "\nANOTHER-1\n");
  REQUIRE(reply.status == 200);
  CHECK(reply.body.at("bad_lines") == 1);
  CHECK(reply.body.at("problems").at(0).at("reason") == "duplicate_code: it is stored already");
  const auto rehearsed = send(api, "", code + "\nANOTHER-1\n", "?dry_run=true");
  CHECK(rehearsed.body.at("job").at("errors") == 1);
}

TEST_CASE("what would be guessed is asked, by the option that answers it", "[import][preview]") {
  ApiFixture api;
  make_pool(api);
  struct Case {
    const char* file;
    const char* about;
    const char* answer;
  };
  const std::vector<Case> cases = {
      {"A11,B22\nA33,B44\n", "column", "?column=2"},
      {"Osterhasen\nHRB-001\nHRB-002\n", "header", "?header=true"},
      {"A1\nB2\n", "confirm", "?confirm=true"},
      {"code,note,value\nGC-1,x,10\n", "ignore", "?ignore=value"},
  };
  for (const Case& one : cases) {
    INFO(one.file);
    const auto asked = send(api, "/preview", one.file);
    REQUIRE(asked.status == 200);
    CHECK(asked.body.at("question") != "");
    CHECK(asked.body.at("question_about") == one.about);
    CHECK(asked.body.at("rows").empty());
    CHECK_FALSE(asked.body.at("first_rows").empty());
    // The import refuses the same with the same name.
    const auto refused = send(api, "", one.file);
    CHECK(refused.status == 400);
    CHECK(refused.body.at("errors").at(0).at("field") == one.about);
    const auto answered = send(api, "/preview", one.file, one.answer);
    CHECK(answered.body.at("question") == "");
    CHECK_FALSE(answered.body.at("rows").empty());
  }
}

TEST_CASE("a preview refuses what no import can be", "[import][preview]") {
  ApiFixture api;
  make_pool(api);
  CHECK(send(api, "/preview", "").status == 400);
  CHECK(send(api, "/preview", "\n\n").status == 400);
  const auto person = api.make_person("someone");
  const std::string path = std::string(kImport) + "/preview";
  const ApiFixture::Headers csv = {{"Content-Type", "text/csv"}};
  CHECK(api.post(path, person.token, "A-1", csv).status == 403);
  CHECK(api.post("/api/v1/campaigns/none/codes/import/preview", api.admin().token, "A-1", csv)
            .status == 404);
}
