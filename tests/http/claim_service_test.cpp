// The claim service, row by row of its contract.
#include <catch2/catch.hpp>

#include "tests/support/api_fixture.h"

using namespace coupon;
using test::ApiFixture;

namespace {

std::string make_stock(ApiFixture& api, const std::string& code, int count) {
  auto made = api.post("/admin/coupons?code=" + code + "&available_count=" + std::to_string(count),
                       api.admin().token);
  REQUIRE(made.status == 200);
  return std::to_string(made.body["id"].get<int>());
}

}  // namespace

TEST_CASE("an administrator puts a coupon up for claiming", "[claim]") {
  ApiFixture api;
  auto made =
      api.post("/admin/coupons", api.admin().token, R"({"code":"SAVE10","available_count":3})");
  CHECK(made.status == 200);
  CHECK(made.body["code"] == "SAVE10");
  CHECK(made.body["available_count"] == 3);
  CHECK(made.body["status"] == "ACTIVE");

  auto again = api.post("/admin/coupons?code=SAVE10&available_count=1", api.admin().token);
  CHECK(again.status == 400);
  CHECK(again.sentence() == "Coupon code already exists");
  CHECK(api.post("/admin/coupons?code=save10&available_count=1", api.admin().token).status == 400);
  CHECK(api.post("/admin/coupons", api.admin().token, R"({"code":"X","available_count":-1})")
            .status == 422);

  const auto user = api.make_person("ann");
  auto refused = api.post("/admin/coupons?code=NEW&available_count=1", user.token);
  CHECK(refused.status == 403);
  CHECK(refused.sentence() == "Admin access required");
  CHECK(api.post("/admin/coupons?code=NEW&available_count=1").status == 401);
}

TEST_CASE("anybody sees the coupons that can be claimed", "[claim]") {
  ApiFixture api;
  const std::string shown = make_stock(api, "SHOWN", 2);
  const std::string hidden = make_stock(api, "HIDDEN", 2);
  CHECK(api.send("PUT", "/admin/coupons/" + hidden + "?status=INACTIVE", api.admin().token)
            .body["status"] == "INACTIVE");
  auto list = api.get("/coupons");
  REQUIRE(list.status == 200);
  REQUIRE(list.body.size() == 1);
  CHECK(list.body[0]["code"] == "SHOWN");
  CHECK(list.body[0]["available_count"] == 2);
}

TEST_CASE("a claim takes one from the stock until none is left", "[claim]") {
  ApiFixture api;
  const std::string id = make_stock(api, "SAVE10", 2);
  const auto ann = api.make_person("ann");
  auto first = api.post("/coupons/" + id + "/claim", ann.token);
  CHECK(first.status == 200);
  CHECK(first.body["message"] == "Coupon claimed successfully");
  CHECK(first.body["code"] == "SAVE10");
  auto second = api.post("/coupons/" + id + "/claim", ann.token);
  CHECK(second.status == 200);
  CHECK(second.body["claim_id"] != first.body["claim_id"]);

  for (int i = 0; i < 2; ++i) {  // from the writer, then from the counter table
    auto none = api.post("/coupons/" + id + "/claim", ann.token);
    CHECK(none.status == 409);
    CHECK(none.sentence() == "No coupons available");
  }
  CHECK(api.get("/coupons").body[0]["available_count"] == 0);
  CHECK(api.is_sound());
}

TEST_CASE("what cannot be claimed says why", "[claim]") {
  ApiFixture api;
  const auto ann = api.make_person("ann");
  auto unknown = api.post("/coupons/999/claim", ann.token);
  CHECK(unknown.status == 404);
  CHECK(unknown.sentence() == "Coupon not found");
  CHECK(api.post("/coupons/abc/claim", ann.token).status == 422);
  const std::string id = make_stock(api, "SAVE10", 2);
  CHECK(api.post("/coupons/" + id + "/claim").status == 401);
  api.send("PUT", "/admin/coupons/" + id, api.admin().token, R"({"status":"INACTIVE"})");
  CHECK(api.post("/coupons/" + id + "/claim", ann.token).status == 409);
  CHECK(api.post("/coupons/1/claim", ann.token).status == 404);  // a campaign of another mode
}

TEST_CASE("a changed stock counts what is left from then on", "[claim]") {
  ApiFixture api;
  const std::string id = make_stock(api, "SAVE10", 2);
  const auto ann = api.make_person("ann");
  api.post("/coupons/" + id + "/claim", ann.token);
  auto changed =
      api.send("PUT", "/admin/coupons/" + id + "?available_count=5&code=SAVE20", api.admin().token);
  CHECK(changed.status == 200);
  CHECK(changed.body["available_count"] == 5);
  CHECK(changed.body["code"] == "SAVE20");
  make_stock(api, "OTHER", 1);
  for (const char* own : {"save20", "", "SAVE20"}) {  // its own in another case, and none
    const auto same = api.send("PUT", "/admin/coupons/" + id + "?code=" + own, api.admin().token);
    CHECK(same.status == 200);
  }
  CHECK(api.send("PUT", "/admin/coupons/" + id + "?code=OTHER", api.admin().token).status == 400);
  CHECK(api.send("PUT", "/admin/coupons/999?code=Z", api.admin().token).status == 404);
  CHECK(api.is_sound());
}

