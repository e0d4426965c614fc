// The native API's auth, me, users and api-keys, and what stands before every endpoint: who calls,
// who may, and what is not told.
#include <catch2/catch.hpp>
#include <set>

#include "tests/support/api_fixture.h"

using namespace coupon;
using test::ApiFixture;
using test::ApiReply;

namespace {

const std::string kRegister = R"({"email":"ada@example.com","password":"correct horse 1"})";
const std::string kLogin = kRegister;

std::string refresh_body(const ApiReply& session) {
  return R"({"refresh_token":")" + session.body.at("refresh_token").get<std::string>() + "\"}";
}

std::string access_token_of(const ApiReply& session) {
  return session.body.at("access_token").get<std::string>();
}

std::string path_of(const ApiFixture::Person& person) {
  return "/api/v1/users/" + std::to_string(person.id.value);
}

}  // namespace

TEST_CASE("registering opens a session that works everywhere a session does", "[accounts_api]") {
  ApiFixture api;
  const auto made = api.post("/api/v1/auth/register", "", kRegister);
  REQUIRE(made.status == 201);
  CHECK(made.body.at("token_type") == "Bearer");
  CHECK(made.body.at("expires_in") == 3600);
  CHECK(made.body.at("user").at("email") == "ada@example.com");
  CHECK(made.body.at("user").at("role") == "user");
  CHECK(made.body.at("seq").get<int>() > 0);
  CHECK(made.raw.body.find("argon2") == std::string::npos);

  const std::string token = access_token_of(made);
  CHECK(api.get("/api/v1/me", token).status == 200);
  CHECK(api.send("GET", "/api/v1/me", "", "", {{"authorization", "bearer  " + token}}).status ==
        200);
  CHECK(api.send("GET", "/api/v1/me", "", "", {{"Authorization", token}}).status == 200);
  CHECK(api.send("GET", "/api/v1/me", "", "", {{"Token", token}}).status == 200);
}

TEST_CASE("without a good session nobody gets in, and is told no more than that",
          "[accounts_api]") {
  ApiFixture api;
  const auto session = api.post("/api/v1/auth/register", "", kRegister);
  const auto absent = api.get("/api/v1/me");
  CHECK(absent.status == 401);
  CHECK(absent.sentence() == "Not authenticated");
  CHECK(absent.header("WWW-Authenticate") == "Bearer");
  CHECK(api.send("GET", "/api/v1/me", "", "", {{"Authorization", "Bearer "}}).sentence() ==
        "Not authenticated");

  const auto mine = api.post("/generate-coupon", access_token_of(session));
  REQUIRE(mine.status == 200);
  const std::vector<std::string> wrong = {"x",
                                          "ck_x",
                                          "Basic YTpi",
                                          session.body.at("refresh_token").get<std::string>(),
                                          mine.body.at("token").get<std::string>(),
                                          access_token_of(session) + "x"};
  for (const std::string& token : wrong) {
    CAPTURE(token);
    const auto reply = api.get("/api/v1/me", token);
    CHECK(reply.status == 401);
    CHECK(reply.sentence() == "Invalid or expired token");
    CHECK(reply.header("WWW-Authenticate") == "Bearer");
  }
}

TEST_CASE("bad registrations are refused field by field and store nothing", "[accounts_api]") {
  ApiFixture api;
  const auto before = api.engine().number("SELECT count(*) FROM users");
  const auto both = api.post("/api/v1/auth/register", "", R"({"email":"x","password":"short"})");
  CHECK(both.status == 400);
  std::set<std::string> fields;
  for (const auto& problem : both.body.at("errors"))
    fields.insert(problem.at("field").get<std::string>());
  CHECK(fields == std::set<std::string>{"email", "password"});

  for (const char* extra : {R"("role":"admin")", R"("credit":5)", R"("is_admin":true)",
                            R"("token_epoch":0)", R"("email":"twice@example.com")"}) {
    CAPTURE(extra);
    const std::string body =
        R"({"email":"eve@example.com","password":"correct horse 1",)" + std::string(extra) + "}";
    CHECK(api.post("/api/v1/auth/register", "", body).status == 400);
  }
  for (const char* password : {"letters only", "12345678", "password1", "a1", ""}) {
    CAPTURE(password);
    const std::string body =
        R"({"email":"eve@example.com","password":")" + std::string(password) + "\"}";
    CHECK(api.post("/api/v1/auth/register", "", body).status == 400);
  }
  CHECK(api.engine().number("SELECT count(*) FROM users") == before);
}

