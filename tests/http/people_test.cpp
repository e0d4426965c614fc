// Customers whom staff and programs name, and what becomes of what is known about them.
#include <catch2/catch.hpp>

#include "coupond/core/email.h"
#include "tests/support/api_fixture.h"

using namespace coupon;
using nlohmann::json;
using test::ApiFixture;

namespace {

struct PeopleShop : ApiFixture {
  PeopleShop() {
    make_campaign({{"mode", "pool"}, {"name", "Pool"}, {"slug", "pool"}, {"max_per_user", 2}});
    make_campaign({{"mode", "card"},
                   {"name", "Cards"},
                   {"slug", "cards"},
                   {"max_redemptions_per_user", 1},
                   {"reward", {{"kind", "credit"}, {"value", 5}}}});
    for (const char* scope : {"issue", "redeem", "till", "read"}) {
      const json wanted = {{"name", scope}, {"scopes", {scope}}};
      keys[scope] = post("/api/v1/api-keys", admin().token, wanted.dump()).text("key");
    }
  }
  void make_campaign(const json& campaign) {
    REQUIRE(post("/api/v1/campaigns", admin().token, campaign.dump()).status == 201);
  }
  std::string code(const std::string& campaign) {
    const auto made =
        post("/api/v1/campaigns/" + campaign + "/codes", admin().token, R"({"count":1})");
    return made.body.at("codes").at(0).get<std::string>();
  }
  test::ApiReply use(const std::string& code, const std::string& verb, const std::string& token,
                     const json& body, Headers headers = {}) {
    return post("/api/v1/coupons/" + code + "/" + verb, token, body.dump(), std::move(headers));
  }
  json person(const std::string& name) {
    const auto found = get("/api/v1/users/" + name, admin().token);
    return found.status == 200 ? found.body : json();
  }
  std::int64_t users() { return engine().number("SELECT count(*) FROM users"); }

  std::map<std::string, std::string> keys;
};

const json kAnn = {{"email", "Ann@Example.com"}};
const json kSeven = {{"external_id", "7"}};

struct TagsIgnored {
  TagsIgnored() { core::ignore_plus_tags(true); }
  ~TagsIgnored() { core::ignore_plus_tags(false); }
};

}  // namespace

TEST_CASE("an unknown address or external id becomes a customer who cannot log in", "[people]") {
  PeopleShop shop;
  const auto done = shop.use(shop.code("cards"), "redeem", shop.keys["redeem"], kAnn);
  REQUIRE(done.status == 201);
  const json ann = shop.person("ann@example.com");
  CHECK(ann.at("id") == done.body.at("redemption").at("user_id"));
  CHECK(ann.at("credit") == 5);
  CHECK(ann.at("has_password") == false);
  // In another case it is the same customer, whom the campaign counts.
  const auto again =
      shop.use(shop.code("cards"), "redeem", shop.keys["till"], {{"email", "ANN@example.com"}});
  CHECK(again.code() == "user_redemption_cap_reached");
  CHECK(shop.use(shop.code("cards"), "redeem", shop.keys["redeem"], kSeven).status == 201);
  CHECK(shop.person("external:7").at("email") == "");
  CHECK(shop.person("external:7").at("credit") == 5);
  const json login = {{"email", "ann@example.com"}, {"password", "correct horse 1"}};
  CHECK(shop.post("/api/v1/auth/login", "", login.dump()).status == 401);
  CHECK(shop.post("/api/v1/auth/register", "", login.dump()).code() == "email_taken");
  CHECK(shop.is_sound());
}

