// Rate limits as clients meet them: exact counts under parallel bursts, one count for all spellings
// and routes, headers that tell the truth, and owners who get in again.
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <thread>

#include "coupond/http/openapi.h"
#include "tests/support/api_fixture.h"

using namespace coupon;
using nlohmann::json;
using test::ApiFixture;
using test::ApiReply;
using test::LiveEngine;

namespace {

constexpr const char* kLogin = "/api/v1/auth/login";

std::string credentials(const std::string& email, const std::string& password) {
  return json{{"email", email}, {"password", password}}.dump();
}

ApiFixture::Headers from(const std::string& address) { return {{"Client-Address", address}}; }

ApiReply guess(ApiFixture& api, const std::string& email, const std::string& address = "10.0.0.1") {
  return api.handle("POST", kLogin, "", credentials(email, "nonsense 1"), from(address));
}

ApiReply log_in(ApiFixture& api, const std::string& email, const std::string& address) {
  return api.handle("POST", kLogin, "", credentials(email, LiveEngine::kPassword), from(address));
}

// The statuses of 64 wrong passwords at once.
std::vector<int> burst(ApiFixture& api, const std::function<std::string(int)>& email,
                       const std::function<std::string(int)>& address) {
  std::vector<int> statuses(64);
  std::vector<std::thread> threads;
  for (int i = 0; i < 64; ++i) {
    threads.emplace_back([&, i] {
      statuses[static_cast<std::size_t>(i)] = guess(api, email(i), address(i)).status;
    });
  }
  for (std::thread& thread : threads) thread.join();
  return statuses;
}

std::int64_t count(const std::vector<int>& statuses, int status) {
  return std::count(statuses.begin(), statuses.end(), status);
}

// The number behind `name` in the first item of a RateLimit header.
std::int64_t parameter(const std::string& header, const std::string& name) {
  const std::size_t at = header.find(";" + name + "=");
  REQUIRE(at != std::string::npos);
  return std::stoll(header.substr(at + name.size() + 2));
}

std::string path_with_ones(std::string path) {
  for (std::size_t open; (open = path.find('{')) != std::string::npos;) {
    path.replace(open, path.find('}', open) - open + 1, "1");
  }
  return path;
}

}  // namespace

TEST_CASE("64 wrong passwords at once count 64, whoever is asked for", "[limits]") {
  ApiFixture api(true);
  api.make_person("ada");
  const std::string email = GENERATE(as<std::string>(), "ada@example.com", "nobody@example.com");
  const auto statuses = burst(
      api, [&](int) { return email; }, [](int i) { return "10.0.0." + std::to_string(i); });
  CHECK(count(statuses, 401) == 5);
  CHECK(count(statuses, 429) == 59);
}

TEST_CASE("64 wrong passwords at once from one address count 64, whoever they are for",
          "[limits]") {
  ApiFixture api(true);
  const auto email = [](int i) { return "p" + std::to_string(i) + "@example.com"; };
  SECTION("IPv4") {
    const auto statuses = burst(api, email, [](int) { return "10.0.0.1"; });
    CHECK(count(statuses, 401) == 60);
    CHECK(count(statuses, 429) == 4);
    CHECK(guess(api, "other@example.com", "10.0.0.2").status == 401);
  }
  SECTION("IPv6 counts by /64") {
    const auto statuses =
        burst(api, email, [](int i) { return "2001:db8::" + std::to_string(i + 1); });
    CHECK(count(statuses, 401) == 60);
    CHECK(count(statuses, 429) == 4);
    CHECK(guess(api, "other@example.com", "2001:db8:0:1::1").status == 401);
  }
}

TEST_CASE("a locked-out account's owner gets in after Retry-After", "[limits]") {
  ApiFixture api(true);
  api.make_person("ada");
  for (int i = 0; i < 5; ++i) CHECK(guess(api, "ada@example.com").status == 401);
  for (int round = 0; round < 4; ++round) {
    const auto refused = log_in(api, "ada@example.com", "10.0.0.9");
    CHECK(refused.status == 429);
    const std::int64_t wait_s = std::stoll(refused.header("Retry-After"));
    CHECK(wait_s == 5LL << round);
    api.clock().advance(wait_s * 1000);
    if (round < 3) CHECK(guess(api, "ada@example.com").status == 401);
  }
  CHECK(log_in(api, "ada@example.com", "10.0.0.9").status == 200);
}