TEST_CASE("an e-mail registered in any spelling is taken", "[accounts_api]") {
  ApiFixture api;
  REQUIRE(api.post("/api/v1/auth/register", "", kRegister).status == 201);
  const auto again = api.post("/api/v1/auth/register", "",
                              R"({"email":" ADA@example.COM","password":"correct horse 2"})");
  CHECK(again.status == 409);
  CHECK(again.code() == "email_taken");
  CHECK(again.sentence() == "Email already registered");
}

TEST_CASE("logging in, refreshing and logging out", "[accounts_api]") {
  ApiFixture api;
  REQUIRE(api.post("/api/v1/auth/register", "", kRegister).status == 201);
  const auto wrong =
      api.post("/api/v1/auth/login", "", R"({"email":"ada@example.com","password":"nonsense 1"})");
  const auto unknown =
      api.post("/api/v1/auth/login", "", R"({"email":"bob@example.com","password":"nonsense 1"})");
  CHECK(wrong.status == 401);
  CHECK(wrong.sentence() == "Invalid credentials");
  CHECK(wrong.raw.body == unknown.raw.body);

  const auto first = api.post("/api/v1/auth/login", "", kLogin);
  REQUIRE(first.status == 200);
  CHECK(first.body.count("seq") == 0);
  const auto second = api.post("/api/v1/auth/refresh", "", refresh_body(first));
  REQUIRE(second.status == 200);
  CHECK(api.get("/api/v1/me", access_token_of(second)).status == 200);
  REQUIRE(api.post("/api/v1/auth/refresh", "", refresh_body(second)).status == 200);
  CHECK(api.post("/api/v1/auth/refresh", "", refresh_body(first)).status == 401);

  const auto third = api.post("/api/v1/auth/login", "", kLogin);
  CHECK(api.post("/api/v1/auth/logout", "", refresh_body(third)).status == 204);
  CHECK(api.post("/api/v1/auth/refresh", "", refresh_body(third)).status == 401);
}

TEST_CASE("changing the password ends every session but the one it opens", "[accounts_api]") {
  ApiFixture api;
  const auto old = api.post("/api/v1/auth/register", "", kRegister);
  const std::string change =
      R"({"current_password":"correct horse 1","new_password":"another pass 2"})";
  CHECK(api.post("/api/v1/me/password", access_token_of(old),
                 R"({"current_password":"nonsense 1","new_password":"another pass 2"})")
            .status == 401);
  CHECK(api.get("/api/v1/me", access_token_of(old)).status == 200);
  const auto changed = api.post("/api/v1/me/password", access_token_of(old), change);
  REQUIRE(changed.status == 200);
  CHECK(api.get("/api/v1/me", access_token_of(old)).status == 401);
  CHECK(api.post("/api/v1/auth/refresh", "", refresh_body(old)).status == 401);
  CHECK(api.get("/api/v1/me", access_token_of(changed)).status == 200);
  CHECK(api.post("/api/v1/auth/login", "", kLogin).status == 401);
}

TEST_CASE("accounts are the administrator's: everybody else is refused", "[accounts_api]") {
  ApiFixture api;
  const auto ada = api.make_person("ada");
  const auto staff = api.make_person("staff", domain::Role::kStaff);
  struct Row {
    const char* method;
    std::string path;
    const char* body;
  };
  const std::vector<Row> rows = {
      {"GET", "/api/v1/users", ""},
      {"POST", "/api/v1/users", R"({"email":"x@example.com","password":"correct horse 1"})"},
      {"GET", path_of(ada), ""},
      {"PATCH", path_of(ada), R"({"name":"Mallory"})"},
      {"GET", "/api/v1/api-keys", ""},
      {"POST", "/api/v1/api-keys", R"({"name":"x","scopes":["admin"]})"},
      {"DELETE", "/api/v1/api-keys/1", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.method, row.path);
    CHECK(api.send(row.method, row.path, "", row.body).status == 401);
    CHECK(api.send(row.method, row.path, ada.token, row.body).status == 403);
    CHECK(api.send(row.method, row.path, staff.token, row.body).status == 403);
    CHECK(api.send(row.method, row.path, api.admin().token, row.body).status != 403);
  }
}

