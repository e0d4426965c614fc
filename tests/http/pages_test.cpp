// The pages' files, the session of a browser, and what the pages ask beside the API's resources.
#include <catch2/catch.hpp>

#include "src/web/assets.h"
#include "tests/support/api_fixture.h"

using namespace coupon;
using nlohmann::json;
using test::ApiFixture;
using test::ApiReply;

namespace {

const std::string kLoginPage =
    R"({"email":"ada@example.com","password":"correct horse 1","cookie":true})";
const std::string kByCookie = R"({"cookie":true})";

void add_ada(ApiFixture& api) {
  const json ada = {{"email", "ada@example.com"}, {"password", "correct horse 1"}};
  REQUIRE(api.post("/api/v1/auth/register", "", ada.dump()).status == 201);
}

// What a browser would send back: "name=value".
std::string cookie_of(const ApiReply& reply) {
  const std::string text = reply.header("Set-Cookie");
  return text.substr(0, text.find(';'));
}

ApiReply refresh(ApiFixture& api, const std::string& cookie) {
  return api.post("/api/v1/auth/refresh", "", kByCookie, {{"Cookie", cookie}});
}

}  // namespace

TEST_CASE("the front page is for browsers, its JSON for programs", "[pages]") {
  ApiFixture api;
  const auto page =
      api.handle("GET", "/", "", "", {{"Accept", "text/html,application/xhtml+xml,*/*;q=0.8"}});
  CHECK(page.status == 200);
  CHECK(page.raw.content_type == http::kHtml);
  CHECK(page.header("Vary").find("Accept") != std::string::npos);
  for (const char* accept : {"application/json", "*/*", ""}) {
    INFO(accept);
    const auto about = api.send("GET", "/", "", "", {{"Accept", accept}});
    CHECK(about.status == 200);
    CHECK(about.body.contains("message"));
  }
}

TEST_CASE("a page's files come compressed where that is taken, and only when changed", "[pages]") {
  ApiFixture api;
  for (const char* path : {"/login", "/till", "/ui", "/c", "/page.css", "/h.js", "/en.js"}) {
    INFO(path);
    const auto plain = api.handle("GET", path);
    REQUIRE(plain.status == 200);
    CHECK(plain.raw.keepable);
    CHECK(plain.header("Content-Encoding").empty());
    const auto packed = api.handle("GET", path, "", "", {{"Accept-Encoding", "br, gzip"}});
    CHECK(packed.header("Content-Encoding") == "gzip");
    CHECK(packed.raw.body.substr(0, 4) == std::string("\x1f\x8b\x08\0", 4));
    CHECK(packed.raw.body.size() < plain.raw.body.size());
    CHECK(packed.header("ETag") != plain.header("ETag"));
    const auto again = api.handle("GET", path, "", "", {{"If-None-Match", plain.header("ETag")}});
    CHECK(again.status == 304);
    CHECK(again.raw.body.empty());
  }
}

TEST_CASE("the session of a browser is a cookie that only auth reads", "[pages][S28]") {
  ApiFixture api;
  add_ada(api);
  const auto session = api.post("/api/v1/auth/login", "", kLoginPage);
  REQUIRE(session.status == 200);
  CHECK_FALSE(session.body.contains("refresh_token"));
  const std::string set = session.header("Set-Cookie");
  for (const char* part : {"; HttpOnly", "; SameSite=Strict", "; Path=/api/v1/auth;"}) {
    INFO(set);
    CHECK(set.find(part) != std::string::npos);
  }
  const std::string cookie = cookie_of(session);
  const auto next = refresh(api, "other=1; " + cookie + "; more=2");
  REQUIRE(next.status == 200);
  CHECK(cookie_of(next) != cookie);
  CHECK(api.get("/api/v1/me", next.text("access_token")).status == 200);
  // The cookie is nobody's access token, here or anywhere.
  CHECK(api.send("GET", "/api/v1/me", "", "", {{"Cookie", cookie_of(next)}}).status == 401);
  // A page elsewhere can make a browser send neither JSON nor ask for the cookie.
  for (const char* type : {"text/plain", "application/x-www-form-urlencoded"}) {
    CHECK(api.post("/api/v1/auth/refresh", "", kByCookie,
                   {{"Cookie", cookie_of(next)}, {"Content-Type", type}})
              .status == 415);
  }
  const auto out = api.post("/api/v1/auth/logout", "", kByCookie, {{"Cookie", cookie_of(next)}});
  CHECK(out.status == 204);
  CHECK(out.header("Set-Cookie").find("Max-Age=0") != std::string::npos);
  CHECK(refresh(api, cookie_of(next)).status == 401);
  CHECK(refresh(api, "").status == 401);
  CHECK(api.post("/api/v1/auth/refresh", "", "{}").status == 400);
}