TEST_CASE("guessing does not lock the owner out where they were logged in before", "[limits]") {
  ApiFixture api(true);
  const auto ada = api.make_person("ada");
  REQUIRE(log_in(api, "ada@example.com", "10.0.0.9").status == 200);
  for (int i = 0; i < 50; ++i) guess(api, "ada@example.com", "10.9.9." + std::to_string(i));
  CHECK(guess(api, "ada@example.com").status == 429);
  CHECK(log_in(api, "ada@example.com", "10.0.0.9").status == 200);
  CHECK(api.get("/api/v1/me", ada.token).status == 200);
  CHECK(guess(api, "ada@example.com").status == 429);
}

TEST_CASE("right passwords do not count", "[limits]") {
  ApiFixture api(true);
  api.make_person("ada");
  for (int i = 0; i < 100; ++i) {
    REQUIRE(log_in(api, "ada@example.com", "10.0.0.1").status == 200);
  }
}

TEST_CASE("all spellings and all routes to an account share one count", "[limits]") {
  ApiFixture api(true);
  api.make_person("ada");
  struct Way {
    const char* path;
    const char* name;
    const char* email;
  };
  constexpr Way kWays[] = {{"/api/v1/auth/login", "email", "ada@example.com"},
                           {"/api/v1/auth/login", "email", " ADA@Example.com"},
                           {"/login", "email", "Ada@example.com"},
                           {"/auth/token", "email", "ada@EXAMPLE.com "},
                           {"/api/login", "email", "aDA@example.com"}};
  for (const Way& way : kWays) {
    CAPTURE(way.path, way.email);
    const json body{{way.name, way.email}, {"password", "nonsense 1"}};
    CHECK(api.post(way.path, "", body.dump()).status == 401);
  }
  for (const Way& way : kWays) {
    CAPTURE(way.path, way.email);
    const json body{{way.name, way.email}, {"password", LiveEngine::kPassword}};
    CHECK(api.post(way.path, "", body.dump()).status == 429);
  }
  const json by_username{{"username", "ada@example.com"}, {"password", LiveEngine::kPassword}};
  CHECK(api.post("/v1/auth/login", "", by_username.dump()).status == 429);
}

TEST_CASE("a stolen session does not help to guess its password", "[limits]") {
  ApiFixture api(true);
  const auto ada = api.make_person("ada");
  const std::string wrong = R"({"current_password":"nonsense 1","new_password":"another pass 2"})";
  for (int i = 0; i < 5; ++i)
    CHECK(api.post("/api/v1/me/password", ada.token, wrong).status == 401);
  CHECK(api.post("/api/v1/me/password", ada.token, wrong).status == 429);
  CHECK(guess(api, "ada@example.com").status == 429);
}

TEST_CASE("limits count down in RateLimit, and Retry-After is the truth", "[limits]") {
  ApiFixture api(true);
  const auto ada = api.make_person("ada");
  const auto look_up = [&] { return api.get("/api/v1/coupons/ABCD-NO-SUCH-CODE", ada.token); };
  for (std::int64_t left = 9; left >= 0; --left) {
    const auto reply = look_up();
    CHECK(reply.status == 404);
    CHECK(reply.header("RateLimit-Policy") ==
          R"("codes-address";q=30;w=60, "codes-caller";q=10;w=60)");
    const std::string limits = reply.header("RateLimit");
    CHECK(parameter(limits, "r") == left + 20);
    CHECK(parameter(limits.substr(limits.find(", ")), "r") == left);
  }
  const auto refused = look_up();
  CHECK(refused.status == 429);
  CHECK(parameter(refused.header("RateLimit").substr(refused.header("RateLimit").find(", ")),
                  "r") == 0);
  api.clock().advance(std::stoll(refused.header("Retry-After")) * 1000 - 1);
  CHECK(look_up().status == 429);
  api.clock().advance(1);
  CHECK(look_up().status == 404);
}

TEST_CASE("every reply of every limited route tells its limits", "[limits]") {
  ApiFixture api(true);
  const auto ada = api.make_person("ada");
  std::set<std::string> rules;
  for (const auto& endpoint : api.api().endpoints()) {
    for (const std::string& token : {std::string(), std::string("not a token"), ada.token}) {
      const auto reply = api.send(endpoint->method, path_with_ones(endpoint->path), token);
      CAPTURE(endpoint->route, reply.status);
      const bool limited = !endpoint->rate.empty();
      CHECK(reply.header("RateLimit-Policy").empty() != limited);
      CHECK(reply.header("RateLimit").empty() != limited);
      if (limited) {
        rules.insert(endpoint->rate);
        CHECK(parameter(reply.header("RateLimit"), "r") <=
              parameter(reply.header("RateLimit-Policy"), "q"));
      }
      if (reply.status == 429) CHECK_FALSE(reply.header("Retry-After").empty());
    }
  }
  CHECK(rules.size() == 6);
}

