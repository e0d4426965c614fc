// Goal: everybody gets exactly what is theirs. Method: the served document says what there is and
// who may; every operation of it is tried by everybody who may not. (authorization_test does the
// same without sockets, with inputs made from the declarations, and compares the database.)
#include <catch2/catch.hpp>

#include "coupond/core/clock.h"
#include "coupond/core/jwt.h"
#include "tests/security/site.h"

using namespace coupon;
using nlohmann::json;
using test::BlackBox;
using test::HttpClient;
using test::knock;
using test::Operation;
using test::Person;

namespace {

// A session of the person that ended a minute ago.
std::string expired_token(const BlackBox& box, const Person& person) {
  const core::UnixMs now = core::system_clock_now();
  const core::Jwt tokens(core::Secrets::load(box.data_dir() + "/secret.key").value());
  return tokens.sign_session({.user_id = person.id,
                              .uuid = person.uuid,
                              .epoch = 1,
                              .issued_at = now + -3'660'000,
                              .expires_at = now + -60'000,
                              .role = "admin"});
}

// A town with one of everything that can be Alice's.
class Town {
 public:
  Town();
  int port() { return box.server().port(); }
  json must(const Person& person, const std::string& path, const json& body = json::object()) {
    const auto answer = ask(client(), person, "POST", path, body.dump());
    INFO(path << ": " << answer.status << ' ' << answer.body.dump());
    REQUIRE(answer.status < 300);
    return answer.body;
  }
  HttpClient& client() { return *client_; }