TEST_CASE("where +tags are ignored, one address is one customer to every cap", "[people]") {
  PeopleShop shop;
  const auto issue = [&](const char* email) {
    return shop.post("/api/v1/campaigns/pool/issue", shop.keys["issue"],
                     json{{"email", email}}.dump());
  };
  const auto redeem = [&](const char* email) {
    return shop.use(shop.code("cards"), "redeem", shop.keys["redeem"], {{"email", email}}).status;
  };
  shop.code("pool");
  shop.code("pool");
  const std::string third = shop.code("pool");
  // Two customers, as long as nobody says otherwise.
  CHECK(redeem("bo@example.com") == 201);
  CHECK(redeem("bo+1@example.com") == 201);
  CHECK(redeem("dd+1@example.com") == 201);
  const TagsIgnored ignored;
  const auto assigned =
      shop.use(third, "assign", shop.keys["issue"], {{"email", "ann+three@example.com"}});
  CHECK(assigned.status == 201);
  CHECK(issue("Ann+one@Example.com").status == 201);
  CHECK(issue("ann@example.com").code() == "user_cap_reached");
  CHECK(redeem("ann+four@example.com") == 201);
  CHECK(redeem("ann@example.com") == 409);
  CHECK(shop.person("ann+any@example.com").at("email") == "ann@example.com");
  // Who registers as one of them, or moves there, is told that the address is taken.
  const json wanted = {{"email", "ann+new@example.com"}, {"password", test::LiveEngine::kPassword}};
  CHECK(shop.post("/api/v1/auth/register", {}, wanted.dump()).status == 409);
  const auto cy = shop.make_person("cy");
  const auto moved = shop.send("PATCH", "/api/v1/users/" + cy.uuid, shop.admin().token,
                               R"({"email":"ann+cy@example.com"})");
  CHECK(moved.status == 409);
  // Who had an account of their own under such an address keeps it.
  const auto same = shop.send("PATCH", "/api/v1/users/bo+1@example.com", shop.admin().token,
                              R"({"email":"bo+1@example.com"})");
  CHECK(same.status == 200);
  const auto again =
      shop.send("POST", "/api/v1/users", shop.admin().token, R"({"email":"bo+1@example.com"})");
  CHECK(again.status == 409);
  CHECK(redeem("bo+1@example.com") == 409);
  CHECK(shop.person("bo+1@example.com").at("email") == "bo+1@example.com");
  const json other = {{"email", "dd+1@example.com"}, {"password", test::LiveEngine::kPassword}};
  CHECK(shop.post("/api/v1/auth/register", {}, other.dump()).status == 409);
  CHECK(shop.person("dd@example.com").is_null());
  CHECK(shop.person("bo+2@example.com").at("email") == "bo@example.com");
  CHECK(shop.is_sound());
}

TEST_CASE("where +tags are ignored, one address claims once", "[people]") {
  PeopleShop shop;
  shop.make_campaign({{"mode", "claim"},
                      {"name", "Sale"},
                      {"slug", "sale"},
                      {"max_issued", 5},
                      {"max_per_user", 1}});
  const auto claim = [&](const char* email) {
    return shop
        .post("/api/v1/campaigns/sale/issue", shop.keys["issue"], json{{"email", email}}.dump())
        .status;
  };
  const TagsIgnored ignored;
  CHECK(claim("ann+sale@example.com") == 201);
  CHECK(claim("ann@example.com") == 409);
  CHECK(shop.is_sound());
}

TEST_CASE("a code is bound to an address before there is an account", "[people]") {
  PeopleShop shop;
  const std::string code = shop.code("pool");
  const auto given = shop.use(code, "assign", shop.keys["issue"], kAnn);
  REQUIRE(given.status == 201);
  CHECK(shop.use(code, "redeem", shop.keys["redeem"], kSeven).status >= 400);
  CHECK(shop.use(code, "redeem", shop.keys["redeem"], kAnn).status == 201);
  shop.code("pool");
  const auto drawn = shop.post("/api/v1/campaigns/pool/issue", shop.keys["issue"], kSeven.dump());
  CHECK(drawn.body.at("coupon").at("user_id") == shop.person("external:7").at("id"));
  const auto token = shop.post("/api/v1/campaigns/tokens/issue", shop.keys["issue"],
                               R"({"email":"new@example.com"})");
  REQUIRE(token.status == 201);
  CHECK(shop.post("/use-token", "", json{{"token", token.text("token")}}.dump()).status == 200);
  CHECK(shop.is_sound());
}

TEST_CASE("a refused request, a rehearsal and a question make no customer", "[people]") {
  PeopleShop shop;
  const auto before = shop.users();
  CHECK(shop.use("NO-SUCH-CODE", "redeem", shop.keys["redeem"], kAnn).status == 404);
  const auto rehearsed =
      shop.use(shop.code("cards"), "redeem?dry_run=true", shop.keys["redeem"], kAnn);
  CHECK(rehearsed.status == 201);
  CHECK(shop.get("/api/v1/redemptions?email=ann@example.com", shop.keys["read"]).status == 404);
  for (const json& bad : {json{{"email", "nobody"}}, json{{"external_id", ""}},
                          json{{"email", "a@example.com"}, {"external_id", "7"}}}) {
    INFO(bad.dump());
    CHECK(shop.use(shop.code("cards"), "redeem", shop.keys["redeem"], bad).status == 400);
  }
  // Customers name themselves only, and are not told who else is one.
  const auto bob = shop.make_person("bob");
  const std::string card = shop.code("cards");
  CHECK(shop.use(card, "redeem", bob.token, kAnn).status == 403);
  CHECK(shop.use(card, "redeem", bob.token, {{"email", shop.admin().email}}).status == 403);
  CHECK(shop.users() == before + 1);
  CHECK(shop.use(card, "redeem", bob.token, {{"email", bob.email}}).status == 201);
  CHECK(shop.is_sound());
}

