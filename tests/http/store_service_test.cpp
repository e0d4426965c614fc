// The store service, row by row of its contract.
#include <catch2/catch.hpp>

#include "coupond/service/demo.h"
#include "tests/support/api_fixture.h"

using namespace coupon;
using test::ApiFixture;

namespace {

// The demo's accounts and coupons are the ones the contract names.
struct Store : ApiFixture {
  Store() { REQUIRE(service::load_demo(*engine()).ok()); }

  std::string log_in(const std::string& username, const std::string& password) {
    auto session = post("/v1/auth/login", {},
                        R"({"username":")" + username + R"(","password":")" + password + R"("})");
    REQUIRE(session.status == 200);
    return session.text("access_token");
  }
  std::int64_t credit(const std::string& token) {
    return get("/v1/user/", token).body["data"]["users"][0]["credit"].get<std::int64_t>();
  }
  std::int64_t left(const std::string& token, const std::string& code) {
    return get("/v1/coupons/" + code, token)
        .body["data"]["coupons"]["number_left"]
        .get<std::int64_t>();
  }
  std::string use(const std::string& token, const std::string& code) {
    auto reply = post("/v1/coupons/use/" + code, token);
    return std::to_string(reply.status) + " " +
           (reply.status == 204 ? "" : reply.body["error"]["code"].get<std::string>());
  }
};

}  // namespace

TEST_CASE("store: one logs in by username and refreshes with the refresh token", "[store]") {
  Store store;
  auto session =
      store.post("/v1/auth/login", {}, R"({"username":"a.faghihi","password":"password"})");
  REQUIRE(session.status == 200);
  CHECK(session.body["user"]["username"] == "a.faghihi");
  CHECK(session.body["user"]["credit"] == 100);
  const std::string access = session.text("access_token");
  const std::string refresh = session.text("refresh_token");

  auto refused = store.get("/v1/auth/token/refresh", access);
  CHECK(refused.status == 422);
  CHECK(refused.body["msg"] == "Only refresh tokens are allowed");
  auto next = store.get("/v1/auth/token/refresh", refresh);
  CHECK(next.status == 200);
  CHECK(next.body["refresh_token"] == refresh);  // these clients keep the first
  store.clock().advance(29 * core::kMsPerDay);
  CHECK(store.post("/v1/auth/token/refresh", refresh).status == 200);
  CHECK(store.get("/v1/auth/token/refresh", "nonsense").status == 401);
  CHECK(store.get("/v1/auth/token/refresh").status == 401);

  auto missing = store.post("/v1/auth/login", {}, R"({"username":"a.faghihi"})");
  CHECK(missing.status == 400);
  CHECK(missing.body["http_status"] == "INVALID_REQUEST");
  CHECK(missing.body["error"]["message"] == "Missing username or password");
  CHECK(store.post("/v1/auth/login").body["error"]["message"] == "Missing username or password");
  auto wrong =
      store.post("/v1/auth/login", {}, R"({"username":"a.faghihi","password":"wrong pass 1"})");
  CHECK(wrong.status == 401);
  CHECK(wrong.body["http_status"] == "Could not verify");
  CHECK(wrong.body["error"]["message"] == "Invalid credentials");
}

TEST_CASE("store: replies come in an envelope, with or without the slash", "[store]") {
  Store store;
  const std::string token = store.log_in("user2", "user2pass");
  for (const char* path : {"/v1/coupons/", "/v1/coupons", "/v1/coupon/", "/v1/coupon"}) {
    auto list = store.get(path, token);
    CAPTURE(path);
    REQUIRE(list.status == 200);
    CHECK(list.body["http_status_code"] == 200);
    CHECK(list.body["http_status"] == "OK");
    CHECK(list.body["error"].empty());
    CHECK(list.body["data"]["coupons"].size() == 5);
    CHECK(list.body["data"]["meta"]["total_count"] == 5);
    CHECK_FALSE(list.body["data"]["coupons"][0].contains("hidden_code"));
  }
  auto second = store.get("/v1/coupons/?page=2&per_page=2", token);
  CHECK(second.body["data"]["coupons"].size() == 2);
  CHECK(second.body["data"]["meta"]["pages"] == 3);
  CHECK(second.body["data"]["meta"]["prev_page"] == 1);
  CHECK(second.body["data"]["meta"]["next_page"] == 3);
  CHECK(second.body["data"]["meta"]["has_next"] == true);
  for (const char* page : {"0", "-1", "2"}) {
    const auto none = store.get(std::string("/v1/coupons/?page=") + page, token);
    CHECK(none.status == 404);
    CHECK(none.body["http_status"] == "NOT_FOUND");
  }
  CHECK(store.get("/v1/coupons/").body["msg"] == "Missing Authorization Header");
}

TEST_CASE("store: only an administrator sees hidden codes and all accounts", "[store]") {
  Store store;
  const std::string token = store.log_in("user2", "user2pass");
  auto coupons = store.get("/v1/coupons/", store.admin().token);
  CHECK(coupons.body["data"]["coupons"][0]["hidden_code"] == "ABC");
  CHECK(store.get("/v1/user/", store.admin().token).body["data"]["meta"]["total_count"] >= 9);
  CHECK(store.get("/v1/user/", token).body["data"]["users"].size() == 1);

  const auto self = store.get("/v1/user/", token).body["data"]["users"][0]["id"].get<int>();
  CHECK(store.get("/v1/user/" + std::to_string(self) + "/", token).status == 200);
  auto other = store.get("/v1/user/1", token);
  CHECK(other.status == 404);
  CHECK(other.body["error"]["code"] == "NOT_FOUND");
  CHECK(store.get("/v1/user/99999", store.admin().token).status == 404);
}

TEST_CASE("store: a use takes credit and one of the number left, once a user", "[store]") {
  Store store;
  const std::string token = store.log_in("user2", "user2pass");
  auto used = store.post("/v1/coupons/use/ABC", token);
  CHECK(used.status == 204);
  CHECK(used.raw.body.empty());
  CHECK(store.credit(token) == 450);
  CHECK(store.left(token, "ABC") == 4);
  CHECK(store.use(token, "abc") == "400 USER_REDEMPTION_CAP_REACHED");
  CHECK(store.use(token, "XYZ") == "404 NOT_FOUND");
  CHECK(store.credit(token) == 450);
  CHECK(store.post("/v1/coupon/use/BCD/", token).status == 204);
  CHECK(store.credit(token) == 0);
  CHECK(store.is_sound());
}

TEST_CASE("store: refusals come in the contract's order", "[store]") {
  Store store;
  const std::string poor = store.log_in("user5", "user5pass");  // credit 20
  const std::string rich = store.log_in("user4", "user4pass");
  CHECK(store.use(poor, "DEF") == "400 INSUFFICIENT_CREDIT");
  CHECK(store.use(rich, "DEF") == "204 ");
  CHECK(store.use(poor, "DEF") == "400 NO_COUPONS_LEFT");  // before credit
  CHECK(store.use(rich, "DEF") == "400 NO_COUPONS_LEFT");  // before already used
  store.clock().advance(11 * 60'000);
  CHECK(store.use(rich, "EFG") == "400 ENDED");
  auto change = store.send("PATCH", "/api/v1/campaigns/store-five", store.admin().token,
                           R"({"active":false})");
  REQUIRE(change.status == 200);
  CHECK(store.use(rich, "EFG") == "400 INACTIVE");  // before ended
  CHECK(store.is_sound());
}
