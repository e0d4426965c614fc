// Holds of one use each, of orders redeemed once, and wrong codes that a program tries.
#include <catch2/catch.hpp>

#include "tests/support/api_fixture.h"

using namespace coupon;
using nlohmann::json;
using test::ApiFixture;

namespace {

struct HoldsShop : ApiFixture {
  explicit HoldsShop(bool rate_limits = false) : ApiFixture(rate_limits) {}
  std::string key(const std::string& scope, json more = json::object()) {
    more["name"] = scope;
    more["scopes"] = {scope};
    return post("/api/v1/api-keys", admin().token, more.dump()).text("key");
  }
  std::string code(json policy) {
    policy["mode"] = "card";
    policy["name"] = policy["slug"] = "c" + std::to_string(++made_);
    REQUIRE(post("/api/v1/campaigns", admin().token, policy.dump()).status == 201);
    const auto made = post("/api/v1/campaigns/c" + std::to_string(made_) + "/codes", admin().token,
                           R"({"count":1})");
    return made.body.at("codes").at(0).get<std::string>();
  }
  test::ApiReply use(const std::string& code, const char* verb, const std::string& token,
                     const json& body = json::object()) {
    return post("/api/v1/coupons/" + code + "/" + verb, token, body.dump());
  }

 private:
  int made_ = 0;
};

}  // namespace

TEST_CASE("a hold takes one use, and others go on with the rest", "[holds]") {
  HoldsShop shop;
  const auto ann = shop.make_person("ann");
  const auto bob = shop.make_person("bob");
  const auto eve = shop.make_person("eve");
  const std::string code = shop.code({{"max_redemptions_per_coupon", 3}});
  const auto anns = shop.use(code, "hold", ann.token);
  const auto bobs = shop.use(code, "hold", bob.token);
  REQUIRE(anns.status == 201);
  REQUIRE(bobs.status == 201);
  CHECK(shop.use(code, "redeem", eve.token).status == 201);
  const auto held = shop.use(code, "redeem", eve.token);
  CHECK(held.code() == "held_by_other");
  CHECK(held.sentence().find("Held until ") == 0);
  CHECK(shop.use(code, "hold", eve.token).code() == "held_by_other");
  // Their own use, at another till, takes the hold's token.
  const auto elsewhere = shop.use(code, "redeem", ann.token);
  CHECK(elsewhere.code() == "invalid_hold_token");
  CHECK(elsewhere.sentence().find("by this customer") != std::string::npos);
  for (const auto& [person, hold] : {std::pair(ann, anns), std::pair(bob, bobs)}) {
    const json shown = {{"hold_token", hold.text("hold_token")}};
    CHECK(shop.use(code, "redeem", person.token, shown).status == 201);
  }
  CHECK(shop.use(code, "redeem", eve.token).code() == "coupon_redemption_cap_reached");
  CHECK(shop.is_sound());
}

