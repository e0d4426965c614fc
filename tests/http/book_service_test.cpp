// The book service, row by row of its contract.
#include <catch2/catch.hpp>

#include <set>

#include "tests/support/api_fixture.h"

using namespace coupon;
using test::ApiFixture;

namespace {

// An open book unless the fields say otherwise.
std::string make_book(ApiFixture& api, const std::string& more = "") {
  auto made =
      api.post("/coupons", api.admin().token,
               R"({"name":"Summer","startDate":"2026-01-01","endDate":"2027-01-01T00:00:00Z")" +
                   (more.empty() ? "" : "," + more) + "}");
  REQUIRE(made.status == 201);
  CHECK(made.body["_id"] == made.body["id"]);
  return made.text("id");
}

void upload(ApiFixture& api, const std::string& book, const std::string& codes) {
  REQUIRE(api.post("/coupons/codes", api.admin().token,
                   R"({"couponBookId":")" + book + R"(","codes":[)" + codes + "]}")
              .status == 201);
}

std::string for_user(const std::string& user, const std::string& book = "") {
  std::string body = R"({"userId":")" + user + "\"";
  if (!book.empty()) body += R"(,"couponBookId":")" + book + "\"";
  return body + "}";
}

}  // namespace

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
  CHECK(api.post("/users", {}, R"({"email":"x@example.com"})").status == 422);

  auto session =
      api.post("/auth/token", {}, R"({"email":"ann@example.com","password":"hunter22x"})");
  CHECK(session.status == 200);
  CHECK(session.body.contains("token"));
  CHECK(session.body.contains("refreshToken"));
  CHECK(api.post("/auth/token", {}, R"({"email":"ann@example.com","password":"wrong"})").status ==
        401);
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

TEST_CASE("book: an upload stores all codes or none", "[book]") {
  ApiFixture api;
  const std::string book = make_book(api);
  auto done = api.post("/coupons/codes", api.admin().token,
                       R"({"couponBookId":")" + book + R"(","codes":["ONE","TWO"]})");
  REQUIRE(done.status == 201);
  CHECK(done.body["uploadedCodes"] == 2);
  CHECK(done.body["totalCodes"] == 2);
  CHECK(done.body["status"] == "completed");
  auto duplicate = api.post("/coupons/codes", api.admin().token,
                            R"({"couponBookId":")" + book + R"(","codes":["NEW","two"]})");
  CHECK(duplicate.status == 409);
  CHECK(duplicate.sentence().find("two") != std::string::npos);
  auto unknown =
      api.post("/coupons/codes", api.admin().token, R"({"couponBookId":"nowhere","codes":["X"]})");
  CHECK(unknown.status == 404);
  CHECK(unknown.sentence() == "Coupon book not found");
  CHECK(api.post("/coupons/codes", api.admin().token,
                 R"({"couponBookId":")" + book + R"(","codes":["NEW"]})")
            .body["totalCodes"] == 3);
}

TEST_CASE("book: random codes follow the pattern, and its room is respected", "[book]") {
  ApiFixture api;
  const std::string book = make_book(api, R"("codePattern":"S-{NUMERIC:1}","maxCodesPerUser":0)");
  auto made = api.post("/coupons/random-codes", api.admin().token,
                       R"({"couponBookId":")" + book + R"(","quantity":10})");
  REQUIRE(made.status == 201);
  CHECK(made.body["generatedCodes"] == 10);
  auto full = api.post("/coupons/random-codes", api.admin().token,
                       R"({"couponBookId":")" + book + R"(","quantity":1})");
  CHECK(full.status == 409);
  std::set<std::string> codes;
  for (int i = 0; i < 10; ++i) {
    const auto assigned =
        api.post("/coupons/assign", api.admin().token, for_user(api.admin().uuid, book));
    REQUIRE(assigned.status == 201);
    codes.insert(assigned.text("code"));
  }
  CHECK(codes.size() == 10);
  CHECK(codes.count("S-0") == 1);
  CHECK(api.is_sound());
}