TEST_CASE("with limits off nothing is limited and no reply speaks of limits", "[limits]") {
  ApiFixture api;
  for (int i = 0; i < 100; ++i) CHECK(guess(api, "ada@example.com").status == 401);
  CHECK(guess(api, "ada@example.com").header("RateLimit").empty());
}

TEST_CASE("the document declares the headers of limits", "[limits]") {
  ApiFixture api;
  const json document = api.get("/openapi.json").body;
  const auto resolved = [&](const json& response) {
    if (!response.contains("$ref")) return response;
    return document.at(json::json_pointer(response.at("$ref").get<std::string>().substr(1)));
  };
  for (const auto& endpoint : api.api().endpoints()) {
    CAPTURE(endpoint->route);
    std::string method = endpoint->method;
    std::transform(method.begin(), method.end(), method.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const std::string& path = endpoint->shown_path.empty() ? endpoint->path : endpoint->shown_path;
    const json responses = document.at("paths").at(path).at(method).at("responses");
    for (const auto& [status, response] : responses.items()) {
      const json headers = resolved(response).value("headers", json::object());
      CHECK(headers.contains("RateLimit") == !endpoint->rate.empty());
      CHECK(headers.contains("RateLimit-Policy") == !endpoint->rate.empty());
      if (status == "429") CHECK(headers.contains("Retry-After"));
    }
  }
}

TEST_CASE("an account named by username and by e-mail has one count of wrong passwords",
          "[limits]") {
  ApiFixture api(true);
  const json account{
      {"email", "ada@example.com"}, {"username", "ada"}, {"password", LiveEngine::kPassword}};
  REQUIRE(api.post("/api/v1/auth/register", "", account.dump()).status == 201);
  int heard = 0;
  for (int i = 0; i < 20; ++i) {
    const json login{{"username", i % 2 == 0 ? "ada" : "ada@example.com"},
                     {"password", "nonsense 1"}};
    heard += api.post("/v1/auth/login", "", login.dump()).status == 401 ? 1 : 0;
  }
  CHECK(heard == 5);
}

TEST_CASE("what is refused of a code that exists costs nothing, whoever asks", "[limits]") {
  ApiFixture api(true);
  const std::string admin = api.admin().token;
  const auto ada = api.make_person("ada");
  const auto bob = api.make_person("bob");
  REQUIRE(api.post("/api/v1/campaigns", admin,
                   R"({"slug":"pool","name":"Pool","mode":"pool","max_redemptions_per_coupon":1})")
              .status == 201);
  const auto made = api.post("/api/v1/campaigns/pool/codes", admin, R"({"count":2})");
  REQUIRE(made.status == 201);
  const std::string code = made.body.at("codes").at(0).get<std::string>();
  const std::string path = "/api/v1/coupons/" + code;
  REQUIRE(api.post(path + "/assign", admin, json{{"user_id", ada.uuid}}.dump()).status == 201);
  REQUIRE(api.post(path + "/redeem", ada.token, "{}").status == 201);
  for (int i = 0; i < 50; ++i) {
    REQUIRE(api.post(path + "/redeem", ada.token, "{}").status == 409);  // used
    REQUIRE(api.post(path + "/redeem", bob.token, "{}").status == 404);  // not his, so not told
    REQUIRE(api.post(path + "/assign", admin, json{{"user_id", bob.uuid}}.dump()).status == 409);
    REQUIRE(api.get(path).status == 200);
  }
  int heard = 0;
  for (int i = 0; i < 20; ++i) {
    heard += api.post("/api/v1/coupons/NO-SUCH-CODE/redeem", bob.token, "{}").status == 404 ? 1 : 0;
  }
  CHECK(heard == 10);
  // Bob's guesses, and strangers', are not Ada's.
  for (int i = 0; i < 100; ++i) api.get("/api/v1/coupons/NO-SUCH-CODE");
  CHECK(api.get("/api/v1/coupons/NO-SUCH-CODE").status == 429);
  CHECK(api.get(path, ada.token).status == 200);
  CHECK(api.get(path, bob.token).status == 429);
}
