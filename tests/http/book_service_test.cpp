// The book service, row by row of its contract.
#include <catch2/catch.hpp>

#include "tests/support/books.h"

using namespace coupon;
using test::ApiFixture;
using test::for_user;
using test::make_book;
using test::upload;

TEST_CASE("book: accounts are made without showing a hash, and log in", "[book]") {
  ApiFixture api;
  const std::string ann =
      R"({"firstName":"Ann","lastName":"Lee","email":"ann@example.com","password":"hunter22x"})";
  auto made = api.post("/users", {}, ann);
  REQUIRE(made.status == 201);
  CHECK(made.body["firstName"] == "Ann");
  CHECK(made.raw.body.find("argon2") == std::string::npos);
  auto again = api.post("/users", {}, ann);
  CHECK(again.status == 409);
  CHECK(again.sentence() == "Email already registered");
  CHECK(api.post("/users", {}, R"({"email":"x@example.com"})").status == 400);

  auto session =
      api.post("/auth/token", {}, R"({"email":"ann@example.com","password":"hunter22x"})");
  CHECK(session.status == 200);
  CHECK(session.body.contains("token"));
  CHECK(session.body.contains("refreshToken"));
  CHECK(api.post("/auth/token", {}, R"({"email":"ann@example.com","password":"wrong pass"})")
            .status == 401);
  CHECK(
      api.post("/auth/token", {}, R"({"email":"no@example.com","password":"hunter22x"})").status ==
      401);
  CHECK(api.post("/auth/token", {}, R"({"email":"ann@example.com","password":"short"})").status ==
        400);
}

TEST_CASE("book: a book has the contract's defaults", "[book]") {
  ApiFixture api;
  auto made = api.post("/coupons", api.admin().token,
                       R"({"name":"B","startDate":"2026-01-01","endDate":"2027-01-01"})");
  REQUIRE(made.status == 201);
  CHECK(made.body["isActive"] == true);
  CHECK(made.body["maxRedemptionsPerUser"] == 1);
  CHECK(made.body["maxCodesPerUser"] == 1);
  CHECK(made.body["allowMultipleRedemptions"] == false);
  CHECK(made.body["totalCodes"] == 0);
  const std::string& admin = api.admin().token;
  CHECK(api.post("/coupons", admin, R"({"name":"B","startDate":"soon","endDate":"2027-01-01"})")
            .status == 400);
  CHECK(
      api.post("/coupons", admin, R"({"name":"B","startDate":"2027-01-01","endDate":"2026-01-01"})")
          .status == 400);
  CHECK(api.post("/coupons", api.make_person("ann").token,
                 R"({"name":"B","startDate":"2026-01-01","endDate":"2027-01-01"})")
            .status == 403);
}

TEST_CASE("book: a closed book gives no codes", "[book]") {
  ApiFixture api;
  const auto body = [](const std::string& book) {
    return R"({"couponBookId":")" + book + R"(","quantity":1})";
  };
  const std::string& admin = api.admin().token;
  CHECK(api.post("/coupons/random-codes", admin, body(make_book(api, R"("isActive":false)")))
            .status == 403);
  const std::string ending = make_book(api);
  api.clock().advance(400 * core::kMsPerDay);
  // The administrator's session has run out with the year.
  const auto later = api.make_person("later", domain::Role::kAdmin);
  CHECK(api.post("/coupons/random-codes", later.token, body(ending)).status == 403);
  auto gone = api.post("/coupons/assign", later.token, for_user(later.uuid, ending));
  CHECK(gone.status == 410);
  CHECK(gone.sentence() == "Coupon book expired");
}