TEST_CASE("book: many random codes are made in the background", "[book]") {
  ApiFixture api;
  const std::string book = make_book(api);
  auto queued = api.post("/coupons/random-codes", api.admin().token,
                         R"({"couponBookId":")" + book + R"(","quantity":1500})");
  REQUIRE(queued.status == 201);
  CHECK(queued.body["status"] == "processing");
  CHECK(queued.body["message"] == "1500 code generation started in the background");
  CHECK_FALSE(queued.body["jobId"].get<std::string>().empty());
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
  auto given = api.post("/coupons/assign", ann.token, for_user(ann.uuid, book));
  REQUIRE(given.status == 201);
  CHECK(given.body["userId"] == ann.uuid);
  CHECK(given.body["couponBookId"] == book);
  auto capped = api.post("/coupons/assign", ann.token, for_user(ann.uuid, book));
  CHECK(capped.status == 422);
  CHECK(capped.sentence() == "User has reached max coupon limit");
  CHECK(api.post("/coupons/assign", ann.token, for_user(ben.uuid, book)).status == 403);

  const std::string taken = given.text("code");
  const std::string free = taken == "ONE" ? "TWO" : "ONE";
  CHECK(api.post("/coupons/assign/" + taken, ben.token, for_user(ben.uuid)).status == 409);
  CHECK(api.post("/coupons/assign/NONE", ben.token, for_user(ben.uuid)).status == 404);
  CHECK(api.post("/coupons/assign/" + free, api.admin().token,
                 R"({"user_id":)" + std::to_string(ben.id.value) + "}")
            .status == 201);
  const auto cleo = api.make_person("cleo");
  auto none = api.post("/coupons/assign", cleo.token, for_user(cleo.uuid, book));
  CHECK(none.status == 404);
  CHECK(none.sentence() == "No coupons available");
  CHECK(api.post("/coupons/assign", cleo.token, for_user(cleo.uuid, "nowhere")).sentence() ==
        "Coupon book not found");

  const std::string off = make_book(api, R"("isActive":false)");
  CHECK(api.post("/coupons/assign", ann.token, for_user(ann.uuid, off)).status == 400);
  CHECK(api.is_sound());
}

TEST_CASE("book: a book that has not begun is not open", "[book]") {
  ApiFixture api;
  const auto ann = api.make_person("ann");
  auto made = api.post("/coupons", api.admin().token,
                       R"({"name":"B","startDate":"2026-12-31","endDate":"2027-01-01"})");
  REQUIRE(made.status == 201);
  CHECK(api.post("/coupons/assign", ann.token, for_user(ann.uuid, made.text("id"))).status == 403);
}

