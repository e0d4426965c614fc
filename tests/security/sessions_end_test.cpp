// Goal: a session ends when it must, everywhere and with the next request; and a stolen refresh
// token is worth one use at the most.
#include <catch2/catch.hpp>
#include <set>

#include "coupond/store/connection.h"
#include "tests/security/site.h"
#include "tests/support/local_server.h"

using namespace coupon;
using nlohmann::json;
using namespace coupon::test;

namespace {

struct Tokens {
  std::string access;
  std::string refresh;
};

Tokens tokens_in(const test::HttpResponse& reply) {
  INFO(reply.body);
  REQUIRE(reply.status < 300);
  const json body = json::parse(reply.body);
  return {body.at("access_token").get<std::string>(), body.at("refresh_token").get<std::string>()};
}

test::HttpResponse refresh(int port, const std::string& token) {
  return knock(port, "POST", "/api/v1/auth/refresh", {}, json{{"refresh_token", token}}.dump());
}

// Every route that needs a session says 401 to the token, and neither of its tokens opens another.
void check_ended(int port, const Tokens& tokens) {
  int routes = 0;
  test::HttpClient client(port);
  for (const test::Operation& operation : test::operations_of(port)) {
    if (operation.open || operation.refresh) continue;
    ++routes;
    INFO(operation.method << ' ' << operation.path);
    const test::Headers shown = {{"Authorization", "Bearer " + tokens.access}};
    CHECK(client.send(operation.method, filled(operation, "1"), shown).status == 401);
  }
  CHECK(routes > 50);
  CHECK(refresh(port, tokens.refresh).status == 401);
  CHECK(knock(port, "POST", "/v1/auth/token/refresh", tokens.refresh).status == 401);
}

std::int64_t number(const BlackBox& box, const char* sql) {
  store::Connection db(box.data_dir() + "/coupond.db", store::Connection::Access::kReadOnly);
  store::Query query(db, sql);
  query.next();
  return query.integer(0);
}

// As somebody with the sqlite3 shell does.
void shell(const BlackBox& box, const std::string& sql) {
  store::Connection db(box.data_dir() + "/coupond.db", store::Connection::Access::kReadWrite);
  db.exec(sql);
}

int my_status(int port, const std::string& token) {
  return knock(port, "GET", "/api/v1/me", token).status;
}

}  // namespace

TEST_CASE("a change of password, role or active ends every session at once", "[S7][security]") {
  BlackBox box;
  const Person admin = box.add_person(domain::Role::kAdmin);
  const Person alice = box.add_person(domain::Role::kStaff);
  box.start();
  const int port = box.server().port();
  const std::string path = "/api/v1/users/" + alice.uuid;
  const std::string data = box.data_dir();
  Tokens tokens{alice.token, alice.refresh_token};
  const auto log_in_again = [&] {
    tokens = tokens_in(knock(port, "POST", "/api/v1/auth/login", {},
                             test::credentials(alice.email, test::kPassword)));
    REQUIRE(my_status(port, tokens.access) == 200);
  };

  SECTION("by an administrator: demoted, then disabled") {
    REQUIRE(my_status(port, tokens.access) == 200);
    REQUIRE(knock(port, "PATCH", path, admin.token, R"({"role":"user"})").status == 200);
    check_ended(port, tokens);
    log_in_again();
    REQUIRE(knock(port, "PATCH", path, admin.token, R"({"active":false})").status == 200);
    check_ended(port, tokens);
    CHECK(knock(port, "POST", "/api/v1/auth/login", {},
                test::credentials(alice.email, test::kPassword))
              .status == 401);
  }
  SECTION("by themself: a new password ends all but the session it opens") {
    const Tokens other = tokens_in(knock(port, "POST", "/api/v1/auth/login", {},
                                         test::credentials(alice.email, test::kPassword)));
    const json change = {{"current_password", test::kPassword},
                         {"new_password", "quite another 2 words"}};
    const Tokens fresh =
        tokens_in(knock(port, "POST", "/api/v1/me/password", tokens.access, change.dump()));
    check_ended(port, tokens);
    check_ended(port, other);
    CHECK(my_status(port, fresh.access) == 200);
  }
  SECTION("by the owner at the machine, through the running server") {
    REQUIRE(my_status(port, tokens.access) == 200);
    const auto ended = test::run_coupond({"user", "set-role", alice.email, "user", "--data", data});
    INFO(ended.output);
    REQUIRE(ended.code == 0);
    check_ended(port, tokens);
  }
}

