// Goal: a page from elsewhere can do nothing through somebody's browser, and what we send to a
// browser can do no more than we mean. Method: what browsers would send, and the headers of every
// kind of reply there is.
#include <catch2/catch.hpp>
#include <chrono>
#include <set>
#include <thread>

#include "tests/security/site.h"
#include "tests/support/raw_client.h"

using namespace coupon;
using nlohmann::json;
using test::BlackBox;
using test::HttpResponse;
using test::knock;
using test::Operation;
using test::Person;

namespace {

// One reply of every kind: each operation as anybody and as an administrator, and every refusal
// that is not an operation's.
std::vector<std::pair<std::string, HttpResponse>> every_kind_of_reply(BlackBox& box,
                                                                      const Person& admin) {
  const int port = box.server().port();
  std::vector<std::pair<std::string, HttpResponse>> replies;
  const auto add = [&](const std::string& name, HttpResponse reply) {
    replies.emplace_back(name + " -> " + std::to_string(reply.status), std::move(reply));
  };
  for (const Operation& operation : test::operations_of(port)) {
    const std::string path = filled(operation, "1");
    const std::string name = operation.method + " " + operation.path;
    add(name, knock(port, operation.method, path));
    if (operation.method == "GET") add(name, knock(port, "GET", path, admin.token));
    if (operation.method == "GET") add("HEAD", knock(port, "HEAD", path, admin.token));
    add("PUT " + path, knock(port, "PUT", path));
  }
  for (const char* path :
       {"/nowhere", "/docs.js", "/docs.css", "/docs/", "/api/v1/", "/%2e%2e/x"}) {
    add(path, knock(port, "GET", path));
  }
  add("long", knock(port, "GET", "/" + std::string(600, 'a')));
  add("large", knock(port, "POST", "/login", {}, std::string(70'000, ' ')));
  add("compressed", knock(port, "POST", "/login", {}, "x", {{"Content-Encoding", "gzip"}}));
  add("text", knock(port, "POST", "/api/v1/auth/login", {}, "x", {{"Content-Type", "text/plain"}}));
  add("TRACE", knock(port, "TRACE", "/"));
  return replies;
}

std::int64_t last_seq(BlackBox& box, const Person& admin) {
  const auto reply = knock(box.server().port(), "GET", "/api/v1/ledger/checkpoint", admin.token);
  return json::parse(reply.body).at("seq").get<std::int64_t>();
}

}  // namespace

TEST_CASE("every reply forbids what a browser might make of it", "[S29][S38][security]") {
  BlackBox box;
  const Person admin = box.add_person(domain::Role::kAdmin);
  box.start();
  std::set<int> statuses;
  for (const auto& [name, reply] : every_kind_of_reply(box, admin)) {
    INFO(name);
    statuses.insert(reply.status);
    const std::string policy = reply.header("Content-Security-Policy");
    CHECK(policy.find("default-src 'none'") != std::string::npos);
    CHECK(policy.find("frame-ancestors 'none'") != std::string::npos);
    CHECK(policy.find("unsafe") == std::string::npos);
    CHECK(policy.find("http") == std::string::npos);
    CHECK(policy.find('*') == std::string::npos);
    if (reply.header("Content-Type").starts_with("text/html")) {
      for (const char* rule : {"script-src 'self'", "base-uri 'none'", "form-action 'none'"}) {
        CHECK(policy.find(rule) != std::string::npos);
      }
      CHECK(reply.body.find("<script>") == std::string::npos);
      CHECK(reply.body.find(" onload=") == std::string::npos);
      CHECK(reply.body.find(" style=") == std::string::npos);
    }
    CHECK(reply.header("X-Content-Type-Options") == "nosniff");
    CHECK(reply.header("Referrer-Policy") == "no-referrer");
    // A page's own files hold no secret: a browser may keep them, but has to ask each time.
    const bool file = name.starts_with("/docs.");
    CHECK(reply.header("Cache-Control") == (file ? "no-cache" : "no-store"));
    CHECK(!reply.header("X-Request-Id").empty());
    CHECK(reply.header("Server").empty());
    CHECK(reply.header("Set-Cookie").empty());
    CHECK(reply.header("Access-Control-Allow-Origin").empty());
  }
  for (const int status : {200, 400, 401, 404, 405, 413, 414, 415, 501})
    CHECK(statuses.count(status));
}

TEST_CASE("markup in any text comes back as text", "[S29][security]") {
  BlackBox box;
  const Person admin = box.add_person(domain::Role::kAdmin);
  const std::string evil = "<img src=x onerror=alert(1)>\"'</script><script>";
  box.start();
  const int port = box.server().port();
  const json account = {{"email", "e@example.com"}, {"password", test::kPassword}, {"name", evil}};
  REQUIRE(knock(port, "POST", "/api/v1/auth/register", {}, account.dump()).status == 201);
  const json campaign = {{"mode", "pool"}, {"name", evil}, {"description", evil}, {"slug", "evil"}};
  REQUIRE(knock(port, "POST", "/api/v1/campaigns", admin.token, campaign.dump()).status == 201);
  const json key = {{"name", evil}, {"scopes", {"read"}}};
  REQUIRE(knock(port, "POST", "/api/v1/api-keys", admin.token, key.dump()).status == 201);
  int seen = 0;
  for (const Operation& operation : test::operations_of(port)) {
    if (operation.method != "GET") continue;
    const auto reply = knock(port, "GET", filled(operation, "evil"), admin.token);
    INFO(operation.path);
    if (reply.body.find("onerror") == std::string::npos) continue;
    ++seen;
    const bool as_json = reply.header("Content-Type").starts_with("application/json") ||
                         reply.header("Content-Type").starts_with("application/problem+json");
    CHECK(as_json);
    CHECK(reply.header("X-Content-Type-Options") == "nosniff");
    CHECK(json::parse(reply.body).dump().find("<img src=x") != std::string::npos);
  }
  CHECK(seen >= 4);
  // Not in a header, a page or the metrics either.
  for (const char* path : {"/docs", "/metrics", "/docs.js"}) {
    CHECK(knock(port, "GET", path).body.find("onerror=alert") == std::string::npos);
  }
  // The page writes texts as texts: nothing in its script makes markup or code of them.
  const std::string script = knock(port, "GET", "/docs.js").body;
  for (const char* sink : {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write",
                           "eval(", "new Function", "srcdoc", "javascript:"}) {
    INFO(sink);
    CHECK(script.find(sink) == std::string::npos);
  }
}

TEST_CASE("another site's page changes nothing in the name of who looks at it", "[S28][security]") {
  BlackBox box;
  const Person admin = box.add_person(domain::Role::kAdmin);
  box.start();
  const int port = box.server().port();
  const std::int64_t before = last_seq(box, admin);
  // What a page can make a browser send without asking first: no header of ours, and any cookie.
  const test::Headers kFrom = {{"Origin", "https://evil.example"},
                               {"Referer", "https://evil.example/"},
                               {"Cookie", "token=" + admin.token + "; session=" + admin.token},
                               {"Sec-Fetch-Site", "cross-site"}};
  const json body = {
      {"name", "evil"}, {"mode", "pool"}, {"count", 1}, {"code", "EVIL"}, {"available_count", 5}};
  for (const Operation& operation : test::operations_of(port)) {
    if (operation.open || operation.refresh) continue;
    for (const char* type : {"text/plain", "application/x-www-form-urlencoded",
                             "multipart/form-data", "application/json"}) {
      test::Headers headers = kFrom;
      headers.emplace_back("Content-Type", type);
      const bool bare = !operation.mutates() || operation.method == "DELETE";
      const auto reply = knock(port, operation.method, filled(operation, "1"), {},
                               bare ? "" : body.dump(), headers);
      INFO(operation.method << ' ' << operation.path << " as " << type);
      CHECK(reply.status == 401);
    }
  }
  // Strict JSON only, where JSON is meant.
  for (const char* type : {"text/plain", "application/x-www-form-urlencoded", "text/json", ""}) {
    CHECK(
        knock(port, "POST", "/api/v1/campaigns", admin.token, body.dump(), {{"Content-Type", type}})
            .status == 415);
  }
  // Nothing changes by being looked at.
  for (const Operation& operation : test::operations_of(port)) {
    if (operation.method != "GET") continue;
    knock(port, "GET", filled(operation, "1"), admin.token);
    knock(port, "HEAD", filled(operation, "1"), admin.token);
  }
  CHECK(last_seq(box, admin) == before);
}

TEST_CASE("only the methods there are, and no other origin's pages", "[S39][security]") {
  BlackBox box;
  const Person admin = box.add_person(domain::Role::kAdmin);
  box.start();
  const int port = box.server().port();
  for (const char* method : {"TRACE", "TRACK", "DEBUG", "FOO", "PROPFIND", "get"}) {
    INFO(method);
    const auto reply = knock(port, method, "/api/v1/me", admin.token);
    CHECK((reply.status == 405 || reply.status == 501));
    CHECK(reply.body.find(admin.token) == std::string::npos);
  }
  test::RawClient connect(port);
  connect.send("CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(connect.read_until("\r\n").find(" 501 ") != std::string::npos);
  for (const Operation& operation : test::operations_of(port)) {
    const std::string path = filled(operation, "1");
    for (const char* method : {"OPTIONS", "PUT", "DELETE", "PATCH", "POST"}) {
      const auto reply = knock(port, method, path, {}, {},
                               {{"Origin", "https://evil.example"},
                                {"Access-Control-Request-Method", "POST"},
                                {"Access-Control-Request-Headers", "authorization"}});
      INFO(method << ' ' << path << " -> " << reply.status);
      const bool asked = std::string(method) == "OPTIONS" && reply.status == 204;
      CHECK((asked || reply.status >= 400));
      for (const char* header : {"Access-Control-Allow-Origin", "Access-Control-Allow-Methods",
                                 "Access-Control-Allow-Credentials"}) {
        CHECK(reply.header(header).empty());
      }
      if (reply.status == 405) CHECK(!reply.header("Allow").empty());
    }
  }
}

TEST_CASE("who is limited is told the limit, and when to come back", "[S41][security]") {
  BlackBox box;
  const Person alice = box.add_person();
  box.start(test::kGuarded);
  const int port = box.server().port();
  const auto guess = [&] { return knock(port, "GET", "/api/v1/coupons/GUESSED", alice.token); };
  const auto figure = [](const std::string& header, const std::string& name) {
    const std::size_t at = header.find(";" + name + "=");
    return at == std::string::npos ? -1 : std::stoi(header.substr(at + name.size() + 2));
  };
  int left = 1000;
  for (int i = 0; i < 10; ++i) {
    const auto reply = guess();
    INFO(reply.header("RateLimit") << " of " << reply.header("RateLimit-Policy"));
    REQUIRE(reply.status == 404);
    CHECK(figure(reply.header("RateLimit-Policy"), "q") >= 10);
    CHECK(figure(reply.header("RateLimit-Policy"), "w") == 60);
    const int now_left = figure(reply.header("RateLimit"), "r");
    CHECK(now_left >= 0);
    CHECK(now_left <= left);
    left = now_left;
  }
  const auto refused = guess();
  REQUIRE(refused.status == 429);
  const int wait_s = std::stoi(refused.header("Retry-After"));
  CHECK(wait_s >= 1);
  CHECK(wait_s <= 60);
  CHECK(json::parse(refused.body).contains("retry_at"));
  CHECK(figure(refused.header("RateLimit"), "r") >= 0);
  if (wait_s > 8) return;
  std::this_thread::sleep_for(std::chrono::seconds(wait_s));
  CHECK(guess().status == 404);
}
