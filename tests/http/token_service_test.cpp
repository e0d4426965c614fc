// The token service, as its clients know it: exact paths, keys, statuses and sentences, and the
// promise of exactly 77 tokens.
#include <atomic>
#include <catch2/catch.hpp>
#include <set>
#include <sstream>
#include <thread>

#include "coupond/core/bytes.h"
#include "tests/support/api_fixture.h"

using namespace coupon;
using test::ApiFixture;
using test::ApiReply;

namespace {

const std::string kAda = R"({"email":"ada@example.com","password":"correct horse 1"})";

std::string quoted(const std::string& token) { return R"({"token":")" + token + "\"}"; }

std::string token_of(const ApiReply& generated) {
  return generated.body.at("token").get<std::string>();
}

void check_session(const ApiReply& reply) {
  REQUIRE(reply.status == 200);
  CHECK(reply.body.at("token_type") == "bearer");
  CHECK(reply.body.at("token") == reply.body.at("access_token"));
  CHECK(reply.body.at("expires_in") == 86400);
  CHECK(reply.body.at("id") == reply.body.at("user").at("id"));
  CHECK(reply.body.at("email") == "ada@example.com");
  CHECK(reply.body.at("role") == "USER");
  CHECK(reply.body.at("user").at("user_id").get<std::string>().size() == 36);
}

}  // namespace

TEST_CASE("register and login by JSON, form or query give the documented session", "[token]") {
  ApiFixture api;
  check_session(api.post("/register", "", kAda));
  check_session(api.post("/login", "", kAda));
  check_session(api.post("/login?email=ada@example.com&password=correct+horse+1"));
  check_session(api.post("/login", "", "email=ada%40example.com&password=correct%20horse%201",
                         {{"Content-Type", "application/x-www-form-urlencoded"}}));
  const auto again = api.post("/register", "", kAda);
  CHECK(again.status == 409);
  CHECK(again.body.at("error") == "Email already registered");
  const auto wrong = api.post("/login?email=ada@example.com&password=nonsense1");
  CHECK(wrong.status == 401);
  CHECK(wrong.sentence() == "Invalid credentials");
}

TEST_CASE("a bad registration lists each bad field", "[token]") {
  ApiFixture api;
  const auto reply = api.post("/register", "", R"({"email":"x","password":"y"})");
  CHECK(reply.status == 422);
  CHECK(reply.body.at("errors").size() == 2);
  CHECK(api.post("/register").status == 422);
}

TEST_CASE("a token is issued, found valid, used once", "[token]") {
  ApiFixture api;
  const auto ada = api.make_person("ada");
  const auto made = api.post("/generate-coupon", ada.token);
  REQUIRE(made.status == 200);
  CHECK(made.body.at("token_number") == 1);
  CHECK(made.body.at("remaining_tokens") == 76);
  CHECK(made.body.at("user_id") == ada.uuid);

  const auto valid = api.post("/validate-token", "", quoted(token_of(made)));
  CHECK(valid.body.at("valid") == true);
  CHECK(valid.sentence() == "Token is valid and unused");
  CHECK(valid.body.at("token_number") == 1);

  const auto used = api.post("/use-token", "", quoted(token_of(made)));
  REQUIRE(used.status == 200);
  CHECK(used.sentence() == "Token successfully used");
  CHECK(used.body.at("token_number") == 1);
  CHECK(used.body.at("user_id") == ada.uuid);

  const auto again = api.post("/use-token", "", quoted(token_of(made)));
  CHECK(again.status == 409);
  CHECK(again.sentence() == "Token has already been used");
  const auto spent = api.post("/validate-token", "", quoted(token_of(made)));
  CHECK(spent.status == 200);
  CHECK(spent.body.at("valid") == false);
  CHECK(spent.sentence() == "Token has already been used");
  CHECK(spent.body.at("user_id") == ada.uuid);
}

TEST_CASE("a token of a deactivated account is worth nothing until the account is back",
          "[token]") {
  ApiFixture api;
  const auto ada = api.make_person("ada");
  const auto given = api.post("/generate-coupon", ada.token);
  REQUIRE(given.status == 200);
  const std::string token = quoted(token_of(given));
  const std::string account = "/api/v1/users/" + ada.uuid;
  REQUIRE(api.send("PATCH", account, api.admin().token, R"({"active":false})").status == 200);
  const auto worth = api.post("/validate-token", {}, token);
  CHECK(worth.body.at("valid") == false);
  CHECK(worth.sentence() == "Invalid or expired token");
  const auto used = api.post("/use-token", {}, token);
  CHECK(used.status == 400);
  CHECK(used.sentence() == "Invalid or expired token");
  REQUIRE(api.send("PATCH", account, api.admin().token, R"({"active":true})").status == 200);
  CHECK(api.post("/validate-token", {}, token).body.at("valid") == true);
  CHECK(api.post("/use-token", {}, token).status == 200);
  CHECK(api.is_sound());
}

