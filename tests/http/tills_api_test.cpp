// Devices that become tills by eight digits, and cashiers by PIN.
#include <catch2/catch.hpp>
#include <fstream>

#include "coupond/service/tills.h"
#include "tests/support/api_fixture.h"

using namespace coupon;
using nlohmann::json;
using test::ApiFixture;
using test::ApiReply;

namespace {

std::string text_of(const std::string& path) {
  std::string all;
  for (const char* part : {"", "-wal"}) {
    std::ifstream in(path + part, std::ios::binary);
    all.append(std::istreambuf_iterator<char>(in), {});
  }
  return all;
}

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

TEST_CASE("an invitation outlives a restart, and the file does not tell its digits", "[tills]") {
  test::LiveEngine engine;
  const auto boss = engine.make_user("boss@example.com", domain::Role::kAdmin);
  const auto caller = service::Caller::user(boss.id, boss.role);
  const auto invited = engine.run<service::TillInvited>(
      [&](store::Tx& tx) { return service::invite_till(tx, *engine, caller, "Till 7"); });
  REQUIRE(invited.ok());
  const auto ada = engine.run<store::Cashier>(
      [&](store::Tx& tx) { return service::add_cashier(tx, *engine, caller, "Ada", "4711"); });
  const auto till = service::Caller::api_key(3, service::Scopes().with(service::Scope::kTill));
  const std::string pass = service::pass_for(*engine, till, *ada).pass;
  engine.restart();
  CHECK(text_of(engine->paths().database).find(invited->digits) == std::string::npos);
  const auto enrolled = [&] {
    return engine.run<service::NewApiKey>(
        [&](store::Tx& tx) { return service::enrol_till(tx, *engine, invited->digits); });
  };
  const auto made = enrolled();
  REQUIRE(made.ok());
  CHECK(made->key.name == "Till 7");
  CHECK(!enrolled().ok());
  CHECK(service::cashier_in(*engine, till, pass) == ada->id);
}

TEST_CASE("who is no administrator any more invites no till", "[tills]") {
  ApiFixture api;
  const auto boss = api.make_person("boss", domain::Role::kAdmin);
  const auto made = api.post("/api/v1/tills/invitations", boss.token, R"({"name":"T"})");
  REQUIRE(made.status == 201);
  const std::string path = "/api/v1/users/" + std::to_string(boss.id.value);
  REQUIRE(api.send("PATCH", path, api.admin().token, R"({"role":"staff"})").status == 200);
  CHECK(enrol(api, made.text("code")).status == 404);
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

namespace {

// A shop with a till, a campaign of cards and, unless said otherwise, a cashier.
struct TillsApiShop : ApiFixture {
  explicit TillsApiShop(bool rate_limits = false) : ApiFixture(rate_limits) {
    key = enrol(*this, invite(*this)).text("key");
    REQUIRE(post("/api/v1/campaigns", admin().token,
                 R"({"mode":"card","name":"C","slug":"c","max_redemptions_per_coupon":1})")
                .status == 201);
  }
  std::string add_cashier(const std::string& name, const std::string& pin) {
    return post("/api/v1/cashiers", admin().token, json{{"name", name}, {"pin", pin}}.dump())
        .text("id");
  }
  std::string pass(const std::string& token, const std::string& pin) {
    return post("/api/v1/tills/cashier", token, json{{"pin", pin}}.dump()).text("pass");
  }
  std::string card() {
    return post("/api/v1/campaigns/c/codes", admin().token, R"({"count":1})")
        .body.at("codes")
        .at(0)
        .get<std::string>();
  }
  ApiReply at(const std::string& code, const std::string& what, const json& body,
              const std::string& token) {
    return post("/api/v1/coupons/" + code + what, token, body.dump());
  }
  std::string key;
};

}  // namespace

TEST_CASE("where there are cashiers, a till's key alone does nothing to a code", "[tills]") {
  TillsApiShop shop;
  const std::string first = shop.card();
  CHECK(shop.at(first, "/redeem", json::object(), shop.key).status == 201);  // nobody has a PIN
  const std::string ada = shop.add_cashier("Ada", "4711");
  const std::string pass = shop.pass(shop.key, "4711");
  const std::string other = shop.pass(enrol(shop, invite(shop)).text("key"), "4711");
  const std::string code = shop.card();
  std::string forged = pass;
  forged.back() = forged.back() == '0' ? '1' : '0';
  const std::string later = "9" + pass;  // ends in three thousand years
  for (const json& body :
       {json::object(), json{{"cashier", "4711"}}, json{{"cashier", ada}}, json{{"cashier", other}},
        json{{"cashier", forged}}, json{{"cashier", later}}}) {
    INFO(body.dump());
    for (const char* what : {"/redeem", "/hold", "/release"}) {
      const auto refused = shop.at(code, what, body, shop.key);
      CHECK(refused.status == 403);
      CHECK(refused.body.at("errors").at(0).at("field") == "cashier");
    }
  }
  const json said = {{"metadata", {{"cashier", "Ada"}}}};
  CHECK(shop.at(code, "/redeem", said, shop.key).status == 403);
  const json shown = {{"cashier", pass}, {"metadata", {{"cashier", "Eve"}, {"note", "x"}}}};
  const auto done = shop.at(code, "/redeem", shown, shop.key);
  REQUIRE(done.status == 201);
  const json named = {{"cashier", "Ada"}, {"till", "Till 1"}, {"note", "x"}};
  CHECK(done.body.at("redemption").at("metadata") == named);
  const std::string back = "/api/v1/redemptions/" +
                           std::to_string(done.body.at("redemption").at("id").get<std::int64_t>()) +
                           "/rollback";
  CHECK(shop.post(back, shop.key, "{}").status == 403);
  CHECK(shop.post(back, shop.key, json{{"cashier", pass}}.dump()).status == 200);
  // People, and programs that redeem, are no tills.
  CHECK(shop.at(code, "/redeem", json::object(), shop.admin().token).status == 201);
  CHECK(shop.is_sound());
}

TEST_CASE("a pass ends after a shift, and with its cashier", "[tills]") {
  TillsApiShop shop;
  const std::string ada = shop.add_cashier("Ada", "4711");
  shop.add_cashier("Bob", "4712");
  const json bob = {{"cashier", shop.pass(shop.key, "4712")}};
  const json shown = {{"cashier", shop.pass(shop.key, "4711")}};
  CHECK(shop.at(shop.card(), "/redeem", shown, shop.key).status == 201);
  CHECK(shop.send("DELETE", "/api/v1/cashiers/" + ada, shop.admin().token).status == 204);
  CHECK(shop.at(shop.card(), "/redeem", shown, shop.key).status == 403);
  CHECK(shop.at(shop.card(), "/redeem", bob, shop.key).status == 201);
  const std::string last = shop.card();
  shop.clock().advance(12 * 60 * 60 * 1000);
  CHECK(shop.at(last, "/redeem", bob, shop.key).status == 403);
  CHECK(shop.is_sound());
}

TEST_CASE("a till finds a card by its number and the end of its code, and by neither alone",
          "[tills]") {
  TillsApiShop shop;
  shop.card();
  const std::string code = shop.card();
  const std::string last4 = code.substr(code.size() - 4);
  const auto find = [&](const json& body, const std::string& token) {
    return shop.post("/api/v1/tills/find", token, body.dump());
  };
  const auto found = find({{"last4", last4}, {"number", 2}}, shop.key);
  REQUIRE(found.status == 200);
  CHECK(found.body.at("items").at(0).at("code") == code);
  CHECK(find({{"last4", last4}, {"number", 1}}, shop.key).status == 404);
  CHECK(find({{"last4", last4}}, shop.key).status == 400);
  CHECK(find({{"number", 2}}, shop.key).status == 400);
  CHECK(find({{"last4", last4}}, shop.admin().token).status == 200);
  shop.add_cashier("Ada", "4711");
  CHECK(find({{"last4", last4}, {"number", 2}}, shop.key).status == 403);
  const json shown = {{"last4", last4}, {"number", 2}, {"cashier", shop.pass(shop.key, "4711")}};
  CHECK(find(shown, shop.key).status == 200);
}

TEST_CASE("PINs are guessed ten times an hour", "[tills]") {
  TillsApiShop shop(true);
  shop.add_cashier("Ada", "4711");
  const auto guess = [&](const std::string& pin) {
    return shop.post("/api/v1/tills/cashier", shop.key, json{{"pin", pin}}.dump()).status;
  };
  for (int i = 0; i < 10; ++i) CHECK(guess("000" + std::to_string(i)) == 404);
  CHECK(guess("4711") == 429);
  CHECK(guess("4712") == 429);
}
