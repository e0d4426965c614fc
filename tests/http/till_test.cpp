// What a till may do with its key, and redemptions for nobody's account.
#include <catch2/catch.hpp>

#include "tests/support/api_fixture.h"

using namespace coupon;
using nlohmann::json;
using test::ApiFixture;

namespace {

struct Till : ApiFixture {
  std::string make_key(const std::string& scope) {
    const json wanted = {{"name", scope}, {"scopes", {scope}}};
    return post("/api/v1/api-keys", admin().token, wanted.dump()).text("key");
  }
  // One code of a campaign of cards with this policy.
  std::string code(json policy = json::object()) {
    policy["mode"] = "card";
    policy["name"] = policy["slug"] = "c" + std::to_string(++made_);
    REQUIRE(post("/api/v1/campaigns", admin().token, policy.dump()).status == 201);
    const std::string path = "/api/v1/campaigns/" + policy.at("slug").get<std::string>();
    return post(path + "/codes", admin().token, R"({"count":1})")
        .body.at("codes")
        .at(0)
        .get<std::string>();
  }
  std::string at(const std::string& code, const std::string& what) {
    return "/api/v1/coupons/" + code + what;
  }

 private:
  int made_ = 0;
};

}  // namespace

TEST_CASE("a till redeems for nobody's account where no rule needs one", "[till]") {
  Till api;
  const std::string key = api.make_key("till");
  for (const std::string& token : {key, api.admin().token}) {
    const auto done = api.post(api.at(api.code(), "/redeem"), token, "{}");
    REQUIRE(done.status == 201);
    CHECK(done.body.at("redemption").at("user_id").is_null());
  }
  const json credit = {{"reward", {{"kind", "credit"}, {"value", 5}}}};
  for (const json& policy : {credit, json{{"price", 3}}, json{{"max_redemptions_per_user", 1}}}) {
    INFO(policy.dump());
    const auto refused = api.post(api.at(api.code(policy), "/redeem"), key, "{}");
    CHECK(refused.status >= 400);
    CHECK(refused.status < 500);
  }
  CHECK(api.is_sound());
}

TEST_CASE("a till is told all of one code, and sees no list", "[till]") {
  Till api;
  const std::string key = api.make_key("till");
  const auto told = api.get(api.at(api.code(), ""), key);
  CHECK(told.body.contains("ledger"));
  for (const char* path : {"/api/v1/redemptions", "/api/v1/campaigns/c1/codes", "/api/v1/stats",
                           "/api/v1/campaigns/c1/codes/export", "/api/v1/ledger"}) {
    INFO(path);
    CHECK(api.get(path, key).status == 403);
  }
  CHECK(api.post(api.at(api.code(), "/void"), key, "{}").status == 403);
}

TEST_CASE("a till takes back its own redemptions of the last 15 minutes", "[till]") {
  Till api;
  const std::string key = api.make_key("till");
  const auto redeem = [&](const std::string& token) {
    const auto done = api.post(api.at(api.code(), "/redeem"), token, "{}");
    return "/api/v1/redemptions/" +
           std::to_string(done.body.at("redemption").at("id").get<std::int64_t>()) + "/rollback";
  };
  const std::string own = redeem(key);
  const std::string late = redeem(key);
  CHECK(api.post(redeem(api.make_key("till")), key, "{}").status == 403);
  CHECK(api.post(redeem(api.admin().token), key, "{}").status == 403);
  CHECK(api.post(own, key, "{}").status == 200);
  api.clock().advance(16 * 60 * 1000);
  CHECK(api.post(late, key, "{}").status == 403);
  CHECK(api.is_sound());
}