TEST_CASE("holds that are over leave their uses to others", "[holds]") {
  HoldsShop shop;
  const auto ann = shop.make_person("ann");
  const auto eve = shop.make_person("eve");
  const std::string code =
      shop.code({{"max_redemptions_per_coupon", 2}, {"max_redemptions_per_user", 9}});
  REQUIRE(shop.use(code, "hold", ann.token).status == 201);
  REQUIRE(shop.use(code, "hold", ann.token).status == 201);
  CHECK(shop.use(code, "hold", eve.token).status == 409);
  shop.clock().advance(301'000);
  CHECK(shop.is_sound());
  CHECK(shop.use(code, "redeem", eve.token).status == 201);
  CHECK(shop.use(code, "hold", eve.token).status == 201);
  CHECK(shop.is_sound());
}

TEST_CASE("a hold goes on by its token, and only for who could redeem", "[holds]") {
  HoldsShop shop;
  const auto ann = shop.make_person("ann");
  const auto bob = shop.make_person("bob");
  const std::string code = shop.code({{"hold_ttl_s", 60}});
  const auto first = shop.use(code, "hold", ann.token);
  const json shown = {{"hold_token", first.text("hold_token")}};
  shop.clock().advance(50'000);
  const auto again = shop.use(code, "hold", ann.token, shown);
  REQUIRE(again.status == 201);
  CHECK(again.text("hold_token") == first.text("hold_token"));
  CHECK(again.text("expires_at") > first.text("expires_at"));
  CHECK(shop.use(code, "hold", bob.token, shown).code() == "held_by_other");
  CHECK(shop.use(code, "hold", ann.token, {{"hold_token", "x"}}).code() == "invalid_hold_token");
  shop.clock().advance(50'000);
  CHECK(shop.use(code, "redeem", ann.token, shown).status == 201);
  CHECK(shop.use(code, "hold", ann.token, shown).status == 409);
  const std::string dear = shop.code({{"price", 3}});
  CHECK(shop.use(dear, "hold", ann.token).code() == "insufficient_credit");
  CHECK(shop.is_sound());
}

TEST_CASE("staff hold for nobody's account, and end anybody's hold", "[holds]") {
  HoldsShop shop;
  const std::string till = shop.key("till");
  const auto ann = shop.make_person("ann");
  const std::string code = shop.code({});
  const auto held = shop.use(code, "hold", till);
  REQUIRE(held.status == 201);
  CHECK(shop.use(code, "redeem", till).code() == "held_by_other");
  const json shown = {{"hold_token", held.text("hold_token")}};
  CHECK(shop.use(code, "redeem", till, shown).status == 201);
  const std::string other = shop.code({});
  const auto anns = shop.use(other, "hold", ann.token);
  CHECK(shop.use(other, "release", ann.token).status == 400);
  CHECK(shop.use(other, "release", shop.make_person("bob").token,
                 {{"hold_token", anns.text("hold_token")}})
            .status == 409);
  CHECK(shop.use(other, "release", till).status == 200);
  CHECK(shop.use(other, "release", till).code() == "not_held");
  CHECK(shop.use(shop.code({{"price", 3}}), "hold", till).status == 400);
  CHECK(shop.is_sound());
}

TEST_CASE("where an order is redeemed once, the second is answered with the first", "[holds]") {
  HoldsShop shop;
  const std::string till = shop.key("till");
  const auto ann = shop.make_person("ann");
  const json policy = {{"one_redemption_per_order", true}, {"max_redemptions_per_coupon", 5}};
  const std::string code = shop.code(policy);
  const json order = {{"order_id", "o1"}};
  const auto first = shop.use(code, "redeem", till, order);
  REQUIRE(first.status == 201);
  const auto second = shop.use(code, "redeem", till, order);
  CHECK(second.status == 201);
  CHECK(second.body == first.body);
  CHECK(shop.engine().number("SELECT count(*) FROM redemptions") == 1);
  // A customer is not told of somebody else's.
  CHECK(shop.use(code, "redeem", ann.token, order).code() == "already_redeemed");
  CHECK(shop.use(code, "redeem", till, {{"order_id", "o2"}}).status == 201);
  const auto id = first.body.at("redemption").at("id").get<std::int64_t>();
  CHECK(shop.post("/api/v1/redemptions/" + std::to_string(id) + "/rollback", till, "{}").status ==
        200);
  const auto anew = shop.use(code, "redeem", till, order);
  CHECK(anew.status == 201);
  CHECK(anew.body.at("redemption").at("id") != id);
  const std::string many = shop.code({{"max_redemptions_per_coupon", 5}});
  CHECK(shop.use(many, "redeem", till, order).status == 201);
  CHECK(shop.use(many, "redeem", till, order).status == 201);
  CHECK(shop.is_sound());
}

TEST_CASE("a program's wrong codes count by the customer it names", "[holds][limits]") {
  HoldsShop shop(true);
  const auto guesses = [&](const std::string& key, const json& who, int tries) {
    int heard = 0;
    for (int i = 0; i < tries; ++i) {
      heard += shop.use("NO-SUCH-CODE", "redeem", key, who).status == 404 ? 1 : 0;
    }
    return heard;
  };
  const std::string key = shop.key("redeem");
  CHECK(guesses(key, {{"email", "ann@example.com"}}, 20) == 10);
  CHECK(guesses(key, {{"email", "ANN@example.com"}}, 1) == 0);
  CHECK(guesses(key, {{"email", "bob@example.com"}}, 20) == 10);
  int all = 20;
  for (int i = 0; i < 60; ++i) {
    all += guesses(key, {{"external_id", std::to_string(i)}}, 10);
  }
  CHECK(all >= 300);
  CHECK(all < 620);  // of 620 that were tried: the limit fills up again by 5 a second
  const std::string own = shop.key("till", {{"guesses_per_minute", 25}});
  CHECK(guesses(own, json::object(), 40) == 25);
  CHECK(shop.is_sound());
}
