// Goal: when something breaks the answer is no, and says nothing about what broke. Method: break
// things under the running server (its file, its memory, its disk), and ask.
#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>

#include "coupond/store/connection.h"
#include "tests/security/site.h"

using namespace coupon;
using nlohmann::json;
using test::BlackBox;
using test::knock;
using test::Operation;
using test::Person;

namespace {

// What only we and whoever reads our source may know.
void check_discreet(const std::string& body, const BlackBox& box) {
  INFO(body.substr(0, 500));
  for (const std::string& inner :
       {std::string("SQL"), std::string("sqlite"), std::string("SELECT"), std::string("constraint"),
        std::string("disk image"), std::string("database"), std::string(".cpp"),
        std::string("std::"), std::string("exception"), std::string("errno"), std::string("0x"),
        std::string("coupond.db"), box.data_dir()}) {
    CHECK(body.find(inner) == std::string::npos);
  }
}

// All of the database's pages but the first become rubbish, under the running server.
void scribble_over(const BlackBox& box) {
  const std::string path = box.data_dir() + "/coupond.db";
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  const auto size = test::bytes_of(path).size();
  REQUIRE(size > 20'000);
  file.seekp(100);
  file << std::string(size - 100, '\xa5');
}

int status_of(int port, const std::string& path, const std::string& token) {
  return knock(port, "GET", path, token).status;
}

}  // namespace

TEST_CASE("an error tells its number and nothing of our insides", "[S35][security]") {
  BlackBox box;
  const Person admin = box.add_person(domain::Role::kAdmin);
  box.start();
  const int port = box.server().port();
  int errors = 0;
  for (const Operation& operation : test::operations_of(port)) {
    for (const char* body : {"", "{", "[]", "{\"x\":\"\\u0001\"}", "\xff\xfe"}) {
      const bool reads = !operation.mutates();
      const auto reply =
          knock(port, operation.method, filled(operation, "99999"), admin.token, reads ? "" : body);
      INFO(operation.method << ' ' << operation.path);
      CHECK(reply.status < 500);
      if (reply.status < 400) continue;
      ++errors;
      check_discreet(reply.body, box);
      CHECK(!reply.header("X-Request-Id").empty());
      if (reads) break;
    }
  }
  CHECK(errors > 100);
}

TEST_CASE("a database that breaks under the server is a refusal without a reason",
          "[S35][S36][security]") {
  BlackBox box;
  // So many that the server has not read the last ones' pages before they break.
  std::vector<Person> people;
  for (int i = 0; i < 60; ++i) people.push_back(box.add_person(domain::Role::kAdmin));
  people.erase(people.begin(), people.end() - 6);
  const auto codes = box.add_codes(box.find_campaign("subscription-cards"), 400);
  box.start({"--rate-limits", "on"});
  const int port = box.server().port();
  REQUIRE(status_of(port, "/healthz", {}) == 200);
  scribble_over(box);
  const auto check_refused = [&](const test::HttpResponse& reply) {
    INFO(reply.status << ' ' << reply.body);
    CHECK(reply.status >= 500);
    check_discreet(reply.body, box);
  };
  for (const Person& person : people) {
    // Their sessions are well signed, but nobody can look up what has become of their accounts.
    for (const char* path : {"/api/v1/me", "/api/v1/users", "/api/v1/api-keys", "/user-stats"}) {
      check_refused(knock(port, "GET", path, person.token));
    }
    check_refused(knock(port, "POST", "/api/v1/auth/login", {},
                        test::credentials(person.email, test::kPassword)));
  }
  check_refused(knock(port, "GET", "/api/v1/redemptions", "ck_" + std::string(43, 'A')));
  check_refused(knock(port, "GET", "/api/v1/coupons/" + codes[200]));
  // A change finds out too, and may be the last that the process does.
  try {
    const std::string path = "/api/v1/auth/register";
    const auto body = test::credentials("new@example.com", test::kPassword);
    check_refused(knock(port, "POST", path, {}, body));
  } catch (const std::runtime_error&) {
  }
  // The reason is where the owner looks for it.
  CHECK(box.server().output().find("malformed") != std::string::npos);
}

TEST_CASE("a login for which there is no memory is refused, not waved through", "[S36][security]") {
  BlackBox box;
  const Person alice = box.add_person();
  box.start();
  const int port = box.server().port();
  const std::string right = test::credentials(alice.email, test::kPassword);
  REQUIRE(knock(port, "POST", "/api/v1/auth/login", {}, right).status == 200);
  // No more address space than it has now and a little: no room for a hash of 64 MiB.
  const std::string pid = std::to_string(box.server().pid());
  const std::string limit = R"(prlimit --pid )" + pid +
                            R"( --as=$(( ($(awk '/VmSize/{print $2}' )" + "/proc/" + pid +
                            R"(/status) + 16384) * 1024 )))";
  REQUIRE(std::system(limit.c_str()) == 0);
  for (const char* password : {test::kPassword, "wrong horse 2"}) {
    const auto reply =
        knock(port, "POST", "/api/v1/auth/login", {}, test::credentials(alice.email, password));
    INFO(password << " -> " << reply.status << ' ' << reply.body);
    CHECK(reply.status == 503);
    CHECK(!reply.header("Retry-After").empty());
  }
  CHECK(knock(port, "POST", "/api/v1/auth/register", {},
              test::credentials("new@example.com", test::kPassword))
            .status == 503);
  CHECK(status_of(port, "/api/v1/me", alice.token) == 200);
}

TEST_CASE("an idempotency key is its owner's, for one endpoint and one request",
          "[S42][security]") {
  BlackBox box;
  const Person admin = box.add_person(domain::Role::kAdmin);
  const Person alice = box.add_person();
  const Person mallory = box.add_person();
  box.start();
  const int port = box.server().port();
  const test::Headers key = {{"Idempotency-Key", "the-same"}};
  const auto mint = [&](const Person& person, const test::Headers& headers) {
    return knock(port, "POST", "/api/v1/campaigns/tokens/issue", person.token, "{}", headers);
  };
  const auto first = mint(alice, key);
  REQUIRE(first.status == 201);
  const auto again = mint(alice, key);
  CHECK(again.body == first.body);
  CHECK(again.header("Idempotent-Replayed") == "true");
  const auto others = mint(mallory, key);
  REQUIRE(others.status == 201);
  CHECK(others.header("Idempotent-Replayed").empty());
  CHECK(json::parse(others.body).at("coupon") != json::parse(first.body).at("coupon"));
  CHECK(mint(admin, key).header("Idempotent-Replayed").empty());
  CHECK(knock(port, "POST", "/api/v1/campaigns/tokens/issue", {}, "{}", key).status == 401);
  const auto different = knock(port, "POST", "/api/v1/campaigns/tokens/issue", alice.token,
                               json{{"user_id", alice.uuid}}.dump(), key);
  CHECK(different.status == 422);
  for (const std::string& bad :
       {std::string(), std::string(256, 'k'), std::string("caf\xc3\xa9")}) {
    CHECK(mint(alice, {{"Idempotency-Key", bad}}).status == 400);
  }
  CHECK(mint(alice, {{"Idempotency-Key", std::string(255, 'k')}}).status == 201);
  // At once: one does it, the others are told that it runs or what came of it.
  const auto answers = test::race(port, 16, [&](int, test::HttpClient& client) {
    const auto reply =
        client.post("/api/v1/campaigns/tokens/issue", "{}",
                    {{"Authorization", "Bearer " + mallory.token}, {"Idempotency-Key", "at once"}});
    return test::Answer{reply.status, json::parse(reply.body)};
  });
  const auto made = test::count_status(answers, 201);
  CHECK(made >= 1);
  CHECK(made + test::count_status(answers, 409) == 16);
  json coupon;
  for (const auto& answer : answers) {
    if (answer.status != 201) continue;
    if (coupon.is_null()) coupon = answer.body.at("coupon");
    CHECK(answer.body.at("coupon") == coupon);
  }
}

TEST_CASE("nobody can make the server keep keys without end", "[S42][security]") {
  BlackBox box;
  const Person mallory = box.add_person();
  box.start(test::kGuarded);
  const int port = box.server().port();
  std::atomic<int> kept = 0;
  std::atomic<int> refused = 0;
  const auto mint = [&](test::HttpClient& client, const std::string& body, const std::string& key) {
    return client.post("/api/v1/campaigns/tokens/issue", body,
                       {{"Authorization", "Bearer " + mallory.token}, {"Idempotency-Key", key}});
  };
  // Bad input is not stored, so it costs nothing of the quota of a day, which is 10,000.
  test::HttpClient one(port);
  for (int i = 0; i < 200; ++i) {
    REQUIRE(mint(one, R"({"nonsense":1})", "bad " + std::to_string(i)).status == 400);
  }
  constexpr int kThreads = 8;
  test::race(port, kThreads, [&](int thread, test::HttpClient& client) {
    for (int i = 0; i < 1300; ++i) {
      const auto reply = mint(client, "{}", std::to_string(thread) + "-" + std::to_string(i));
      ++(reply.status == 429 ? refused : kept);
    }
    return test::Answer{};
  });
  CHECK(kept + refused == kThreads * 1300);
  // Exact under a burst, but for those in flight and the few that the day gives back meanwhile.
  CHECK(kept >= 10'000);
  CHECK(kept <= 10'060);
  WARN(kept << " keys in a day, " << refused << " refused");
}