TEST_CASE("book: a lock is exclusive, ends by itself, and a refused one leaves it alone",
          "[book]") {
  ApiFixture api;
  const auto ann = api.make_person("ann");
  const std::string book = make_book(api);
  upload(api, book, R"("ONE")");
  api.post("/coupons/assign", ann.token, for_user(ann.uuid, book));
  auto locked = api.post("/coupons/lock/ONE", ann.token,
                         R"({"userId":")" + ann.uuid + R"(","lockDurationSeconds":60})");
  REQUIRE(locked.status == 201);
  auto refused = api.post("/coupons/lock/ONE", ann.token, for_user(ann.uuid));
  CHECK(refused.status == 409);
  CHECK(refused.sentence() == "Coupon already locked");

  CHECK(api.post("/coupons/unlock/ONE", ann.token, for_user(ann.uuid)).body["released"] == true);
  CHECK(api.post("/coupons/unlock/ONE", ann.token, for_user(ann.uuid)).status == 409);
  CHECK(api.post("/coupons/lock/ONE", ann.token, for_user(ann.uuid)).status == 201);
  api.clock().advance(301'000);  // the default is 300 s
  CHECK(api.post("/coupons/lock/ONE", ann.token, for_user(ann.uuid)).status == 201);

  const auto ben = api.make_person("ben");
  CHECK(api.post("/coupons/lock/ONE", ben.token, for_user(ben.uuid)).status == 404);
  CHECK(api.post("/coupons/lock/NONE", ann.token, for_user(ann.uuid)).status == 404);
  CHECK(api.is_sound());
}

TEST_CASE("book: redeeming has its sentences", "[book]") {
  ApiFixture api;
  const auto ann = api.make_person("ann");
  const std::string book = make_book(api);
  upload(api, book, R"("ONE","TWO")");
  api.post("/coupons/assign/ONE", ann.token, for_user(ann.uuid));
  auto done = api.post("/coupons/redeem/one", ann.token, for_user(ann.uuid));
  REQUIRE(done.status == 201);
  CHECK(done.body["remainingRedemptions"] == 0);
  auto again = api.post("/coupons/redeem/ONE", ann.token, for_user(ann.uuid));
  CHECK(again.status == 400);
  CHECK(again.sentence() == "Already redeemed");
  CHECK(api.post("/coupons/redeem/TWO", ann.token, for_user(ann.uuid)).status == 404);
  CHECK(api.post("/coupons/lock/ONE", ann.token, for_user(ann.uuid)).status == 400);

  auto mine = api.get("/coupons/user/" + ann.uuid, ann.token);
  REQUIRE(mine.body.size() == 1);
  CHECK(mine.body[0]["isRedeemed"] == true);
  CHECK(mine.body[0]["bookName"] == "Summer");
  CHECK(mine.body[0]["redemptions"][0]["transactionId"] == done.body["transactionId"]);
  CHECK(api.get("/coupons/user/" + ann.uuid, api.make_person("ben").token).status == 403);
  CHECK(api.get("/coupons/user/" + ann.uuid, api.admin().token).status == 200);
}

TEST_CASE("book: a coupon for several uses counts them down", "[book]") {
  ApiFixture api;
  const auto ann = api.make_person("ann");
  const std::string book =
      make_book(api, R"("allowMultipleRedemptions":true,"maxRedemptionsPerUser":2)");
  upload(api, book, R"("MANY")");
  api.post("/coupons/assign", ann.token, for_user(ann.uuid, book));
  CHECK(api.post("/coupons/redeem/MANY", ann.token, for_user(ann.uuid))
            .body["remainingRedemptions"] == 1);
  CHECK(api.post("/coupons/redeem/MANY", ann.token, for_user(ann.uuid))
            .body["remainingRedemptions"] == 0);
  auto full = api.post("/coupons/redeem/MANY", ann.token, for_user(ann.uuid));
  CHECK(full.status == 400);
  CHECK(full.sentence() == "The maximum redemptions for this coupon have been reached");

  const std::string endless =
      make_book(api, R"("allowMultipleRedemptions":true,"maxRedemptionsPerUser":0)");
  upload(api, endless, R"("ENDLESS")");
  api.post("/coupons/assign", ann.token, for_user(ann.uuid, endless));
  CHECK(api.post("/coupons/redeem/ENDLESS", ann.token, for_user(ann.uuid))
            .body["remainingRedemptions"]
            .is_null());
  CHECK(api.is_sound());
}

TEST_CASE("book: where a lock is required, only a locked coupon is redeemed", "[book]") {
  ApiFixture api;
  const auto ann = api.make_person("ann");
  const std::string book = make_book(api);
  upload(api, book, R"("ONE")");
  api.post("/coupons/assign", ann.token, for_user(ann.uuid, book));
  REQUIRE(
      api.send("PATCH", "/api/v1/campaigns/" + book, api.admin().token, R"({"hold_required":true})")
          .status == 200);
  auto unlocked = api.post("/coupons/redeem/ONE", ann.token, for_user(ann.uuid));
  CHECK(unlocked.status == 409);
  CHECK(unlocked.sentence() == "Coupon is not locked");
  api.post("/coupons/lock/ONE", ann.token, for_user(ann.uuid));
  CHECK(api.post("/coupons/redeem/ONE", ann.token, for_user(ann.uuid)).status == 201);
}

TEST_CASE("book: the root tells who answers", "[book]") {
  ApiFixture api;
  auto about = api.send("GET", "/", {}, {}, {{"Accept", "application/json"}});
  CHECK(about.status == 200);
  CHECK(about.body["name"] == "coupond");
}
