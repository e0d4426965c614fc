// Changing codes that are out: one, many, those of a job; what is refused changes nothing.
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "tests/support/api_fixture.h"

using namespace coupon;
using nlohmann::json;
using test::ApiFixture;

namespace {

struct ChangesShop {
  ApiFixture api;

  test::ApiReply send(const char* method, const std::string& path, const json& body) {
    return api.send(method, path, api.admin().token, body.dump());
  }
  test::ApiReply post(const std::string& path, const json& body = json::object()) {
    return send("POST", path, body);
  }
  std::string campaign(json body) {
    if (!body.contains("name")) body["name"] = "Summer";
    const auto made = post("/api/v1/campaigns", body);
    REQUIRE(made.status == 201);
    return "/api/v1/campaigns/" + made.text("slug");
  }
  std::vector<std::string> codes(const std::string& campaign, int count) {
    return post(campaign + "/codes", {{"count", count}})
        .body["codes"]
        .get<std::vector<std::string>>();
  }
  test::ApiReply change(const std::string& code, const json& body) {
    return send("PATCH", "/api/v1/coupons/" + code, body);
  }
  test::ApiReply act(const std::string& code, const char* verb, const json& body = json::object()) {
    return post("/api/v1/coupons/" + code + "/" + verb, body);
  }
  json coupon(const std::string& code) {
    return api.get("/api/v1/coupons/" + code, api.admin().token).body.at("coupon");
  }
  json counters(const std::string& campaign) { return api.get(campaign, api.admin().token).body; }
  json finished(const test::ApiReply& queued) {
    REQUIRE(queued.status == 202);
    const std::string path = "/api/v1/jobs/" + queued.body["job"]["id"].dump();
    while (true) {
      json now = api.get(path, api.admin().token).body;
      if (now["state"] != "queued" && now["state"] != "running") return now;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
  json errors(const json& job) {
    return api.get("/api/v1/jobs/" + job["id"].dump() + "/errors", api.admin().token)
        .body.at("items");
  }
  json import(const std::string& campaign, const std::string& text) {
    return finished(api.post(campaign + "/codes/import", api.admin().token, text,
                             {{"Content-Type", "text/csv"}}));
  }
};

}  // namespace

TEST_CASE("more uses revive a used-up code, fewer than its uses are refused", "[changes]") {
  ChangesShop shop;
  const auto code = shop.codes(shop.campaign({{"mode", "card"}}), 1)[0];
  REQUIRE(shop.act(code, "redeem").status == 201);
  CHECK(shop.coupon(code)["state"] == "redeemed");
  const auto more = shop.change(code, {{"max_uses", 2}, {"reason", "a gift"}});
  REQUIRE(more.status == 200);
  CHECK(more.body["coupon"]["state"] == "available");
  CHECK(shop.act(code, "redeem").status == 201);
  const auto fewer = shop.change(code, {{"max_uses", 1}});
  CHECK(fewer.status == 409);
  CHECK(fewer.code() == "cap_below_used");
  CHECK(fewer.body["number"] == 2);
  REQUIRE(shop.change(code, {{"max_uses", nullptr}}).status == 200);
  CHECK(shop.coupon(code)["max_uses"].is_null());
  CHECK(shop.act(code, "redeem").status == 201);
  CHECK(shop.change(code, json::object()).status == 400);
  CHECK(shop.api.is_sound());
}

TEST_CASE("a code's end can be moved, and a date alone is its last moment", "[changes]") {
  ChangesShop shop;
  const auto code = shop.codes(shop.campaign({{"mode", "card"}}), 1)[0];
  const auto moved = shop.change(code, {{"expires_at", "2101-05-31"}});
  REQUIRE(moved.status == 200);
  CHECK(moved.body["coupon"]["expires_at"] == "2101-06-01T00:00:00Z");
  REQUIRE(shop.change(code, {{"expires_at", "2001-05-31T00:00:00Z"}}).status == 200);
  CHECK(shop.act(code, "redeem").code() == "expired");
  REQUIRE(shop.change(code, {{"expires_at", nullptr}}).status == 200);
  CHECK(shop.act(code, "redeem").status == 201);
  const auto without = shop.change(code, {{"expires_at", "2101-05-31T18:00:00"}});
  CHECK(without.status == 400);
  CHECK(without.sentence().find("Which zone? Write 2101-05-31T18:00:00+00:00") !=
        std::string::npos);
  CHECK(shop.api.is_sound());
}

TEST_CASE("a campaign's uses are those of all its codes", "[changes]") {
  ChangesShop shop;
  const auto summer = shop.campaign({{"mode", "card"}});
  const auto codes = shop.codes(summer, 3);
  REQUIRE(shop.act(codes[0], "redeem").status == 201);
  const auto more = shop.send("PATCH", summer, {{"max_redemptions_per_coupon", 2}});
  REQUIRE(more.status == 200);
  CHECK(more.text("codes_out").find("max_redemptions_per_coupon is that of every code now") == 0);
  CHECK_FALSE(shop.send("PATCH", summer, {{"name", "Hot"}}).body.contains("codes_out"));
  for (const auto& code : codes) CHECK(shop.coupon(code)["max_uses"] == 2);
  CHECK(shop.coupon(codes[0])["state"] == "available");
  REQUIRE(shop.act(codes[0], "redeem").status == 201);
  const auto refused = shop.send("PATCH", summer, {{"max_redemptions_per_coupon", 1}});
  CHECK(refused.status == 409);
  CHECK(refused.code() == "cap_below_used");
  CHECK(refused.body["number"] == 1);
  CHECK(refused.sentence() == "Used more often than that already: 1 code");
  CHECK(shop.counters(summer)["max_redemptions_per_coupon"] == 2);
  CHECK(shop.api.is_sound());
}

TEST_CASE("a void is taken back only where nothing was used", "[changes]") {
  ChangesShop shop;
  const auto pool = shop.campaign({{"mode", "pool"}, {"max_redemptions_per_coupon", 2}});
  const auto codes = shop.codes(pool, 3);
  const auto ann = shop.api.make_person("ann");
  REQUIRE(shop.act(codes[0], "void").status == 200);
  CHECK(shop.act(codes[1], "restore").code() == "not_void");
  const auto back = shop.act(codes[0], "restore");
  REQUIRE(back.status == 200);
  CHECK(back.body["coupon"]["state"] == "available");
  REQUIRE(shop.act(codes[1], "assign", {{"user_id", ann.uuid}}).status == 201);
  REQUIRE(shop.act(codes[1], "void").status == 200);
  CHECK(shop.act(codes[1], "restore").body["coupon"]["state"] == "assigned");
  const auto used = shop.act(codes[1], "redeem", {{"user_id", ann.uuid}}).body["redemption"];
  REQUIRE(shop.post("/api/v1/redemptions/" + used["id"].dump() + "/rollback").status == 200);
  REQUIRE(shop.act(codes[1], "void").status == 200);
  CHECK(shop.act(codes[1], "restore").code() == "already_redeemed");
  // All of the pool can still be drawn.
  CHECK(shop.post(pool + "/issue", {{"user_id", ann.uuid}}).status == 201);
  CHECK(shop.post(pool + "/issue", {{"user_id", ann.uuid}}).status == 201);
  CHECK(shop.post(pool + "/issue", {{"user_id", ann.uuid}}).code() == "no_coupons_left");
  CHECK(shop.api.is_sound());
}

TEST_CASE("a freed code is void, and can be stored elsewhere, again and again", "[changes]") {
  ChangesShop shop;
  const auto first = shop.campaign({{"mode", "pool"}, {"name", "First"}});
  const auto second = shop.campaign({{"mode", "card"}, {"name", "Second"}});
  REQUIRE(shop.import(first, "SUN-1\nSUN-2\n")["errors"] == 0);
  CHECK(shop.import(second, "SUN-1\nSUN-3\n")["errors"] == 1);
  REQUIRE(shop.act("SUN-1", "void").status == 200);
  CHECK(shop.import(second, "SUN-1\nSUN-4\n")["errors"] == 1);  // a void keeps it taken
  const auto freed = shop.act("SUN-1", "free");
  REQUIRE(freed.status == 200);
  CHECK(freed.body["coupon"]["state"] == "freed");
  CHECK(freed.body["coupon"]["code"] == "SUN-1");
  CHECK(shop.act("SUN-1", "redeem").code() == "unknown_code");
  CHECK(shop.import(second, "SUN-1\n")["errors"] == 0);
  CHECK(shop.coupon("SUN-1")["campaign"] == "second");
  REQUIRE(shop.act("SUN-1", "free").status == 200);
  CHECK(shop.import(first, "SUN-1\n")["errors"] == 0);
  REQUIRE(shop.act("SUN-3", "redeem").status == 201);
  CHECK(shop.act("SUN-3", "free").code() == "already_redeemed");
  const auto listed = shop.api.get(first + "/codes?state=freed", shop.api.admin().token);
  CHECK(listed.body["items"][0]["code"] == "SUN-1");
  CHECK(shop.api.is_sound());
}

TEST_CASE("a code given to the wrong person is given to the right one, until it is used",
          "[changes]") {
  ChangesShop shop;
  const auto pool = shop.campaign({{"mode", "pool"}, {"max_per_user", 1}});
  const auto codes = shop.codes(pool, 2);
  const auto ann = shop.api.make_person("ann");
  const auto ben = shop.api.make_person("ben");
  CHECK(shop.act(codes[0], "reassign", {{"user_id", ben.uuid}}).code() == "not_assigned");
  REQUIRE(shop.act(codes[0], "assign", {{"user_id", ann.uuid}}).status == 201);
  const auto moved = shop.act(codes[0], "reassign", {{"user_id", ben.uuid}});
  REQUIRE(moved.status == 200);
  CHECK(moved.body["coupon"]["user_id"] == ben.id.value);
  CHECK(shop.act(codes[0], "reassign", {{"user_id", ben.uuid}}).status == 400);
  // Ann has none now, and may have one; Ben has his.
  REQUIRE(shop.act(codes[1], "assign", {{"user_id", ann.uuid}}).status == 201);
  CHECK(shop.act(codes[1], "reassign", {{"user_id", ben.uuid}}).code() == "user_cap_reached");
  REQUIRE(shop.act(codes[0], "redeem", {{"user_id", ben.uuid}}).status == 201);
  CHECK(shop.act(codes[0], "reassign", {{"user_id", ann.uuid}}).code() == "already_redeemed");
  CHECK(shop.api.is_sound());
}

TEST_CASE("a campaign comes out of the archive as it was", "[changes]") {
  ChangesShop shop;
  const auto summer = shop.campaign({{"mode", "card"}});
  const auto code = shop.codes(summer, 1)[0];
  CHECK(shop.post(summer + "/unarchive").code() == "not_archived");
  REQUIRE(shop.send("DELETE", summer, json::object()).status == 200);
  CHECK(shop.act(code, "redeem").code() == "archived");
  REQUIRE(shop.post(summer + "/unarchive").status == 200);
  CHECK(shop.act(code, "redeem").status == 201);
  CHECK(shop.api.is_sound());
}

TEST_CASE("a refund without return ends the code with it", "[changes]") {
  ChangesShop shop;
  const auto code = shop.codes(shop.campaign({{"mode", "card"}}), 1)[0];
  const auto used = shop.act(code, "redeem").body["redemption"];
  const auto path = "/api/v1/redemptions/" + used["id"].dump() + "/rollback";
  REQUIRE(shop.post(path, {{"void", true}, {"reason", "broken"}}).status == 200);
  CHECK(shop.coupon(code)["state"] == "void");
  CHECK(shop.act(code, "redeem").code() == "void");
  CHECK(shop.api.is_sound());
}

TEST_CASE("many codes are counted first, and then changed by a job", "[changes]") {
  ChangesShop shop;
  const auto summer = shop.campaign({{"mode", "card"}});
  const auto codes = shop.codes(summer, 10);
  REQUIRE(shop.act(codes[3], "redeem").status == 201);
  const json what{{"action", "void"}, {"first_number", 3}, {"last_number", 6}};
  const auto counted = shop.post(summer + "/codes/change?dry_run=true", what);
  REQUIRE(counted.status == 202);
  CHECK(counted.body["job"]["message"] == "4 codes to change (void)");
  CHECK(shop.counters(summer)["void"] == 0);
  const json job = shop.finished(shop.post(summer + "/codes/change", what));
  CHECK(job["state"] == "done");
  CHECK(job["errors"] == 1);
  const json errors = shop.errors(job);
  CHECK(errors[0]["line"] == 4);
  CHECK(errors[0]["reason"] == "already_redeemed");
  CHECK(shop.counters(summer)["void"] == 3);
  const json back = shop.finished(shop.post(summer + "/codes/change", {{"action", "restore"}}));
  CHECK(back["errors"] == 0);
  CHECK(shop.counters(summer)["void"] == 0);
  const json end{
      {"action", "terms"}, {"expires_at", "2101-01-01T00:00:00Z"}, {"state", "available"}};
  CHECK(shop.finished(shop.post(summer + "/codes/change", end))["errors"] == 0);
  CHECK(shop.coupon(codes[0])["expires_at"] == "2101-01-01T00:00:00Z");
  CHECK(shop.coupon(codes[3])["expires_at"].is_null());
  CHECK(shop.post(summer + "/codes/change", {{"action", "terms"}}).status == 400);
  CHECK(shop.post(summer + "/codes/change", {{"action", "void"}, {"max_uses", 3}}).status == 400);
  CHECK(shop.post(summer + "/codes/change", {{"action", "void"}, {"first_number", 99}}).status ==
        400);
  CHECK(shop.api.is_sound());
}

TEST_CASE("uses for all codes are the campaign's, too, however many there are", "[changes]") {
  ChangesShop shop;
  const auto summer = shop.campaign({{"mode", "card"}});
  shop.codes(summer, 1000);
  shop.codes(summer, 1);
  const auto refused = shop.send("PATCH", summer, {{"max_redemptions_per_coupon", 2}});
  CHECK(refused.status == 409);
  CHECK(refused.code() == "too_many_codes");
  CHECK(shop.finished(shop.post(summer + "/codes/change",
                                {{"action", "terms"}, {"max_uses", 2}}))["errors"] == 0);
  CHECK(shop.counters(summer)["max_redemptions_per_coupon"] == 2);
  CHECK(shop.coupon(shop.codes(summer, 1)[0])["max_uses"] == 2);
  CHECK(shop.api.is_sound());
}

TEST_CASE("an import is undone but for what was used of it", "[changes]") {
  ChangesShop shop;
  const auto wrong = shop.campaign({{"mode", "card"}, {"name", "Wrong"}});
  const auto right = shop.campaign({{"mode", "card"}, {"name", "Right"}});
  shop.codes(wrong, 2);
  const json imported = shop.import(wrong, "SUN-1\nSUN-2\nSUN-3\n");
  shop.codes(wrong, 2);
  REQUIRE(shop.act("SUN-2", "redeem").status == 201);
  const auto undo = "/api/v1/jobs/" + imported["id"].dump() + "/undo";
  CHECK(shop.post(undo + "?dry_run=true").body["job"]["message"] == "3 codes to change (free)");
  const json undone = shop.finished(shop.post(undo));
  CHECK(undone["errors"] == 1);
  CHECK(shop.errors(undone)[0]["line"] == 4);
  CHECK(shop.counters(wrong)["void"] == 2);
  CHECK(shop.import(right, "SUN-1\nSUN-2\nSUN-3\n")["errors"] == 1);
  CHECK(shop.post("/api/v1/jobs/99999/undo").code() == "unknown_job");
  CHECK(shop.post("/api/v1/jobs/" + undone["id"].dump() + "/undo").status == 400);
  CHECK(shop.api.is_sound());
}

TEST_CASE("staff find a code by its last four symbols", "[changes]") {
  ChangesShop shop;
  const auto summer = shop.campaign({{"mode", "card"}});
  shop.import(summer, "AAAA-K7ML\nBBBB-k7ml\nCCCC-K7M1\nDDDD-9999\nÜB-ÄÖÜ€\n");
  const auto staff = shop.api.make_person("sam", domain::Role::kStaff).token;
  const auto found = shop.api.get("/api/v1/coupons?last4=K7ML", staff);
  REQUIRE(found.status == 200);
  CHECK(found.body["items"].size() == 3);  // I, L and 1 look alike
  CHECK(shop.api.get("/api/v1/coupons?last4=99-99", staff).body["items"][0]["code"] == "DDDD-9999");
  CHECK(shop.api.get("/api/v1/coupons?last4=%C3%A4%C3%B6%C3%BC%E2%82%AC", staff)
            .body["items"]
            .size() == 1);
  CHECK(shop.api.get("/api/v1/coupons?last4=ZZZZ", staff).body["items"].empty());
  const auto user = shop.api.make_person("ann").token;
  CHECK(shop.api.get("/api/v1/coupons?last4=9999", user).status == 403);
  // Nobody looks for the end of a token's code, so it has no tag.
  const auto tokens = shop.campaign({{"mode", "token"}});
  const auto made = shop.post(tokens + "/issue", {{"user_id", shop.api.admin().uuid}});
  REQUIRE(made.status == 201);
  const auto code = made.body.at("coupon").at("code").get<std::string>();
  const auto end = code.substr(code.size() - 4);
  CHECK(shop.api.get("/api/v1/coupons?last4=" + end, staff).body["items"].empty());
}

TEST_CASE("what was used elsewhere stays used, and our own export comes back as it was",
          "[changes]") {
  ChangesShop shop;
  const auto old_shop =
      shop.campaign({{"mode", "card"}, {"name", "Old"}, {"max_redemptions_per_coupon", 3}});
  const json job = shop.import(old_shop,
                               "Code,Status,Uses,Used at\nOLD-1,USED,,2025-11-03T10:00:00Z\n"
                               "OLD-2,VALID,1,\nOLD-3,RESERVED,,\nOLD-4,,,\nOLD-5,void,,\n");
  CHECK(job["errors"] == 1);
  CHECK(shop.coupon("OLD-1")["state"] == "redeemed");
  CHECK(shop.coupon("OLD-1")["uses"] == 3);
  CHECK(shop.coupon("OLD-2")["uses"] == 1);
  CHECK(shop.coupon("OLD-2")["state"] == "available");
  CHECK(shop.coupon("OLD-5")["state"] == "void");
  const auto exported = shop.api.get(old_shop + "/codes/export", shop.api.admin().token);
  std::string csv;
  for (std::string chunk; exported.raw.stream(chunk); chunk.clear()) csv += chunk;
  for (const char* code : {"OLD-1", "OLD-2", "OLD-4", "OLD-5"})
    csv.replace(csv.find(code), 3, "NEW");
  const auto new_shop =
      shop.campaign({{"mode", "card"}, {"name", "New"}, {"max_redemptions_per_coupon", 3}});
  CHECK(shop.import(new_shop, csv)["errors"] == 0);
  CHECK(shop.coupon("NEW-1")["state"] == "redeemed");
  CHECK(shop.coupon("NEW-2")["uses"] == 1);
  CHECK(shop.coupon("NEW-4")["state"] == "available");
  CHECK(shop.coupon("NEW-5")["state"] == "void");
  CHECK(shop.api.is_sound());
}
