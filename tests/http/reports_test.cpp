// /api/v1/reports, the exports, and which codes an export, a count, a change and a print take.
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "coupond/core/csv.h"
#include "tests/support/api_fixture.h"

using namespace coupon;
using nlohmann::json;
using test::ApiFixture;

namespace {

struct ReportsShop : ApiFixture {
  std::string slug(json body) {
    body["slug"] = "s" + std::to_string(++made_);
    body["name"] = "Cards";
    REQUIRE(post("/api/v1/campaigns", admin().token, body.dump()).status == 201);
    return body["slug"].get<std::string>();
  }
  std::vector<std::string> codes(const std::string& slug, int count) {
    return post("/api/v1/campaigns/" + slug + "/codes", admin().token,
                json{{"count", count}}.dump())
        .body.at("codes")
        .get<std::vector<std::string>>();
  }
  std::string key(const std::string& name) {
    return post("/api/v1/api-keys", admin().token,
                json{{"name", name}, {"scopes", {"till"}}}.dump())
        .text("key");
  }
  json redeem(const std::string& code, const std::string& token, json body = json::object()) {
    const auto done = post("/api/v1/coupons/" + code + "/redeem", token, body.dump());
    REQUIRE(done.status == 201);
    return done.body.at("redemption");
  }
  json lines(const std::string& query) {
    const auto reply = get("/api/v1/reports" + query, admin().token);
    REQUIRE(reply.status == 200);
    CHECK(reply.body["seq"].get<std::int64_t>() == engine()->writer().committed_seq().value);
    return reply.body["lines"];
  }
  // The rows of a CSV, each cell as an import would read it.
  std::vector<std::vector<std::string>> rows(const std::string& target) {
    const auto reply = get(target, admin().token);
    REQUIRE(reply.status == 200);
    std::string text, chunk;
    while (reply.raw.stream(chunk)) text += std::exchange(chunk, {});
    std::vector<std::vector<std::string>> all;
    core::CsvReader reader(text, 1 << 20);
    for (core::CsvRecord record; reader.next(record);) {
      REQUIRE(record.well_formed);
      for (auto& field : record.fields) field = std::string(core::csv_value(field));
      all.push_back(record.fields);
    }
    return all;
  }
  // The cell of a row under a header's name.
  static std::string cell(const std::vector<std::vector<std::string>>& rows, std::size_t row,
                          const std::string& name) {
    for (std::size_t i = 0; i < rows.at(0).size(); ++i) {
      if (rows[0][i] == name) return rows.at(row).at(i);
    }
    FAIL("there is no column " << name);
    return {};
  }
  void finish(const test::ApiReply& queued) {
    REQUIRE(queued.status == 202);
    const std::string path = "/api/v1/jobs/" + queued.body["job"]["id"].dump();
    while (get(path, admin().token).body["state"] != "done") {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }

 private:
  int made_ = 0;
};

}  // namespace

TEST_CASE("a report says who redeemed what, in minor units and as CSV in full ones", "[reports]") {
  ReportsShop shop;
  const std::string slug = shop.slug({{"mode", "card"}, {"value", 2500}, {"currency", "EUR"}});
  const std::string other = shop.slug({{"mode", "card"}});
  const auto codes = shop.codes(slug, 2);
  const std::string till = shop.key("=Till 1");
  shop.redeem(codes[0], till, {{"amount", 1000}});
  const auto undone = shop.redeem(codes[1], till, {{"amount", 5}});
  REQUIRE(shop.post("/api/v1/redemptions/" + undone["id"].dump() + "/rollback", till,
                    R"({"reason":"wrong card"})")
              .status == 200);
  shop.redeem(shop.codes(other, 1)[0], shop.admin().token);

  const json all = shop.lines("");
  REQUIRE(all.size() == 3);
  CHECK(all[0]["campaign"] == slug);
  CHECK(all[0]["till"] == "=Till 1");
  CHECK(all[0]["redeemed"] == 2);
  CHECK(all[0]["taken"] == 1005);
  CHECK(all[0]["currency"] == "EUR");
  CHECK(all[0]["reason"].is_null());
  CHECK(all[1]["reason"] == "wrong card");
  CHECK(all[1]["rolled_back"] == 1);
  CHECK(all[1]["returned"] == 5);
  CHECK(all[2]["till"] == shop.admin().email);
  CHECK(shop.lines("?by=hour&campaign=" + other).size() == 1);
  CHECK(shop.lines("?till=%3DTill%201").size() == 2);
  CHECK(shop.lines("?till=" + all[0]["actor"].get<std::string>()).size() == 2);
  CHECK(shop.lines("?till=" + shop.admin().email).size() == 1);
  CHECK(shop.lines("?to=2001-01-01&from=2000-01-01").empty());
  const std::string& admin = shop.admin().token;
  CHECK(shop.get("/api/v1/reports?till=nobody", admin).status == 400);
  CHECK(shop.get("/api/v1/reports?campaign=none", admin).status == 404);
  CHECK(shop.get("/api/v1/reports?by=week", admin).status == 400);
  // A time that ends before it begins is a slip, not an empty report; without from it begins today.
  for (const char* where : {"reports", "reports/export", "redemptions", "redemptions/export"}) {
    CAPTURE(where);
    const std::string target = "/api/v1/" + std::string(where);
    const auto turned = shop.get(target + "?from=2027-01-02&to=2027-01-01", admin);
    CHECK(turned.status == 400);
    CHECK(turned.body.at("errors").at(0).at("field") == "to");
    CHECK(shop.get(target + "?from=2027-01-01&to=2027-01-01", admin).status == 200);
  }
  CHECK(shop.get("/api/v1/reports?to=2001-01-01", admin).status == 400);
  CHECK(shop.get("/api/v1/reports", till).status == 403);

  const auto rows = shop.rows("/api/v1/reports/export");
  REQUIRE(rows.size() == 4);
  CHECK(ReportsShop::cell(rows, 1, "till") == "=Till 1");  // it had an apostrophe in front
  CHECK(ReportsShop::cell(rows, 1, "taken") == "10.05");
  CHECK(ReportsShop::cell(rows, 2, "returned") == "0.05");
  CHECK(ReportsShop::cell(rows, 3, "seq") ==
        std::to_string(shop.engine()->writer().committed_seq().value));
  CHECK(shop.is_sound());
}

TEST_CASE("exports have order, till, cashier, owner and what became of it", "[reports]") {
  ReportsShop shop;
  const std::string slug = shop.slug({{"mode", "pool"}, {"max_redemptions_per_coupon", 2}});
  const std::string path = "/api/v1/campaigns/" + slug;
  const std::string& admin = shop.admin().token;
  REQUIRE(shop.post(path + "/codes/import", admin, "code\n00012346\n=cmd!1\n-777\n",
                    {{"Content-Type", "text/csv"}})
              .status == 202);
  while (shop.get(path + "/codes", admin).body["items"].size() < 3) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  REQUIRE(shop.post("/api/v1/coupons/00012346/assign", admin, R"({"email":"eva@example.com"})")
              .status == 201);
  const std::string till = shop.key("Till 1");
  shop.redeem("00012346", till,
              {{"email", "eva@example.com"},
               {"order_id", "A-17"},
               {"metadata", {{"till", "Bar"}, {"cashier", "Ada"}, {"more", {1, 2}}}}});

  const auto codes = shop.rows(path + "/codes/export");
  REQUIRE(codes.size() == 4);
  CHECK(ReportsShop::cell(codes, 1, "code") == "00012346");
  CHECK(ReportsShop::cell(codes, 1, "owner") == "eva@example.com");
  CHECK(ReportsShop::cell(codes, 1, "order_id") == "A-17");
  CHECK(ReportsShop::cell(codes, 1, "till") == "Bar");
  CHECK(ReportsShop::cell(codes, 1, "cashier") == "Ada");
  CHECK(ReportsShop::cell(codes, 1, "uses") == "1");
  CHECK(ReportsShop::cell(codes, 1, "campaign") == slug);
  CHECK(ReportsShop::cell(codes, 2, "code") == "=cmd!1");
  CHECK(ReportsShop::cell(codes, 2, "owner").empty());

  const auto second = shop.redeem("00012346", till, {{"email", "eva@example.com"}});
  REQUIRE(
      shop.post("/api/v1/redemptions/" + second["id"].dump() + "/rollback", admin, "{}").status ==
      200);
  const auto uses = shop.rows("/api/v1/redemptions/export");
  REQUIRE(uses.size() == 3);
  CHECK(ReportsShop::cell(uses, 1, "till") == "Till 1");  // its key's name, where metadata has none
  CHECK(ReportsShop::cell(uses, 1, "rolled_back_at") != "");
  CHECK(ReportsShop::cell(uses, 2, "code") == "00012346");
  CHECK(ReportsShop::cell(uses, 2, "customer") == "eva@example.com");
  CHECK(ReportsShop::cell(uses, 2, "cashier") == "Ada");
  CHECK(ReportsShop::cell(uses, 2, "rolled_back_at").empty());
  CHECK(shop.rows("/api/v1/redemptions/export?order_id=A-17").size() == 2);
  CHECK(shop.rows("/api/v1/redemptions/export?to=2001-01-01").size() == 1);
  CHECK(shop.get("/api/v1/redemptions/export?code=NONE-1", admin).status == 404);
  CHECK(ReportsShop::cell(shop.rows(path + "/codes/export"), 1, "rolled_back_at") != "");
}

TEST_CASE("an export, a count, a change and a print take the same codes", "[reports]") {
  ReportsShop shop;
  const std::string slug = shop.slug({{"mode", "card"}});
  const std::string path = "/api/v1/campaigns/" + slug;
  const std::string& admin = shop.admin().token;
  const auto first = shop.codes(slug, 3);
  shop.finish(shop.post(path + "/codes/import", admin, "code\nSPRING-0001\nSPRING-0002\n",
                        {{"Content-Type", "text/csv"}}));
  REQUIRE(shop.post("/api/v1/coupons/" + first[1] + "/void", admin, "{}").status == 200);
  const auto expires = json{{"expires_at", "2099-01-01T00:00:00Z"}};
  REQUIRE(shop.send("PATCH", "/api/v1/coupons/SPRING-0001", admin, expires.dump()).status == 200);
  const struct {
    const char* query;
    int count;
  } kCases[] = {{"", 5},
                {"?state=void", 1},
                {"?job=1", 2},
                {"?first_number=2&last_number=4", 3},
                {"?expires_before=2100-01-01", 1},
                {"?last4=0002", 1},
                {"?last4=0002&state=void", 0},
                {"?job=1&last_number=4", 1}};
  for (const auto& [query, count] : kCases) {
    CAPTURE(query);
    CHECK(shop.get(path + "/codes/count" + query, admin).body["count"] == count);
    CHECK(shop.rows(path + "/codes/export" + query).size() == std::size_t(count) + 1);
  }
  for (const char* what : {"/codes/count", "/codes/export"}) {
    CHECK(shop.get(path + what + "?job=77", admin).status == 404);
    CHECK(shop.get(path + what + "?state=lost", admin).status == 400);
    CHECK(shop.get(path + what + "?last4=%20", admin).status == 400);
  }
  const auto print = [&](json which) {
    which.update({{"sheet", "cards"}, {"from", 1}, {"to", 5}});
    return shop.post(path + "/print", admin, which.dump()).status;
  };
  CHECK(print({{"job", 1}}) == 200);
  CHECK(print({{"last4", "0001"}}) == 200);
  CHECK(print({{"last4", "0001"}, {"state", "void"}}) == 400);  // none
  CHECK(print({{"job", 77}}) == 404);
  shop.finish(shop.post(path + "/codes/change", admin, R"({"action":"void","last4":"0001"})"));
  CHECK(shop.get(path + "/codes/count?state=void", admin).body["count"] == 2);
  CHECK(shop.is_sound());
}