TEST_CASE("an invitation sets a first password, once", "[people]") {
  PeopleShop shop;
  const std::string admin = shop.admin().token;
  REQUIRE(shop.use(shop.code("cards"), "redeem", shop.keys["redeem"], kAnn).status == 201);
  const std::string invite = "/api/v1/users/ann@example.com/invitation";
  CHECK(shop.post(invite, shop.keys["redeem"], "{}").status == 403);
  const std::string old = shop.post(invite, admin, "{}").text("token");
  const std::string token = shop.post(invite, admin, "{}").text("token");
  const auto accept = [&](const std::string& shown) {
    const json body = {{"token", shown}, {"password", "correct horse 1"}};
    return shop.post("/api/v1/auth/invitation", "", body.dump());
  };
  CHECK(accept(old).status == 401);
  const auto accepted = accept(token);
  REQUIRE(accepted.status == 200);
  CHECK(shop.get("/api/v1/me", accepted.text("access_token")).body.at("email") ==
        "ann@example.com");
  CHECK(accept(token).status == 401);
  CHECK(shop.post(invite, admin, "{}").status == 400);
  // It makes nobody an administrator.
  const json setup = {
      {"token", token}, {"email", "x@example.com"}, {"password", "correct horse 1"}};
  CHECK(shop.post("/api/v1/setup", "", setup.dump()).status == 401);
  CHECK(shop.is_sound());
}

TEST_CASE("an address is changed by whoever knows the password, or staff in charge", "[people]") {
  PeopleShop shop;
  const auto bob = shop.make_person("bob");
  const auto change = [&](const std::string& password, const std::string& email) {
    const json body = {{"current_password", password}, {"email", email}};
    return shop.post("/api/v1/me/email", bob.token, body.dump());
  };
  CHECK(change("wrong", "b2@example.com").status == 401);
  CHECK(change(test::LiveEngine::kPassword, shop.admin().email).code() == "email_taken");
  CHECK(change(test::LiveEngine::kPassword, "B2@example.com").status == 200);
  CHECK(shop.get("/api/v1/me", bob.token).body.at("email") == "b2@example.com");
  const auto by_admin = shop.send("PATCH", "/api/v1/users/" + bob.uuid, shop.admin().token,
                                  R"({"email":"b3@example.com"})");
  CHECK(by_admin.body.at("email") == "b3@example.com");
  const json login = {{"email", "b3@example.com"}, {"password", test::LiveEngine::kPassword}};
  CHECK(shop.post("/api/v1/auth/login", "", login.dump()).status == 200);
  CHECK(shop.is_sound());
}

TEST_CASE("a person's data is told as one, and erased to what names nobody", "[people]") {
  PeopleShop shop;
  const std::string admin = shop.admin().token;
  json order = kAnn;
  order["metadata"] = {{"phone", "5559136420"}};
  order["order_id"] = "o1";
  REQUIRE(shop.use(shop.code("cards"), "redeem", shop.keys["redeem"], order).status == 201);
  REQUIRE(shop.use(shop.code("pool"), "assign", shop.keys["issue"], kAnn).status == 201);
  const auto told = shop.get("/api/v1/users/ann@example.com/data", admin);
  REQUIRE(told.status == 200);
  CHECK(told.body.at("coupons").size() == 1);
  CHECK(told.body.at("redemptions").at(0).at("metadata").at("phone") == "5559136420");
  CHECK(told.body.at("complete") == true);
  CHECK(shop.get("/api/v1/users/ann@example.com/data", shop.keys["read"]).status == 403);

  const auto id = told.body.at("user").at("id").get<std::int64_t>();
  const std::string path = "/api/v1/users/" + std::to_string(id);
  CHECK(shop.post(path + "/erase?dry_run=true", admin, "{}").status == 200);
  CHECK(shop.person("ann@example.com").at("id") == id);
  CHECK(shop.post("/api/v1/users/" + shop.admin().uuid + "/erase", admin, "{}").status == 403);
  const auto erased = shop.post(path + "/erase", admin, "{}");
  REQUIRE(erased.status == 200);
  CHECK(erased.body.at("emptied") == 1);
  CHECK(shop.person("ann@example.com").is_null());
  const auto left = shop.get(path + "/data", admin).body;
  CHECK(left.dump().find("example.com") == std::string::npos);
  CHECK(left.dump().find("5559136420") == std::string::npos);
  CHECK(left.at("user").at("active") == false);
  CHECK(left.at("redemptions").at(0).at("order_id") == "o1");
  CHECK(shop.post(path + "/erase", admin, "{}").status == 400);
  // Somebody new with the address is somebody new.
  REQUIRE(shop.use(shop.code("cards"), "redeem", shop.keys["redeem"], kAnn).status == 201);
  CHECK(shop.person("ann@example.com").at("id") != id);
  CHECK(shop.is_sound());
}