TEST_CASE("a deleted coupon stays in its claimers' history", "[claim]") {
  ApiFixture api;
  const std::string id = make_stock(api, "SAVE10", 2);
  const auto ann = api.make_person("ann");
  api.post("/coupons/" + id + "/claim", ann.token);
  api.clock().advance(1000);
  api.post("/coupons/" + id + "/claim", ann.token);

  auto gone = api.send("DELETE", "/admin/coupons/" + id, api.admin().token);
  CHECK(gone.status == 200);
  CHECK(gone.body["detail"] == "Coupon deleted");
  CHECK(api.send("DELETE", "/admin/coupons/" + id, api.admin().token).status == 404);
  CHECK(api.post("/coupons/" + id + "/claim", ann.token).status == 404);
  CHECK(api.get("/coupons").body.empty());

  auto history = api.get("/users/me/history", ann.token);
  REQUIRE(history.body.size() == 2);
  CHECK(history.body[0]["code"] == "SAVE10");
  CHECK(history.body[0]["claimed_at"] > history.body[1]["claimed_at"]);
  CHECK(api.get("/users/me/history").status == 401);
  make_stock(api, "SAVE10", 1);  // the code is free again
}

TEST_CASE("a list that has more says where it goes on, and nothing is left out", "[claim]") {
  ApiFixture api;
  std::string id;
  for (int i = 1; i <= 7; ++i) id = make_stock(api, "STOCK" + std::to_string(i), 20);
  const auto ann = api.make_person("ann");
  for (int i = 0; i < 7; ++i) CHECK(api.post("/coupons/" + id + "/claim", ann.token).status == 200);

  for (const std::string& path : {std::string("/coupons"), std::string("/users/me/history")}) {
    INFO(path);
    std::size_t rows = 0;
    std::string next = path + "?limit=3";
    for (int pages = 0; !next.empty(); ++pages) {
      REQUIRE(pages < 4);
      auto page = api.get(next, ann.token);
      REQUIRE(page.status == 200);
      rows += page.body.size();
      const std::string link = page.header("Link");
      next = link.empty() ? "" : link.substr(1, link.find('>') - 1);
    }
    CHECK(rows == 7);
    auto all = api.get(path, ann.token);
    CHECK(all.body.size() == 7);
    CHECK(all.header("Link").empty());
  }
}

TEST_CASE("the list shows at once what was committed before it was asked for", "[claim]") {
  ApiFixture api;
  const std::string id = make_stock(api, "SAVE10", 5);
  const auto ann = api.make_person("ann");
  for (int left = 4; left >= 0; --left) {
    CHECK(api.post("/coupons/" + id + "/claim", ann.token).status == 200);
    CHECK(api.get("/coupons").body[0]["available_count"] == left);
  }
}

TEST_CASE("one user's claims of one coupon end somewhere, where the administrator says",
          "[claim]") {
  ApiFixture api;
  const std::string id = make_stock(api, "SAVE10", 5000);
  auto campaign = api.get("/api/v1/campaigns/" + id, api.admin().token);
  CHECK(campaign.body["max_per_user"] == 1000);
  CHECK(api.send("PATCH", "/api/v1/campaigns/" + id, api.admin().token, R"({"max_per_user":2})")
            .status == 200);
  const auto ann = api.make_person("ann");
  CHECK(api.post("/coupons/" + id + "/claim", ann.token).status == 200);
  CHECK(api.post("/coupons/" + id + "/claim", ann.token).status == 200);
  CHECK(api.post("/coupons/" + id + "/claim", ann.token).status == 409);
}

TEST_CASE("statistics come in pages, and say how many campaigns there are", "[claim]") {
  ApiFixture api;
  for (int i = 1; i <= 4; ++i) make_stock(api, "STOCK" + std::to_string(i), 20);
  auto page = api.get("/api/v1/stats?limit=2", api.admin().token);
  REQUIRE(page.status == 200);
  const int total = page.body["campaigns_total"].get<int>();
  CHECK(total >= 4);
  int seen = 0;
  while (true) {
    seen += int(page.body["campaigns"].size());
    if (page.body["next_cursor"].is_null()) break;
    page = api.get("/api/v1/stats?limit=2&cursor=" + page.body["next_cursor"].get<std::string>(),
                   api.admin().token);
    REQUIRE(page.status == 200);
  }
  CHECK(seen == total);
  CHECK(api.get("/api/v1/stats?cursor=!", api.admin().token).status == 400);
}