TEST_CASE("a card tells its holder what it is worth, and nothing else tells anything", "[pages]") {
  ApiFixture api;
  const std::string& admin = api.admin().token;
  const json campaign = {{"mode", "card"},
                         {"name", "Gift"},
                         {"slug", "gift"},
                         {"ends_at", "2100-01-01T00:00:00Z"},
                         {"reward", {{"kind", "amount_off"}, {"value", 5000}}}};
  REQUIRE(api.post("/api/v1/campaigns", admin, campaign.dump()).status == 201);
  const auto made = api.post("/api/v1/campaigns/gift/codes", admin, R"({"count":2})");
  const std::string good = made.body.at("codes").at(0).get<std::string>();
  const std::string used = made.body.at("codes").at(1).get<std::string>();
  REQUIRE(api.post("/api/v1/coupons/" + used + "/redeem", admin, "{}").status == 201);
  const auto look = [&](const std::string& code) {
    return api.post("/api/v1/card", "", json{{"code", code}}.dump());
  };
  const auto card = look(good);
  REQUIRE(card.status == 200);
  CHECK(card.body.at("name") == "Gift");
  CHECK(card.body.at("reward").at("value") == 5000);
  CHECK(card.body.at("uses_left") == 1);
  CHECK(card.body.at("expires_at") == "2100-01-01T00:00:00Z");
  const auto unknown = look("NO-SUCH-CODE");
  CHECK(unknown.status == 404);
  CHECK(look(used).status == 404);
  CHECK(look(used).sentence() == unknown.sentence());
}

TEST_CASE("a QR code of a card is 25 modules wide", "[pages]") {
  ApiFixture api;
  const auto reply = api.post("/api/v1/qr", "", R"({"texts":["7ZK2M9QW4XTA1BHCE5N8RVD3","x"]})");
  REQUIRE(reply.status == 200);
  CHECK(reply.body.at("items").at(0).at("size") == 25);
  CHECK(reply.body.at("items").at(1).at("size") == 21);
  // The corner's pattern: seven dark modules in a row.
  CHECK(reply.body.at("items").at(0).at("path").get<std::string>().starts_with("M0 0h7v1h-7z"));
  CHECK(api.post("/api/v1/qr", "", R"({"texts":[]})").status == 400);
}

TEST_CASE("a code is found by the number on its card", "[pages]") {
  ApiFixture api;
  const std::string& admin = api.admin().token;
  REQUIRE(api.post("/api/v1/campaigns", admin, R"({"mode":"card","name":"C","slug":"c"})").status ==
          201);
  const auto made = api.post("/api/v1/campaigns/c/codes", admin, R"({"count":3})");
  const auto page = api.get("/api/v1/campaigns/c/codes?number=2", admin);
  REQUIRE(page.body.at("items").size() == 1);
  CHECK(page.body.at("items").at(0).at("code") == made.body.at("codes").at(1));
  CHECK(api.get("/api/v1/campaigns/c/codes?number=9", admin).body.at("items").empty());
}