TEST_CASE("a token's number is never given again, whatever is rolled back", "[token]") {
  ApiFixture api;
  const auto ada = api.make_person("ada");
  const auto first = api.post("/generate-coupon", ada.token);
  REQUIRE(api.post("/use-token", "", quoted(token_of(first))).status == 200);
  const auto used = api.get("/api/v1/redemptions", api.admin().token);
  const auto id = used.body.at("items").at(0).at("id").dump();
  REQUIRE(api.post("/api/v1/redemptions/" + id + "/rollback", api.admin().token, "{}").status ==
          200);
  const auto second = api.post("/generate-coupon", ada.token);
  REQUIRE(second.status == 200);
  CHECK(second.body.at("token_number") == 2);
  CHECK(api.post("/generate-coupon", ada.token).body.at("token_number") == 3);
  CHECK(api.is_sound());
}

TEST_CASE("tokens that are none, of another kind, changed or over", "[token]") {
  ApiFixture api;
  const auto ada = api.make_person("ada");
  const std::string token = token_of(api.post("/generate-coupon", ada.token));
  std::string changed = token;
  changed[changed.size() - 10] = changed[changed.size() - 10] == 'A' ? 'B' : 'A';

  const auto check = [&](const std::string& text, const std::string& sentence, bool readable) {
    CAPTURE(text);
    const auto seen = api.post("/validate-token", "", quoted(text));
    CHECK(seen.status == 200);
    CHECK(seen.body.at("valid") == false);
    CHECK(seen.sentence() == sentence);
    CHECK(seen.body.at("token_number").is_null() == !readable);
    CHECK(seen.body.at("user_id").is_null() == !readable);
    const auto used = api.post("/use-token", "", quoted(text));
    CHECK(used.status == 400);
    CHECK(used.sentence() == sentence);
  };
  check("nonsense", "Invalid or expired token", false);
  check(changed, "Invalid or expired token", false);
  check(ada.token, "Invalid token format", false);
  CHECK(api.post("/validate-token").status == 422);
  CHECK(api.post("/use-token", "", "{}").status == 422);

  api.clock().advance(core::kMsPerDay + 31'000);
  check(token, "Invalid or expired token", true);
}

namespace {

nlohmann::json part_of(const std::string& token, int part) {
  std::istringstream parts(token);
  std::string text;
  for (int i = 0; i <= part; ++i) std::getline(parts, text, '.');
  return nlohmann::json::parse(core::as_text(core::from_base64url(text).value()));
}

}  // namespace

TEST_CASE("a token has four claims, unless its campaign wants it verified offline", "[token]") {
  ApiFixture api;
  const auto ada = api.make_person("ada");
  const std::string plain = token_of(api.post("/generate-coupon", ada.token));
  const auto claims = part_of(plain, 1);
  CHECK(claims.size() == 4);
  CHECK(claims["token_number"] == 1);
  CHECK(claims["user_id"] == ada.uuid);
  CHECK(claims["issued_at"].get<std::string>().size() == 26);
  CHECK(claims["exp"].is_number_integer());
  CHECK(part_of(plain, 0)["alg"] == "HS256");

  const std::string path = "/api/v1/campaigns/tokens";
  const std::string admin = api.admin().token;
  CHECK(api.send("PATCH", path, admin, R"({"token_algorithm":"RS256"})").status == 400);
  REQUIRE(api.send("PATCH", path, admin, R"({"token_algorithm":"EdDSA"})").status == 200);
  const std::string offline = token_of(api.post("/generate-coupon", ada.token));
  CHECK(part_of(offline, 0)["alg"] == "EdDSA");
  CHECK(part_of(offline, 0)["kid"] == api.get("/.well-known/jwks.json").body["keys"][0]["kid"]);
  REQUIRE(api.send("PATCH", path, admin, R"({"token_algorithm":null})").status == 200);
  for (const std::string& token : {plain, offline}) {
    CHECK(api.post("/validate-token", "", quoted(token)).body.at("valid") == true);
    CHECK(api.post("/use-token", "", quoted(token)).status == 200);
    CHECK(api.post("/use-token", "", quoted(token)).status == 409);
  }
  CHECK(api.is_sound());
}

TEST_CASE("tokens of two campaigns issued at one moment are two", "[token]") {
  ApiFixture api;
  const auto ada = api.make_person("ada");
  const std::string other = R"({"mode":"token","name":"Other","token_ttl_s":86400})";
  REQUIRE(api.post("/api/v1/campaigns", api.admin().token, other).status == 201);
  const auto first = api.post("/api/v1/campaigns/tokens/issue", ada.token, "{}");
  const auto second = api.post("/api/v1/campaigns/other/issue", ada.token, "{}");
  REQUIRE(first.status == 201);
  REQUIRE(second.status == 201);
  CHECK(first.text("token") != second.text("token"));
  for (const auto& one : {first, second}) {
    CHECK(api.post("/use-token", "", quoted(one.text("token"))).status == 200);
  }
  CHECK(api.is_sound());
}

TEST_CASE("the user's limit is told before everybody's", "[token]") {
  ApiFixture api;
  const auto ada = api.make_person("ada");
  for (int i = 0; i < 5; ++i) REQUIRE(api.post("/generate-coupon", ada.token).status == 200);
  const auto stats = api.get("/user-stats", ada.token);
  CHECK(stats.body.at("user_tokens_issued") == 5);
  CHECK(stats.body.at("user_tokens_remaining") == 0);
  CHECK(stats.body.at("user_limit_reached") == true);
  const std::string sentence = "User token limit reached. Maximum of 5 tokens per user allowed.";
  for (int i = 0; i < 3; ++i) {  // from the file, then from memory
    const auto refused = api.post("/generate-coupon", ada.token);
    CHECK(refused.status == 429);
    CHECK(refused.sentence() == sentence);
  }
  for (int i = 0; i < 16; ++i) {
    const auto user = api.make_person("user" + std::to_string(i));
    for (int k = 0; k < 5; ++k) api.post("/generate-coupon", user.token);
  }
  CHECK(api.get("/stats").body.at("tokens_issued") == 77);
  CHECK(api.post("/generate-coupon", ada.token).sentence() == sentence);
  const auto late = api.make_person("late");
  for (int i = 0; i < 3; ++i) {
    const auto refused = api.post("/generate-coupon", late.token);
    CHECK(refused.status == 429);
    CHECK(refused.sentence() ==
          "Global token limit reached. Maximum of 77 tokens allowed. 0 tokens remaining.");
  }
  CHECK(api.post("/generate-coupon").status == 401);
}

TEST_CASE("200 at once over 40 users: exactly 77 tokens, numbered without gap",
          "[token][concurrency]") {
  ApiFixture api;
  std::vector<std::string> sessions;
  for (int i = 0; i < 40; ++i) sessions.push_back(api.make_person("u" + std::to_string(i)).token);
  std::atomic<int> next = 0;
  std::mutex mutex;
  std::multiset<std::int64_t> numbers;
  std::multiset<int> statuses;
  std::vector<std::thread> threads;
  for (int t = 0; t < 20; ++t) {
    threads.emplace_back([&] {
      for (int i = next++; i < 200; i = next++) {
        const auto reply =
            api.handle("POST", "/generate-coupon", sessions[static_cast<std::size_t>(i) % 40]);
        const std::lock_guard lock(mutex);
        statuses.insert(reply.status);
        if (reply.status == 200) numbers.insert(reply.body.at("token_number").get<int>());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(statuses.count(200) == 77);
  CHECK(statuses.count(429) == 123);
  CHECK(std::set<std::int64_t>(numbers.begin(), numbers.end()).size() == 77);
  CHECK(*numbers.begin() == 1);
  CHECK(*numbers.rbegin() == 77);
  const auto stats = api.get("/stats");
  CHECK(stats.body.at("tokens_issued") == 77);
  CHECK(stats.body.at("tokens_remaining") == 0);
  CHECK(stats.body.at("max_tokens") == 77);
  CHECK(stats.body.at("max_tokens_per_user") == 5);
  CHECK(stats.body.at("limit_reached") == true);
}

TEST_CASE("of 32 simultaneous uses of a token exactly one succeeds", "[token][concurrency]") {
  ApiFixture api;
  const auto ada = api.make_person("ada");
  const std::string body = quoted(token_of(api.post("/generate-coupon", ada.token)));
  std::atomic<int> used = 0;
  std::atomic<int> refused = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 32; ++i) {
    threads.emplace_back([&] {
      const int status = api.handle("POST", "/use-token", "", body).status;
      if (status == 200) ++used;
      if (status == 409) ++refused;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(used == 1);
  CHECK(refused == 31);
}

TEST_CASE("later clients find the same under /coupons", "[token]") {
  ApiFixture api;
  const auto ada = api.make_person("ada");
  const std::string token = token_of(api.post("/coupons/generate", ada.token));
  CHECK(api.post("/coupons/validate", "", quoted(token)).body.at("valid") == true);
  CHECK(api.post("/coupons/use", "", quoted(token)).status == 200);
  CHECK(api.get("/coupons/stats").body.at("tokens_issued") == 1);
  CHECK(api.get("/coupons/user-stats", ada.token).body.at("user_tokens_issued") == 1);
}

TEST_CASE("health says what clients of the old service look for", "[token]") {
  ApiFixture api;
  const auto health = api.get("/health");
  CHECK(health.status == 200);
  CHECK(health.body.at("status") == "healthy");
  CHECK(health.body.at("redis_connected") == true);
  CHECK(health.body.count("timestamp") == 1);
}
