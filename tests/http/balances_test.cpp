// Value cards over the native API: spent in parts, topped up, moved, and told in every reply.
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "tests/support/api_fixture.h"

using namespace coupon;
using nlohmann::json;
using test::ApiFixture;

namespace {

// A campaign of cards of 50.00 EUR and three codes of it.
struct Shop {
  ApiFixture api;
  std::vector<std::string> codes;

  Shop() {
    const auto made =
        post("/api/v1/campaigns",
             {{"mode", "card"}, {"name", "Gift cards"}, {"value", 5000}, {"currency", "EUR"}});
    REQUIRE(made.status == 201);
    CHECK(made.body["value"] == 5000);
    CHECK(made.body["max_redemptions_per_coupon"].is_null());
    codes = post("/api/v1/campaigns/gift-cards/codes", {{"count", 3}})
                .body["codes"]
                .get<std::vector<std::string>>();
  }
  test::ApiReply post(const std::string& path, const json& body, ApiFixture::Headers headers = {}) {
    return api.post(path, api.admin().token, body.dump(), std::move(headers));
  }
  test::ApiReply redeem(const std::string& code, const json& body = json::object()) {
    return post("/api/v1/coupons/" + code + "/redeem", body);
  }
  json coupon(const std::string& code) {
    return api.get("/api/v1/coupons/" + code, api.admin().token).body.at("coupon");
  }
};

}  // namespace

TEST_CASE("a till takes an amount from a card and is told what is left", "[balances]") {
  Shop shop;
  const std::string& card = shop.codes[0];
  const json fresh = shop.coupon(card);
  CHECK(fresh["value"] == 5000);
  CHECK(fresh["balance"] == 5000);
  CHECK(fresh["currency"] == "EUR");
  const auto part = shop.redeem(card, {{"amount", 1250}, {"order_id", "o-1"}});
  REQUIRE(part.status == 201);
  CHECK(part.body["redemption"]["amount"] == 1250);
  CHECK(part.body["redemption"]["balance"] == 3750);
  CHECK(part.body["redemption"]["currency"] == "EUR");
  const auto too_much = shop.redeem(card, {{"amount", 3751}});
  CHECK(too_much.status == 409);
  CHECK(too_much.code() == "insufficient_balance");
  CHECK(too_much.body["number"] == 3750);
  CHECK(too_much.sentence() == "The balance is too small: 37.50 EUR left");
  const auto rest = shop.redeem(card);
  REQUIRE(rest.status == 201);
  CHECK(rest.body["redemption"]["amount"] == 3750);
  CHECK(rest.body["redemption"]["balance"] == 0);
  CHECK(shop.coupon(card)["state"] == "redeemed");
  CHECK(shop.redeem(card).sentence() == "Nothing is left on this code");
  for (const json& amount : {json(0), json(-1), json("5"), json(1.5)}) {
    CHECK(shop.redeem(shop.codes[1], {{"amount", amount}}).status == 400);
  }
  CHECK(shop.api.is_sound());
}

TEST_CASE("a repeated payment is made once, a rehearsed one not at all", "[balances]") {
  Shop shop;
  const std::string& card = shop.codes[0];
  const std::string path = "/api/v1/coupons/" + card + "/redeem";
  const auto first = shop.post(path, {{"amount", 100}}, {{"Idempotency-Key", "k1"}});
  const auto again = shop.post(path, {{"amount", 100}}, {{"Idempotency-Key", "k1"}});
  REQUIRE(first.status == 201);
  CHECK(again.body["redemption"]["id"] == first.body["redemption"]["id"]);
  CHECK(shop.coupon(card)["balance"] == 4900);
  CHECK(shop.post(path, {{"amount", 200}}, {{"Idempotency-Key", "k1"}}).status == 422);
  const auto rehearsed = shop.post(path + "?dry_run=true", {{"amount", 4900}});
  CHECK(rehearsed.status == 201);
  CHECK(rehearsed.body["redemption"]["balance"] == 0);
  for (const char* what : {"/top-up?dry_run=true", "/transfer?dry_run=true"}) {
    json body{{"amount", 10}};
    if (std::string(what).starts_with("/transfer")) body["to"] = shop.codes[1];
    CHECK(shop.post("/api/v1/coupons/" + card + what, body).status == 200);
  }
  CHECK(shop.coupon(card)["balance"] == 4900);
  CHECK(shop.api.is_sound());
}

TEST_CASE("a rollback gives back to the card, and says what is on it", "[balances]") {
  Shop shop;
  const auto paid = shop.redeem(shop.codes[0], {{"amount", 5000}}).body["redemption"];
  const auto undone =
      shop.post("/api/v1/redemptions/" + paid["id"].dump() + "/rollback", json::object());
  REQUIRE(undone.status == 200);
  CHECK(undone.body["amount"] == 5000);
  CHECK(undone.body["balance"] == 5000);
  CHECK(shop.coupon(shop.codes[0])["state"] == "available");
  const auto listed = shop.api.get("/api/v1/redemptions", shop.api.admin().token).body["items"][0];
  CHECK(listed["amount"] == 5000);
  CHECK(listed["currency"] == "EUR");
  CHECK(shop.api.is_sound());
}