TEST_CASE("what another program changes in the file is noticed by the sessions", "[S7][security]") {
  BlackBox box;
  const Person alice = box.add_person();
  const Person bob = box.add_person();
  box.start();
  const int port = box.server().port();
  REQUIRE(my_status(port, alice.token) == 200);  // remembered now
  REQUIRE(my_status(port, bob.token) == 200);
  SECTION("without a request that writes") {
    shell(box, "UPDATE users SET active = 0 WHERE id = " + std::to_string(alice.id));
    CHECK(test::eventually([&] { return my_status(port, alice.token) == 401; }));
  }
  SECTION("before the next one that writes is answered") {
    shell(box, "UPDATE users SET token_epoch = 2 WHERE id = " + std::to_string(alice.id));
    REQUIRE(knock(port, "POST", "/generate-coupon", bob.token).status == 200);
    CHECK(my_status(port, alice.token) == 401);
  }
  CHECK(my_status(port, bob.token) == 200);
}

TEST_CASE("after a restore an old token does not fit a new account of the same number",
          "[S7][security]") {
  BlackBox box;
  box.add_person(domain::Role::kAdmin);
  box.start();
  const std::string backup = box.data_dir() + ".backup";
  const std::string data = box.data_dir();
  const auto backed = test::run_coupond({"backup", backup, "--data", data});
  INFO(backed.output);
  REQUIRE(backed.code == 0);
  const auto join = [&](const std::string& email) {
    const auto reply = knock(box.server().port(), "POST", "/api/v1/auth/register", {},
                             test::credentials(email, test::kPassword));
    REQUIRE(reply.status == 201);
    const json body = json::parse(reply.body);
    return std::pair(body.at("user").at("id").get<int>(), tokens_in(reply));
  };
  const auto [old_id, old_tokens] = join("before@example.com");
  REQUIRE(box.server().terminate() == 0);
  const auto restored = test::run_coupond({"restore", backup, "--data", data});
  INFO(restored.output);
  REQUIRE(restored.code == 0);
  box.start();
  const auto [new_id, new_tokens] = join("after@example.com");
  REQUIRE(new_id == old_id);
  CHECK(my_status(box.server().port(), new_tokens.access) == 200);
  check_ended(box.server().port(), old_tokens);
}

TEST_CASE("a refresh token used twice ends the session of both who hold it", "[S6][security]") {
  BlackBox box;
  const Person alice = box.add_person();
  box.start();
  const int port = box.server().port();
  const Tokens second = tokens_in(refresh(port, alice.refresh_token));
  const Tokens third = tokens_in(refresh(port, second.refresh));
  CHECK(std::set{alice.refresh_token, second.refresh, third.refresh}.size() == 3);
  CHECK(refresh(port, alice.refresh_token).status == 401);  // the thief, or the robbed
  CHECK(refresh(port, third.refresh).status == 401);        // and the other
  CHECK(refresh(port, second.refresh).status == 401);
}

TEST_CASE("32 parallel refreshes of one token make one successor", "[S6][security]") {
  BlackBox box;
  const Person alice = box.add_person();
  box.start();
  const int port = box.server().port();
  const auto answers = test::race(port, 32, [&](int, test::HttpClient& client) {
    const auto reply =
        client.post("/api/v1/auth/refresh", json{{"refresh_token", alice.refresh_token}}.dump());
    return test::Answer{reply.status, json::parse(reply.body)};
  });
  REQUIRE(test::count_status(answers, 200) == 32);
  std::set<std::string> successors;
  for (const auto& answer : answers) {
    successors.insert(answer.body.at("refresh_token").get<std::string>());
  }
  CHECK(successors.size() == 1);
  CHECK(number(box, "SELECT count(*) FROM refresh_tokens") == 2);
  CHECK(refresh(port, *successors.begin()).status == 200);
  CHECK(refresh(port, alice.refresh_token).status == 401);
}

TEST_CASE("a client whose answer was lost in a crash may ask once more", "[S6][security]") {
  BlackBox box;
  const Person alice = box.add_person();
  box.start();
  // The answer that the client never gets: the commit is there, the process is not.
  const Tokens lost = tokens_in(refresh(box.server().port(), alice.refresh_token));
  box.server().kill();
  box.start();
  const int port = box.server().port();
  const Tokens again = tokens_in(refresh(port, alice.refresh_token));
  CHECK(again.refresh == lost.refresh);
  tokens_in(refresh(port, again.refresh));
  CHECK(refresh(port, alice.refresh_token).status == 401);
}