TEST_CASE("an administrator makes, changes and pages through accounts", "[accounts_api]") {
  ApiFixture api;
  const std::string admin = api.admin().token;
  const auto made = api.post(
      "/api/v1/users", admin,
      R"({"email":"bob@example.com","password":"correct horse 1","role":"staff","credit":7})");
  REQUIRE(made.status == 201);
  CHECK(made.body.at("role") == "staff");
  CHECK(made.body.at("credit") == 7);
  const std::string path = "/api/v1/users/" + made.body.at("user_id").get<std::string>();
  CHECK(api.get(path, admin).body.at("email") == "bob@example.com");
  CHECK(api.get("/api/v1/users/999", admin).status == 404);

  const auto patched =
      api.send("PATCH", path, admin, R"({"name":"Bob","credit":{"add":-3,"reason":"correction"}})");
  REQUIRE(patched.status == 200);
  CHECK(patched.body.at("name") == "Bob");
  CHECK(patched.body.at("credit") == 4);
  const auto below =
      api.send("PATCH", path, admin, R"({"role":"user","credit":{"add":-5,"reason":"too much"}})");
  CHECK(below.status == 409);
  CHECK(below.code() == "insufficient_credit");
  CHECK(api.get(path, admin).body.at("role") == "staff");  // both changes or neither
  CHECK(api.send("PATCH", path, admin, "{}").status == 400);

  for (int i = 0; i < 5; ++i) api.make_person("user" + std::to_string(i));
  std::set<std::string> seen;
  std::string target = "/api/v1/users?limit=3";
  for (int pages = 0; pages < 5 && !target.empty(); ++pages) {
    const auto page = api.get(target, admin);
    REQUIRE(page.status == 200);
    for (const auto& user : page.body.at("items"))
      CHECK(seen.insert(user.at("email").get<std::string>()).second);
    const auto& next = page.body.at("next_cursor");
    target = next.is_null() ? "" : "/api/v1/users?limit=3&cursor=" + next.get<std::string>();
  }
  CHECK(seen.size() == 7);
  CHECK(api.get("/api/v1/users?cursor=nonsense!", admin).status == 400);
  CHECK(api.get("/api/v1/users?role=staff", admin).body.at("items").size() == 1);
}

TEST_CASE("a demoted or disabled account loses its session with the next request",
          "[accounts_api]") {
  ApiFixture api;
  const auto staff = api.make_person("staff", domain::Role::kStaff);
  REQUIRE(api.get("/api/v1/me", staff.token).status == 200);
  for (const char* change : {R"({"role":"user"})", R"({"active":false})"}) {
    CAPTURE(change);
    REQUIRE(api.send("PATCH", path_of(staff), api.admin().token, change).status == 200);
    CHECK(api.get("/api/v1/me", staff.token).status == 401);
  }
  CHECK(api.send("PATCH", path_of(api.admin()), api.admin().token, R"({"active":false})").status ==
        403);
}

TEST_CASE("an API key is shown once and does what its scopes say", "[accounts_api]") {
  ApiFixture api;
  const std::string admin = api.admin().token;
  const auto made =
      api.post("/api/v1/api-keys", admin, R"({"name":"till","scopes":["read","redeem"]})");
  REQUIRE(made.status == 201);
  const auto key = made.body.at("key").get<std::string>();
  const auto listed = api.get("/api/v1/api-keys", admin);
  CHECK(listed.raw.body.find(key) == std::string::npos);
  CHECK(listed.body.at("items").at(0).at("hint") == key.substr(key.size() - 4));

  CHECK(api.get("/api/v1/redemptions", key).status == 200);
  CHECK(api.get("/api/v1/me", key).status == 403);
  CHECK(api.get("/api/v1/users", key).status == 403);
  CHECK(api.post("/api/v1/api-keys", key, R"({"name":"x","scopes":["admin"]})").status == 403);
  CHECK(api.post("/api/v1/api-keys", admin, R"({"name":"x","scopes":[]})").status == 400);
  CHECK(api.post("/api/v1/api-keys", admin, R"({"name":"x","scopes":["root"]})").status == 400);

  CHECK(api.send("DELETE", "/api/v1/api-keys/1", admin).status == 200);
  CHECK(api.get("/api/v1/redemptions", key).status == 401);
  CHECK(api.send("DELETE", "/api/v1/api-keys/1", admin).status == 404);

  const auto all = api.post("/api/v1/api-keys", admin, R"({"name":"ops","scopes":["admin"]})");
  CHECK(api.get("/api/v1/users", all.body.at("key").get<std::string>()).status == 200);
}
