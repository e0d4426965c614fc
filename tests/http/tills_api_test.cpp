// Devices that become tills by eight digits, and cashiers by PIN.
#include <catch2/catch.hpp>

#include "tests/support/api_fixture.h"

using namespace coupon;
using nlohmann::json;
using test::ApiFixture;
using test::ApiReply;

namespace {

std::string invite(ApiFixture& api, const std::string& name = "Till 1") {
  const auto made =
      api.post("/api/v1/tills/invitations", api.admin().token, json{{"name", name}}.dump());
  REQUIRE(made.status == 201);
  return made.text("code");
}

ApiReply enrol(ApiFixture& api, const std::string& code, ApiFixture::Headers headers = {}) {
  return api.post("/api/v1/tills/enrol", "", json{{"code", code}}.dump(), std::move(headers));
}

}  // namespace

TEST_CASE("eight digits make one device a till, once and for ten minutes", "[tills]") {
  ApiFixture api;
  const std::string code = invite(api);
  CHECK(code.size() == 8);
  CHECK(enrol(api, code == "00000000" ? "00000001" : "00000000").status == 404);
  const auto made = enrol(api, code.substr(0, 4) + " " + code.substr(4));
  REQUIRE(made.status == 201);
  CHECK(made.text("name") == "Till 1");
  CHECK(enrol(api, code).status == 404);
  const auto me = api.get("/api/v1/tills/me", made.text("key"));
  REQUIRE(me.status == 200);
  CHECK(me.text("name") == "Till 1");
  CHECK(me.body.at("asks_pin") == false);
  // It is an ordinary key of scope till: in the owner's list, and revoked there.
  const auto keys = api.get("/api/v1/api-keys", api.admin().token).body.at("items");
  REQUIRE(keys.size() == 1);
  CHECK(keys.at(0).at("scopes") == json{"till"});
  const auto id = std::to_string(keys.at(0).at("id").get<std::int64_t>());
  CHECK(api.send("DELETE", "/api/v1/api-keys/" + id, api.admin().token).status == 200);
  CHECK(api.get("/api/v1/tills/me", made.text("key")).status == 401);

  const std::string late = invite(api);
  api.clock().advance(10 * 60 * 1000);
  CHECK(enrol(api, late).status == 404);
}

TEST_CASE("a device that heard no answer asks again, and is the same till", "[tills]") {
  ApiFixture api;
  const std::string code = invite(api);
  const ApiFixture::Headers key = {{"Idempotency-Key", "enrol-1"}};
  const auto first = enrol(api, code, key);
  REQUIRE(first.status == 201);
  CHECK(enrol(api, code, key).text("key") == first.text("key"));
  CHECK(api.get("/api/v1/api-keys", api.admin().token).body.at("items").size() == 1);
  // A rehearsal uses nothing up.
  const std::string other = invite(api);
  const std::string body = json{{"code", other}}.dump();
  CHECK(api.post("/api/v1/tills/enrol?dry_run=true", "", body).status == 201);
  CHECK(enrol(api, other).status == 201);
}

TEST_CASE("who guesses digits makes all that wait void", "[tills]") {
  ApiFixture api;
  const std::string code = invite(api);
  for (int i = 0; i < 100; ++i) {
    std::string guess = std::to_string(i);
    guess.insert(0, 8 - guess.size(), '0');
    if (guess != code) enrol(api, guess);
  }
  CHECK(enrol(api, "99999999").status == 404);
  CHECK(enrol(api, code).status == 404);
}

TEST_CASE("a cashier's PIN works at a till and nowhere else", "[tills]") {
  ApiFixture api;
  const std::string& admin = api.admin().token;
  const auto add = [&](const std::string& name, const std::string& pin) {
    return api.post("/api/v1/cashiers", admin, json{{"name", name}, {"pin", pin}}.dump());
  };
  const auto ada = add("Ada", "4711");
  REQUIRE(ada.status == 201);
  // The reply says no PIN. Eight digits are looked for: four may stand in any id or time.
  const auto eve = add("Eve", "73195584");
  REQUIRE(eve.status == 201);
  CHECK(eve.body.dump().find("73195584") == std::string::npos);
  CHECK(add("Bob", "4711").status == 400);  // two must be told from each other
  for (const char* pin : {"123", "123456789", "12a4", "", "１２３４"})
    CHECK(add("C", pin).status == 400);
  const std::string key = enrol(api, invite(api)).text("key");
  CHECK(api.get("/api/v1/tills/me", key).body.at("asks_pin") == true);
  const auto who = [&](const std::string& token, const std::string& pin) {
    return api.post("/api/v1/tills/cashier", token, json{{"pin", pin}}.dump());
  };
  CHECK(who(key, "4711").text("name") == "Ada");
  CHECK(who(key, "4712").status == 404);
  CHECK(who("", "4711").status == 401);
  const auto customer = api.make_person("customer");
  CHECK(who(customer.token, "4711").status == 403);
  // A till sees no cashiers and adds none.
  CHECK(api.get("/api/v1/cashiers", key).status == 403);
  CHECK(api.post("/api/v1/tills/invitations", key, R"({"name":"x"})").status == 403);
  const std::string id = ada.text("id");
  CHECK(api.send("DELETE", "/api/v1/cashiers/" + id, admin).status == 204);
  CHECK(api.send("DELETE", "/api/v1/cashiers/" + id, admin).status == 404);
  CHECK(who(key, "4711").status == 404);
  CHECK(api.is_sound());
}