TEST_CASE("book: assigning has its sentences", "[book]") {
  ApiFixture api;
  const auto ann = api.make_person("ann");
  const auto ben = api.make_person("ben");
  const std::string book = make_book(api);
  upload(api, book, R"("ONE","TWO")");
  const std::string& admin = api.admin().token;
  auto given = api.post("/coupons/assign", admin, for_user(ann.uuid, book));
  REQUIRE(given.status == 201);
  CHECK(given.body["userId"] == ann.uuid);
  CHECK(given.body["couponBookId"] == book);
  auto capped = api.post("/coupons/assign", admin, for_user(ann.uuid, book));
  CHECK(capped.status == 422);
  CHECK(capped.sentence() == "User has reached max coupon limit");

  const std::string taken = given.text("code");
  const std::string free = taken == "ONE" ? "TWO" : "ONE";
  CHECK(api.post("/coupons/assign/" + taken, admin, for_user(ben.uuid)).status == 409);
  CHECK(api.post("/coupons/assign/NONE", admin, for_user(ben.uuid)).status == 404);
  CHECK(api.post("/coupons/assign/" + free, api.admin().token,
                 R"({"user_id":)" + std::to_string(ben.id.value) + "}")
            .status == 201);
  const auto cleo = api.make_person("cleo");
  auto none = api.post("/coupons/assign", admin, for_user(cleo.uuid, book));
  CHECK(none.status == 404);
  CHECK(none.sentence() == "No coupons available");
  CHECK(api.post("/coupons/assign", admin, for_user(cleo.uuid, "nowhere")).sentence() ==
        "Coupon book not found");

  const std::string off = make_book(api, R"("isActive":false)");
  CHECK(api.post("/coupons/assign", admin, for_user(ann.uuid, off)).status == 400);
  CHECK(api.is_sound());
}

TEST_CASE("book: a book that has not begun is not open", "[book]") {
  ApiFixture api;
  const auto ann = api.make_person("ann");
  auto made = api.post("/coupons", api.admin().token,
                       R"({"name":"B","startDate":"2026-12-31","endDate":"2027-01-01"})");
  REQUIRE(made.status == 201);
  const std::string body = for_user(ann.uuid, made.text("id"));
  CHECK(api.post("/coupons/assign", api.admin().token, body).status == 403);
}