TEST_CASE("staff put money on a card and move what is left, and customers cannot", "[balances]") {
  Shop shop;
  const auto staff = shop.api.make_person("sam", domain::Role::kStaff).token;
  const auto user = shop.api.make_person("ann").token;
  const std::string card = "/api/v1/coupons/" + shop.codes[0];
  const auto topped = shop.api.post(card + "/top-up", staff, R"({"amount":500,"reason":"cash"})");
  REQUIRE(topped.status == 200);
  CHECK(topped.body["coupon"]["balance"] == 5500);
  CHECK(topped.body["coupon"]["value"] == 5500);
  const std::string to = json{{"to", shop.codes[1]}}.dump();
  const auto moved = shop.api.post(card + "/transfer", staff, to);
  REQUIRE(moved.status == 200);
  CHECK(moved.body["amount"] == 5500);
  CHECK(moved.body["from"]["balance"] == 0);
  CHECK(moved.body["to"]["balance"] == 10'500);
  CHECK(shop.api.post(card + "/top-up", user, R"({"amount":500})").status == 403);
  CHECK(shop.api.post(card + "/transfer", user, to).status == 403);
  const auto empty = shop.api.post(card + "/transfer", staff, to);
  CHECK(empty.code() == "insufficient_balance");
  CHECK(shop.api.post("/api/v1/coupons/NONE-SUCH/top-up", staff, R"({"amount":5})").status == 404);
  const auto entries = shop.api.get(card, shop.api.admin().token).body["ledger"];
  CHECK(entries[0]["operation"] == "coupon.move_out");
  CHECK(entries[0]["value"] == -5500);
  CHECK(shop.api.is_sound());
}

TEST_CASE("codes can be sold with a value of their own", "[balances]") {
  Shop shop;
  const std::string codes = "/api/v1/campaigns/gift-cards/codes";
  const auto sold = shop.post(codes, {{"count", 1}, {"value", 1999}});
  REQUIRE(sold.status == 201);
  CHECK(shop.coupon(sold.body["codes"][0].get<std::string>())["balance"] == 1999);
  shop.post("/api/v1/campaigns", {{"mode", "card"}, {"name", "Plain"}});
  const auto refused = shop.post("/api/v1/campaigns/plain/codes", {{"count", 1}, {"value", 5}});
  CHECK(refused.status == 409);
  CHECK(refused.code() == "no_balance");
  const auto plain = shop.post("/api/v1/campaigns/plain/codes", {{"count", 1}});
  const auto code = plain.body["codes"][0].get<std::string>();
  CHECK(shop.coupon(code)["balance"].is_null());
  CHECK(shop.redeem(code, {{"amount", 5}}).code() == "no_balance");
  CHECK(shop.api.is_sound());
}

namespace {

// Imports the text and waits for the job.
json imported(Shop& shop, const std::string& text, const std::string& query = "") {
  const auto queued = shop.api.post("/api/v1/campaigns/gift-cards/codes/import" + query,
                                    shop.api.admin().token, text, {{"Content-Type", "text/csv"}});
  REQUIRE(queued.status == 202);
  const std::string job = "/api/v1/jobs/" + queued.body["job"]["id"].dump();
  while (true) {
    json now = shop.api.get(job, shop.api.admin().token).body;
    if (now["state"] != "queued" && now["state"] != "running") return now;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

}  // namespace

TEST_CASE("an import puts on each code what the file says is left on it", "[balances]") {
  Shop shop;
  const json job = imported(shop,
                            "code,value,balance\nGC-1,10.00,\nGC-2,25.00,7.50\nGC-3,,\n"
                            "GC-4,1.250,\nGC-5,\"5,00\",\n");
  CHECK(job["message"] == "Read as UTF-8, with the codes in code. On the codes: 22.50 EUR.");
  CHECK(job["errors"] == 1);
  CHECK(shop.coupon("GC-1")["balance"] == 1000);
  CHECK(shop.coupon("GC-2")["balance"] == 750);
  CHECK(shop.coupon("GC-3")["balance"] == 5000);
  CHECK(shop.coupon("GC-5")["balance"] == 500);
  CHECK(shop.api.is_sound());
}

TEST_CASE("money is refused by name where codes have no balance", "[balances]") {
  Shop shop;
  shop.post("/api/v1/campaigns", {{"mode", "card"}, {"name", "Plain"}});
  const auto refused =
      shop.api.post("/api/v1/campaigns/plain/codes/import", shop.api.admin().token,
                    "code,value\nGC-ALPHA-1,10.00\n", {{"Content-Type", "text/csv"}});
  CHECK(refused.status == 400);
  CHECK(refused.sentence().find("The column value says what a code is worth") == 0);
}
