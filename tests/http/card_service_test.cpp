// The card service, row by row of its contract.
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "coupond/core/codes.h"
#include "tests/support/api_fixture.h"

using namespace coupon;
using test::ApiFixture;

namespace {

std::vector<std::string> make_cards(ApiFixture& api, int count) {
  auto made = api.post("/admin/generate-codes", api.admin().token,
                       R"({"count":)" + std::to_string(count) + "}");
  REQUIRE(made.status == 201);
  return made.body["codes"].get<std::vector<std::string>>();
}

// What `coupond codes import` and the native API do with another system's file.
void import_cards(ApiFixture& api, const std::string& file) {
  const std::string& admin = api.admin().token;
  auto queued = api.post("/api/v1/campaigns/subscription-cards/codes/import", admin, file,
                         {{"Content-Type", "text/csv"}});
  REQUIRE(queued.status == 202);
  const std::string job = "/api/v1/jobs/" + queued.body["job"]["id"].dump();
  while (api.get(job, admin).body["state"] != "done") {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  REQUIRE(api.get(job, admin).body["errors"] == 0);
}

std::string entry(const ApiFixture::Person& who, const std::string& code) {
  return R"({"user_id":)" + std::to_string(who.id.value) + R"(,"card_code":")" + code + R"("})";
}

}  // namespace

TEST_CASE("card: an account is made with a session", "[card]") {
  ApiFixture api;
  auto made =
      api.post("/api/register", {}, R"({"email":"Ann@Example.com","password":"hunter22x"})");
  REQUIRE(made.status == 201);
  CHECK(made.body["message"] == "User registered successfully");
  CHECK(made.body["token_type"] == "Bearer");
  CHECK(made.body["expires_in"] == 3600);
  CHECK(made.body["user"]["email"] == "ann@example.com");
  const std::string token = made.text("access_token");
  CHECK(api.get("/api/profile", token).body["user"]["id"] == made.body["user"]["id"]);

  auto again =
      api.post("/api/register", {}, R"({"email":" ann@example.COM ","password":"hunter22x"})");
  CHECK(again.status == 409);
  CHECK(again.sentence() == "User with this email already exists");

  auto session =
      api.post("/api/login", {}, R"({"email":"ann@example.com","password":"hunter22x"})");
  CHECK(session.status == 200);
  CHECK(session.body["message"] == "Login successful");
}

TEST_CASE("card: every bad registration and login has its sentence", "[card]") {
  ApiFixture api;
  struct Row {
    const char* path;
    const char* body;
    int status;
    const char* sentence;
  };
  const Row rows[] = {
      {"/api/register", "", 400, "No data provided"},
      {"/api/register", "{}", 400, "No data provided"},
      {"/api/register", R"({"password":"hunter22x"})", 400, "Email is required"},
      {"/api/register", R"({"email":"a@b.co"})", 400, "Password is required"},
      {"/api/register", R"({"email":"nonsense","password":"hunter22x"})", 400,
       "Invalid email format"},
      {"/api/register", R"({"email":"a@b.co","password":"short1"})", 400,
       "Password must be at least 8 characters long"},
      {"/api/register", R"({"email":"a@b.co","password":"12345678"})", 400,
       "Password must contain at least one letter"},
      {"/api/register", R"({"email":"a@b.co","password":"abcdefgh"})", 400,
       "Password must contain at least one number"},
      {"/api/login", R"({"email":"a@b.co"})", 400, "Email and password are required"},
      {"/api/login", "", 400, "Email and password are required"},
      {"/api/login", R"({"email":"a@b.co","password":"whatever1"})", 401,
       "Invalid email or password"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.path, row.body);
    auto reply = api.post(row.path, {}, row.body);
    CHECK(reply.status == row.status);
    CHECK(reply.sentence() == row.sentence);
    CHECK(reply.body["error"] == row.sentence);
  }
}

TEST_CASE("card: users see themselves, administrators see all", "[card]") {
  ApiFixture api;
  const auto ann = api.make_person("ann");
  CHECK(api.get("/api/users", ann.token).body["users"].size() == 1);
  CHECK(api.get("/api/users", api.admin().token).body["users"].size() == 2);
  CHECK(api.get("/api/users").status == 401);
}

TEST_CASE("card: codes are made by administrators, within bounds", "[card]") {
  ApiFixture api;
  const auto codes = make_cards(api, 3);
  REQUIRE(codes.size() == 3);
  for (const std::string& code : codes) {
    CHECK(code.size() == 26);  // 12-4-8
    CHECK(core::card_check_ok(*core::canonical(code)));
  }
  auto made = api.post("/admin/generate-codes", api.admin().token, R"({"count":1})");
  CHECK(made.body["message"] == "Successfully generated 1 redeem codes");

  const std::string& admin = api.admin().token;
  CHECK(api.post("/admin/generate-codes", admin).sentence() == "Count is required");
  CHECK(api.post("/admin/generate-codes", admin, "{}").sentence() == "Count is required");
  CHECK(api.post("/admin/generate-codes", admin, R"({"count":0})").sentence() ==
        "Count is required");
  for (const char* bad :
       {R"({"count":true})", R"({"count":-1})", R"({"count":"x"})", R"({"count":1.5})"}) {
    CAPTURE(bad);
    auto reply = api.post("/admin/generate-codes", admin, bad);
    CHECK(reply.status == 400);
    CHECK(reply.sentence() == "Count must be a positive integer");
  }
  CHECK(api.post("/admin/generate-codes", admin, R"({"count":10001})").sentence() ==
        "Count cannot exceed 10,000 codes per request");
  const auto ann = api.make_person("ann");
  auto refused = api.post("/admin/generate-codes", ann.token, R"({"count":1})");
  CHECK(refused.status == 403);
  CHECK(refused.sentence() == "Admin privileges required");
}

TEST_CASE("card: a redeemed code gives thirty days, once", "[card]") {
  ApiFixture api;
  const auto ann = api.make_person("ann");
  const auto codes = make_cards(api, 2);
  auto first = api.post("/redeem", ann.token, entry(ann, codes[0]));
  REQUIRE(first.status == 200);
  CHECK(first.body["message"] == "Code redeemed successfully");
  CHECK(first.body["subscription_extended"] == true);
  auto status = api.get("/subscription/" + std::to_string(ann.id.value), ann.token);
  CHECK(status.body["subscription_status"] == "active");
  CHECK(status.body["days_remaining"] == 30);
  CHECK(status.body["subscription_expires_at"] == first.body["new_subscription_expiry"]);

  auto again = api.post("/redeem", ann.token, entry(ann, codes[0]));
  CHECK(again.status == 409);
  CHECK(again.sentence() == "Code has already been used");

  std::string typed = codes[1];
  for (char& c : typed) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  CHECK(api.post("/redeem", ann.token, entry(ann, " " + typed)).status == 200);
  CHECK(api.get("/subscription/" + ann.uuid, ann.token).body["days_remaining"] == 60);
  api.clock().advance(61 * core::kMsPerDay);
  const auto later = api.make_person("later", domain::Role::kAdmin);  // sessions end in an hour
  auto over = api.get("/subscription/" + ann.uuid, later.token);
  CHECK(over.body["subscription_status"] == "expired");
  CHECK(over.body["days_remaining"].is_null());
  CHECK(api.is_sound());
}

TEST_CASE("card: cards that another system printed redeem, whatever their shape", "[card]") {
  ApiFixture api;
  const auto ann = api.make_person("ann");
  const auto ben = api.make_person("ben");
  const std::vector<std::string> printed = {"0123456789AB-CDEF0123-456789AB",
                                            "A1B2C3D4E5F6-G7H8-I9J0K1L2",
                                            "BOLD77X",
                                            "B0LD77X",
                                            "50\u20ac",
                                            "7ZK2M9QW4XTA1BHCE5N8RVD0"};
  std::string file = "code\n";
  for (const std::string& code : printed) file += code + "\n";
  import_cards(api, file);
  const auto redeem = [&](const ApiFixture::Person& who, const std::string& code) {
    api.clock().advance(6'000);
    return api.post("/redeem", who.token, entry(who, code)).status;
  };
  for (const std::string& code : printed) {
    CAPTURE(code);
    CHECK(redeem(ann, code) == 200);
    CHECK(redeem(ben, code) == 409);
  }
  // Digits and letters that were mixed up: the first look-up finds what is there, the second what
  // was meant.
  CHECK(redeem(ann, "O123456789AB-CDEF0123-456789AB") == 409);
  CHECK(redeem(ann, "B01D77X000") == 404);
  // The number of the account as its digits, the card in any case.
  const std::string code = make_cards(api, 1)[0];
  const auto done = api.post(
      "/redeem", ann.token,
      R"({"user_id":" )" + std::to_string(ann.id.value) + R"(","card_code":")" + code + R"("})");
  CHECK(done.status == 200);
  CHECK(api.is_sound());
}

TEST_CASE("card: what cannot be redeemed says why", "[card]") {
  ApiFixture api;
  const auto ann = api.make_person("ann");
  const auto ben = api.make_person("ben");
  const std::string code = make_cards(api, 1)[0];
  std::string mistyped = code;
  mistyped[0] = mistyped[0] == '7' ? '8' : '7';
  struct Row {
    std::string body;
    int status;
    const char* sentence;
  };
  const Row rows[] = {
      {"", 400, "user_id is required"},
      {R"({"card_code":"X"})", 400, "user_id is required"},
      {R"({"user_id":)" + std::to_string(ann.id.value) + "}", 400, "card_code is required"},
      {R"({"user_id":"x","card_code":"X"})", 400, "user_id must be a valid integer"},
      {R"({"user_id":"","card_code":"X"})", 400, "user_id is required"},
      {R"({"user_id":true,"card_code":"X"})", 400, "user_id must be a valid integer"},
      {entry(ann, "not-a-card"), 404, "Invalid redeem code"},
      {entry(ann, "INVALID-CODE-TEST"), 404, "Invalid redeem code"},
      {entry(ann, "SHORT-123"), 400, "Invalid card_code format"},
      {entry(ann, "ABC_DEF_GHI_JKL"), 400, "Invalid card_code format"},
      {entry(ann, "ABCDEFGHIJK\u00dc"), 400, "Invalid card_code format"},
      {entry(ann, mistyped), 404, "Invalid redeem code"},
      {entry(ben, code), 403, "You can only redeem codes for your own account"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.body);
    api.clock().advance(60'000);  // ten a minute
    auto reply = api.post("/redeem", ann.token, row.body);
    CHECK(reply.status == row.status);
    CHECK(reply.sentence() == row.sentence);
  }
  CHECK(api.post("/redeem", {}, entry(ann, code)).status == 401);
  REQUIRE(api.send("PATCH", "/api/v1/campaigns/subscription-cards", api.admin().token,
                   R"({"ends_at":"2026-01-02T00:00:00Z"})")
              .status == 200);
  auto ended = api.post("/redeem", ann.token, entry(ann, code));
  CHECK(ended.status == 400);
  CHECK(ended.sentence() == "Redeem code has expired");
}

TEST_CASE("card: subscriptions are private", "[card]") {
  ApiFixture api;
  const auto ann = api.make_person("ann");
  const auto ben = api.make_person("ben");
  auto own = api.get("/api/subscription", ann.token);
  CHECK(own.body["is_subscribed"] == false);
  CHECK(own.body["subscription_expires_at"].is_null());
  CHECK(api.get("/subscription/" + ann.uuid, ann.token).body["subscription_status"] == "inactive");
  for (const std::string& id : {std::to_string(ben.id.value), ben.uuid}) {
    auto refused = api.get("/subscription/" + id, ann.token);
    CHECK(refused.status == 403);
    CHECK(refused.sentence() == "Access denied. You can only check your own subscription status");
  }
  for (const char* id : {"99999", "invalid", "0", "000000000000000000000001"}) {
    CAPTURE(id);
    for (const std::string& token : {api.admin().token, ann.token}) {
      auto unknown = api.get(std::string("/subscription/") + id, token);
      CHECK(unknown.status == 404);
      CHECK(unknown.sentence() == "User not found");
    }
  }
  CHECK(api.get("/api/health").body["status"] == "healthy");
}

TEST_CASE("card: the list of codes has pages, newest first, used or not", "[card]") {
  ApiFixture api;
  const auto ann = api.make_person("ann");
  const auto codes = make_cards(api, 5);
  api.post("/redeem", ann.token, entry(ann, codes[1]));
  auto all = api.get("/admin/codes?page=1&per_page=2", api.admin().token);
  REQUIRE(all.status == 200);
  CHECK(all.body["total"] == 5);
  CHECK(all.body["pages"] == 3);
  CHECK(all.body["current_page"] == 1);
  CHECK(all.body["codes"][0]["code"] == codes[4]);
  CHECK(api.get("/admin/codes?page=3&per_page=2", api.admin().token).body["codes"].size() == 1);

  auto used = api.get("/admin/codes?used=true", api.admin().token);
  REQUIRE(used.body["codes"].size() == 1);
  CHECK(used.body["codes"][0]["code"] == codes[1]);
  CHECK(used.body["codes"][0]["redeemed_by"] == ann.id.value);
  CHECK(used.body["codes"][0]["is_used"] == true);
  auto unused = api.get("/admin/codes?used=false&per_page=3&page=2", api.admin().token);
  CHECK(unused.body["total"] == 4);
  CHECK(unused.body["codes"].size() == 1);
  CHECK(unused.body["codes"][0]["code"] == codes[0]);
  CHECK(api.get("/admin/codes", ann.token).status == 403);
  CHECK(api.get("/admin/codes?per_page=1001", api.admin().token).body["per_page"] == 1000);
  auto odd = api.get("/admin/codes?per_page=x&page=-3&used=perhaps", api.admin().token);
  CHECK(odd.body["per_page"] == 50);
  CHECK(odd.body["current_page"] == 1);
  CHECK(odd.body["codes"].size() == 5);
  auto past = api.get("/admin/codes?page=99", api.admin().token);
  CHECK(past.status == 200);
  CHECK(past.body["codes"].empty());
}