  BlackBox box;
  const Person admin = box.add_person(domain::Role::kAdmin);
  const Person staff = box.add_person(domain::Role::kStaff);
  const Person alice = box.add_person(domain::Role::kUser, 424'242);
  const Person mallory = box.add_person();
  std::vector<std::string> codes;
  std::string redemption;
  std::string hold_token;
  std::string key;

 private:
  std::optional<HttpClient> client_;
};

Town::Town() {
  const auto pool = box.add_campaign("pool", domain::Mode::kPool, {});
  codes = box.add_codes(pool, 3);
  box.start();
  client_.emplace(port());
  for (const int i : {0, 1}) {
    must(admin, "/api/v1/coupons/" + codes[std::size_t(i)] + "/assign", {{"user_id", alice.uuid}});
  }
  hold_token =
      must(alice, "/api/v1/coupons/" + codes[0] + "/hold").at("hold_token").get<std::string>();
  redemption = must(alice, "/api/v1/coupons/" + codes[1] + "/redeem", {{"order_id", "alices"}})
                   .at("redemption")
                   .at("id")
                   .dump();
  key = must(admin, "/api/v1/api-keys", {{"name", "till"}, {"scopes", {"read"}}})
            .at("key")
            .get<std::string>();
}

constexpr const char* kInjections[] = {"'",
                                       "''",
                                       "\"",
                                       "1'--",
                                       "' OR '1'='1",
                                       "1 OR 1=1",
                                       "1; DROP TABLE users",
                                       "') OR 1=1--",
                                       "' UNION SELECT password_hash FROM users--",
                                       "x' AND 1=(SELECT count(*) FROM users)--",
                                       "%27%20OR%201=1",
                                       "\\'; --",
                                       "1/**/OR/**/1=1",
                                       "0x31",
                                       "admin'/*",
                                       "NULL",
                                       "%",
                                       "_",
                                       "[",
                                       "*"};

std::string percent_encoded(const std::string& text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return out;
}

std::string ledger_head(Town& town) {
  const auto head = ask(town.client(), town.admin, "GET", "/api/v1/ledger/checkpoint");
  return head.body.at("seq").dump();
}

}  // namespace

TEST_CASE("no operation is open to anybody it is not declared open to", "[S18][security]") {
  Town town;
  const std::string expired = expired_token(town.box, town.alice);
  const std::string before = ledger_head(town);
  int cases = 0;
  int routes = 0;
  const auto status = [&](const Operation& operation, const std::string& token) {
    ++cases;
    test::Headers headers;
    if (!token.empty()) headers.emplace_back("Authorization", "Bearer " + token);
    return town.client().send(operation.method, filled(operation, "1"), headers).status;
  };
  for (const Operation& operation : test::operations_of(town.port())) {
    INFO(operation.method << ' ' << operation.path);
    ++routes;
    if (operation.open || operation.refresh) {
      for (const char* token : {"", "nonsense"}) CHECK(status(operation, token) < 500);
      continue;
    }
    for (const std::string& token :
         {std::string(), std::string("nonsense"), expired, town.alice.refresh_token,
          std::string("ck_") + std::string(43, 'A')}) {
      CHECK(status(operation, token) == 401);
    }
    if (operation.role.empty()) continue;
    CHECK(status(operation, town.mallory.token) == 403);
    if (operation.role == "admin") CHECK(status(operation, town.staff.token) == 403);
    // Printing changes nothing: a key that reads may, and is told what its request lacks.
    const bool prints = operation.path.ends_with("/print");
    if (operation.mutates()) CHECK(status(operation, town.key) == (prints ? 400 : 403));
  }
  CHECK(routes > 70);
  CHECK(cases >= 4 * routes);
  CHECK(ledger_head(town) == before);
  WARN(cases << " calls of " << routes << " operations by those who may not: all refused");
}

TEST_CASE("what is Alice's is Alice's, by whatever name she is called", "[S18][security]") {
  Town town;
  const std::string before = ledger_head(town);
  const std::string code = town.codes[0];
  for (const std::string& user : {town.alice.uuid, std::to_string(town.alice.id)}) {
    const json about = {{"user_id", user}, {"userId", user}};
    const json hold = {{"user_id", user}, {"hold_token", town.hold_token}};
    struct Attempt {
      const char* method;
      std::string path;
      json body;
    };
    for (const Attempt& attempt : std::vector<Attempt>{
             {"GET", "/v1/user/" + user, {}},
             {"GET", "/coupons/user/" + user, {}},
             {"GET", "/subscription/" + user, {}},
             {"GET", "/api/v1/users/" + user, {}},
             {"GET", "/api/v1/redemptions/" + town.redemption, {}},
             {"GET", "/api/v1/redemptions?user_id=" + user, {}},
             {"POST", "/api/v1/redemptions/" + town.redemption + "/rollback", json::object()},
             {"POST", "/api/v1/coupons/" + code + "/redeem", {{"hold_token", town.hold_token}}},
             {"POST", "/api/v1/coupons/" + code + "/redeem", hold},
             {"POST", "/api/v1/coupons/" + code + "/release", hold},
             {"POST", "/api/v1/coupons/" + code + "/hold", {{"user_id", user}}},
             {"POST", "/api/v1/campaigns/tokens/issue", {{"user_id", user}}},
             {"POST", "/coupons/assign/" + town.codes[2], about},
             {"POST", "/coupons/unlock/" + code, about},
             {"POST", "/coupons/redeem/" + code, about},
             {"POST", "/redeem", {{"user_id", town.alice.id}, {"card_code", code}}},
             {"PATCH", "/api/v1/users/" + user, {{"name", "Mallory"}}}}) {
      INFO(attempt.method << ' ' << attempt.path << ' ' << attempt.body.dump());
      const std::string body = attempt.body.is_null() ? "" : attempt.body.dump();
      const auto answer = ask(town.client(), town.mallory, attempt.method, attempt.path, body);
      CHECK(answer.status >= 400);
      CHECK(answer.status < 500);
    }
  }
  CHECK(ledger_head(town) == before);
}

TEST_CASE("nobody becomes more by saying so", "[S19][security]") {
  Town town;
  const json more = {
      {"role", "admin"},  {"is_admin", true},   {"admin", true}, {"credit", 1'000'000},
      {"active", true},   {"issued", 0},        {"cap", 1},      {"user_id", 1},
      {"token_epoch", 0}, {"scopes", {"admin"}}};
  int number = 0;
  for (const char* path :
       {"/api/v1/auth/register", "/register", "/users", "/api/register", "/api/v1/users"}) {
    for (const auto& [name, value] : more.items()) {
      const std::string email = "m" + std::to_string(++number) + "@example.com";
      json body = {
          {"email", email}, {"password", test::kPassword}, {"firstName", "M"}, {"lastName", "M"}};
      if (std::string(path).starts_with("/api/v1/")) {
        body.erase("firstName");
        body.erase("lastName");
      }
      body[name] = value;
      const auto answer = ask(town.client(), town.mallory, "POST", path, body.dump());
      INFO(path << ' ' << body.dump() << ": " << answer.status);
      const bool strict = std::string(path) == "/api/v1/auth/register";
      if (strict) CHECK(answer.status == 400);
      CHECK(answer.status < 500);
    }
  }
  for (const auto& [name, value] : more.items()) {
    const std::string body = json{{name, value}}.dump();
    const std::string self = "/api/v1/users/" + town.mallory.uuid;
    CHECK(ask(town.client(), town.mallory, "PATCH", self, body).status == 403);
    CHECK(ask(town.client(), town.mallory, "PATCH", "/api/v1/me", body).status >= 400);
  }
  const auto users = ask(town.client(), town.admin, "GET", "/api/v1/users?limit=1000");
  int grown = 0;
  for (const auto& user : users.body.at("items")) {
    const bool known = user.at("email").get<std::string>().starts_with("p");
    if (known) continue;
    ++grown;
    CHECK(user.at("role") == "user");
    CHECK(user.at("credit") == 0);
  }
  CHECK(grown >= 10);
}

TEST_CASE("no reply tells more than its reader may know", "[S20][security]") {
  Town town;
  int replies = 0;
  for (const Operation& operation : test::operations_of(town.port())) {
    if (operation.mutates()) continue;
    for (const std::string& token : {std::string(), town.mallory.token, town.admin.token}) {
      const auto reply = knock(town.port(), "GET", filled(operation, "1"), token);
      INFO(operation.path << ": " << reply.body.substr(0, 500));
      for (const char* never :
           {"argon2", "password_hash", "code_hash", "code_sealed", "key_hash"}) {
        CHECK(reply.body.find(never) == std::string::npos);
      }
      ++replies;
      if (token == town.admin.token) continue;
      CHECK(reply.body.find(town.alice.email) == std::string::npos);
      CHECK(reply.body.find("424242") == std::string::npos);
      for (const std::string& code : town.codes) CHECK(reply.body.find(code) == std::string::npos);
    }
  }
  CHECK(replies > 90);
}

TEST_CASE("the same field twice is refused", "[S21][security]") {
  Town town;
  const int port = town.port();
  for (const char* body :
       {R"({"email":"a@example.com","email":"b@example.com","password":"correct horse 1"})",
        R"({"email":"a@example.com","password":"correct horse 1","password":"correct horse 1"})",
        R"({"email":"a@example.com","password":"correct horse 1","name":"a","n\u0061me":"b"})"}) {
    INFO(body);
    CHECK(knock(port, "POST", "/api/v1/auth/register", {}, body).status == 400);
  }
  CHECK(knock(port, "GET", "/api/v1/users?limit=1&limit=2", town.admin.token).status == 400);
  CHECK(
      knock(port, "POST", "/redeem?user_id=1", town.alice.token, R"({"user_id":2,"card_code":"x"})")
          .status == 400);
  CHECK(knock(port, "POST", "/register?email=a@example.com&email=b@example.com&password=abcdefg9")
            .status >= 400);
}

TEST_CASE("no text reaches SQL as SQL", "[S21][security]") {
  Town town;
  const int port = town.port();
  const auto operations = test::operations_of(port);
  const std::string before = ledger_head(town);
  int tried = 0;
  for (const std::string text : kInjections) {
    const std::string escaped = percent_encoded(text);
    for (const Operation& operation : operations) {
      const bool changes = operation.mutates() && operation.path.find("{") == std::string::npos;
      if (operation.method == "DELETE" || changes) continue;
      ++tried;
      const auto reply =
          knock(port, operation.method,
                filled(operation, escaped) + "?limit=1&cursor=" + escaped + "&state=" + escaped,
                town.admin.token, operation.mutates() ? "{}" : "");
      INFO(operation.method << ' ' << operation.path << " with " << text << ": "
                            << reply.body.substr(0, 300));
      CHECK(reply.status < 500);
      CHECK(reply.body.find("sqlite") == std::string::npos);
      CHECK(reply.body.find("SQL") == std::string::npos);
      CHECK(reply.body.find("argon2") == std::string::npos);
    }
    const auto login = knock(port, "POST", "/v1/auth/login", {},
                             json{{"username", text}, {"password", text}}.dump());
    CHECK(login.status == 401);
  }
  CHECK(tried > 500);
  CHECK(ledger_head(town) == before);
  CHECK(town.box.divergence() == "");
}