TEST_CASE("book: a lock is exclusive, ends by itself, and a refused one leaves it alone",
          "[book]") {
  ApiFixture api;
  const auto ann = api.make_person("ann");
  const std::string book = make_book(api);
  upload(api, book, R"("ONE")");
  api.post("/coupons/assign", api.admin().token, for_user(ann.uuid, book));
  auto locked = api.post("/coupons/lock/ONE", api.admin().token,
                         R"({"userId":")" + ann.uuid + R"(","lockDurationSeconds":60})");
  REQUIRE(locked.status == 201);
  auto refused = api.post("/coupons/lock/ONE", api.admin().token, for_user(ann.uuid));
  CHECK(refused.status == 409);
  CHECK(refused.sentence() == "Coupon already locked");

  CHECK(api.post("/coupons/unlock/ONE", api.admin().token, for_user(ann.uuid)).body["released"] ==
        true);
  CHECK(api.post("/coupons/unlock/ONE", api.admin().token, for_user(ann.uuid)).status == 409);
  CHECK(api.post("/coupons/lock/ONE", api.admin().token, for_user(ann.uuid)).status == 201);
  api.clock().advance(301'000);  // the default is 300 s
  CHECK(api.post("/coupons/lock/ONE", api.admin().token, for_user(ann.uuid)).status == 201);

  const auto ben = api.make_person("ben");
  CHECK(api.post("/coupons/lock/ONE", api.admin().token, for_user(ben.uuid)).status == 404);
  CHECK(api.post("/coupons/lock/NONE", api.admin().token, for_user(ann.uuid)).status == 404);
  CHECK(api.is_sound());
}

TEST_CASE("book: redeeming has its sentences", "[book]") {
  ApiFixture api;
  const auto ann = api.make_person("ann");
  const std::string book = make_book(api);
  upload(api, book, R"("ONE","TWO")");
  api.post("/coupons/assign/ONE", api.admin().token, for_user(ann.uuid));
  auto unlocked = api.post("/coupons/redeem/ONE", api.admin().token, for_user(ann.uuid));
  CHECK(unlocked.status == 409);
  CHECK(unlocked.sentence() == "Coupon is not locked");
  CHECK(api.post("/coupons/lock/ONE", api.admin().token, for_user(ann.uuid)).status == 201);
  auto done = api.post("/coupons/redeem/one", api.admin().token, for_user(ann.uuid));
  REQUIRE(done.status == 201);
  CHECK(done.body["remainingRedemptions"] == 0);
  auto again = api.post("/coupons/redeem/ONE", api.admin().token, for_user(ann.uuid));
  CHECK(again.status == 400);
  CHECK(again.sentence() == "Already redeemed");
  CHECK(api.post("/coupons/redeem/TWO", api.admin().token, for_user(ann.uuid)).status == 404);
  CHECK(api.post("/coupons/lock/ONE", api.admin().token, for_user(ann.uuid)).status == 400);

  auto mine = api.get("/coupons/user/" + ann.uuid, ann.token);
  CHECK(mine.status == 201);
  REQUIRE(mine.body.size() == 1);
  CHECK(mine.body[0]["isRedeemed"] == true);
  CHECK(mine.body[0]["bookName"] == "Summer");
  CHECK(mine.body[0]["redemptions"][0]["transactionId"] == done.body["transactionId"]);
  CHECK(api.get("/coupons/user/" + ann.uuid, api.make_person("ben").token).status == 403);
  CHECK(api.get("/coupons/user/" + ann.uuid, api.admin().token).status == 201);
}

TEST_CASE("book: a coupon for several uses counts them down", "[book]") {
  ApiFixture api;
  const auto ann = api.make_person("ann");
  const std::string book =
      make_book(api, R"("allowMultipleRedemptions":true,"maxRedemptionsPerUser":2)");
  upload(api, book, R"("MANY")");
  api.post("/coupons/assign", api.admin().token, for_user(ann.uuid, book));
  for (const int left : {1, 0}) {
    CHECK(api.post("/coupons/lock/MANY", api.admin().token, for_user(ann.uuid)).status == 201);
    auto used = api.post("/coupons/redeem/MANY", api.admin().token, for_user(ann.uuid));
    CHECK(used.body["remainingRedemptions"] == left);
  }
  auto full = api.post("/coupons/redeem/MANY", api.admin().token, for_user(ann.uuid));
  CHECK(full.status == 400);
  CHECK(full.sentence() == "The maximum redemptions for this coupon have been reached");

  const std::string endless =
      make_book(api, R"("allowMultipleRedemptions":true,"maxRedemptionsPerUser":0)");
  upload(api, endless, R"("ENDLESS")");
  api.post("/coupons/assign", api.admin().token, for_user(ann.uuid, endless));
  api.post("/coupons/lock/ENDLESS", api.admin().token, for_user(ann.uuid));
  CHECK(api.post("/coupons/redeem/ENDLESS", api.admin().token, for_user(ann.uuid))
            .body["remainingRedemptions"]
            .is_null());
  CHECK(api.is_sound());
}

TEST_CASE("book: a lock is the user's it was taken for", "[book]") {
  ApiFixture api;
  const std::string& admin = api.admin().token;
  const auto ann = api.make_person("ann");
  upload(api, make_book(api), R"("ONE")");
  REQUIRE(api.post("/coupons/assign/ONE", admin, for_user(ann.uuid)).status == 201);
  REQUIRE(api.post("/coupons/lock/ONE", admin, for_user(ann.uuid)).status == 201);
  const auto ben = api.make_person("ben");
  CHECK(api.post("/coupons/redeem/ONE", admin, for_user(ben.uuid)).status == 404);
  api.clock().advance(301'000);
  CHECK(api.post("/coupons/redeem/ONE", admin, for_user(ann.uuid)).sentence() ==
        "Coupon is not locked");
  CHECK(api.post("/coupons/lock/ONE", admin, for_user(ann.uuid)).status == 201);
  CHECK(api.post("/coupons/redeem/ONE", admin, for_user(ann.uuid)).status == 201);
  CHECK(api.is_sound());
}

TEST_CASE("book: its verbs are the administrator's, the staff's and a key's", "[book]") {
  ApiFixture api;
  const auto ann = api.make_person("ann");
  const auto staff = api.make_person("staff", domain::Role::kStaff);
  const std::string book = make_book(api, R"("maxCodesPerUser":0)");
  upload(api, book, R"("ONE","TWO","SIX")");
  const std::string own = for_user(ann.uuid);
  CHECK(api.post("/coupons/assign", ann.token, for_user(ann.uuid, book)).status == 403);
  CHECK(api.post("/coupons/assign/ONE", ann.token, own).status == 403);
  CHECK(api.post("/coupons/assign/ONE", staff.token, own).status == 201);
  for (const char* verb : {"lock", "unlock", "redeem"}) {
    CAPTURE(verb);
    CHECK(api.post("/coupons/" + std::string(verb) + "/ONE", ann.token, own).status == 403);
    // Nor does somebody else's name tell anything.
    CHECK(
        api.post("/coupons/" + std::string(verb) + "/ONE", ann.token, for_user("nobody")).status ==
        403);
  }
  CHECK(api.post("/coupons/lock/ONE", staff.token, own).status == 201);
  CHECK(api.post("/coupons/redeem/ONE", staff.token, own).status == 201);

  const auto key =
      api.post("/api/v1/api-keys", api.admin().token, R"({"name":"till","scopes":["issue"]})");
  REQUIRE(key.status == 201);
  const std::string till = key.body["key"].get<std::string>();
  CHECK(api.post("/coupons/assign/TWO", till, own).status == 201);
  CHECK(api.post("/coupons/lock/TWO", till, own).status == 201);
  CHECK(api.post("/coupons/unlock/TWO", till, own).status == 201);
  CHECK(api.post("/coupons/lock/TWO", till, own).status == 201);
  CHECK(api.post("/coupons/redeem/TWO", till, own).status == 201);
  CHECK(api.is_sound());
}

TEST_CASE("book: where the campaign says so, users serve themselves, and nobody else", "[book]") {
  ApiFixture api;
  const auto ann = api.make_person("ann");
  const auto ben = api.make_person("ben");
  const std::string book = make_book(api);
  upload(api, book, R"("ONE","TWO")");
  REQUIRE(
      api.send("PATCH", "/api/v1/campaigns/" + book, api.admin().token, R"({"self_service":true})")
          .status == 200);
  const std::string own = for_user(ann.uuid);
  CHECK(api.post("/coupons/assign", ann.token, for_user(ben.uuid, book)).status == 403);
  CHECK(api.post("/coupons/assign", ann.token, for_user(ann.uuid, "nowhere")).status == 403);
  const auto given = api.post("/coupons/assign", ann.token, for_user(ann.uuid, book));
  REQUIRE(given.status == 201);
  const std::string code = given.text("code");
  CHECK(api.post("/coupons/lock/NONE", ann.token, own).status == 404);
  CHECK(api.post("/coupons/redeem/" + code, ann.token, own).status == 409);
  // Somebody else's coupon is one that does not exist, to the last word.
  for (const char* verb : {"lock", "unlock", "redeem"}) {
    const std::string path = "/coupons/" + std::string(verb) + "/";
    const auto others = api.post(path + code, ben.token, for_user(ben.uuid));
    const auto none = api.post(path + "NONE", ben.token, for_user(ben.uuid));
    CAPTURE(verb, others.body.dump());
    CHECK(others.status == 404);
    CHECK(others.text("code") == "unknown_code");
    CHECK(others.text("detail") == none.text("detail"));
  }
  CHECK(api.post("/coupons/lock/" + code, ann.token, own).status == 201);
  CHECK(api.post("/coupons/redeem/" + code, ann.token, own).status == 201);
  CHECK(api.is_sound());
}

TEST_CASE("book: the root tells who answers", "[book]") {
  ApiFixture api;
  auto about = api.send("GET", "/", {}, {}, {{"Accept", "application/json"}});
  CHECK(about.status == 200);
  CHECK(about.body["name"] == "coupond");
}
