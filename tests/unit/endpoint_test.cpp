// Endpoints: where their fields come from, what they refuse and in whose words.
#include "coupond/http/endpoint.h"

#include <catch2/catch.hpp>

#include "coupond/http/uri.h"
#include "tests/unit/sample_api.h"

using namespace coupon;
using namespace coupon::http;

namespace {

class Client {
 public:
  Client() { sample_.api.mount(router_); }

  Reply send(const std::string& method, const std::string& target, const std::string& body = {},
             const std::string& type = "application/json") const {
    Request request;
    request.method = method;
    const std::size_t mark = target.find('?');
    request.target_path = target.substr(0, mark);
    REQUIRE(split_path(request.target_path, request.segments));
    if (mark != std::string::npos) REQUIRE(split_query(target.substr(mark + 1), request.query));
    request.body = body;
    if (!type.empty() && !body.empty()) request.headers.emplace_back("content-type", type);
    if (!anonymous) request.headers.emplace_back("Authorization", "ada");
    request.request_id = "r1";
    return router_.handle(request);
  }

  // "status detail" of a refusal, "status body" of anything else.
  std::string say(const std::string& method, const std::string& target,
                  const std::string& body = {},
                  const std::string& type = "application/json") const {
    const Reply reply = send(method, target, body, type);
    std::string text = reply.body;
    const std::string detail = "\"detail\":\"";
    if (const auto at = text.find(detail); at != std::string::npos) {
      text = text.substr(at + detail.size());
      text = text.substr(0, text.find("\",\""));
    }
    return std::to_string(reply.status) + " " + text;
  }

  bool anonymous = false;

 private:
  sample::SampleApi sample_;
  Router router_;
};

const std::string kFormBody(http::kForm);

}  // namespace

TEST_CASE("a strict endpoint reads path and JSON body into one struct", "[endpoint]") {
  const Client client;
  CHECK(client.say("POST", "/api/v1/coupons/AB/hold", R"({"ttl_s":7,"note":null})") ==
        "201 {\"code\":\"AB\",\"ttl_s\":7,\"state\":\"active\","
        "\"until\":\"1970-01-01T00:00:00Z\",\"note\":null}");
  CHECK(client.send("POST", "/api/v1/coupons/AB/hold").status == 201);
  CHECK(client.send("POST", "/api/v1/coupons/AB/hold?dry_run=true").status == 201);
}

TEST_CASE("a strict endpoint takes its fields from one place only", "[endpoint]") {
  const Client client;
  const std::string path = "/api/v1/coupons/AB/hold";
  CHECK(client.say("POST", path + "?ttl_s=7") ==
        "400 ttl_s is not a query parameter of this request");
  CHECK(client.say("POST", path, R"({"code":"AB"})") == "400 code is given twice");
  CHECK(client.say("POST", path, R"({"x":1})") == "400 x is not a field of this request");
  CHECK(client.say("POST", path, R"({"ttl_s":"7"})") ==
        "400 ttl_s must be an integer between 1 and 3600");
  CHECK(client.say("POST", path, "ttl_s=7", kFormBody) ==
        "415 The Content-Type must be application/json");
  CHECK(client.say("POST", path, "{}", "") == "415 The Content-Type must be application/json");
  CHECK(client.send("POST", path, "{}", "Application/JSON; charset=utf-8").status == 201);
  CHECK(client.say("POST", path, "[]") == "400 The body must be a JSON object");
  CHECK(client.say("POST", path, "{") == "400 The body is not valid JSON (at byte 2)");
  for (const char* nothing : {"null", " null\n", " \r\n\t"}) {
    INFO(nothing);
    CHECK(client.send("POST", path, nothing).status == 201);
    CHECK(client.send("POST", path, nothing, "").status == 201);
  }
  CHECK(client.say("POST", "/api/v1/coupons/" + std::string(33, 'A') + "/hold") ==
        "400 code must have between 1 and 32 characters");
}

TEST_CASE("a strict query is typed, checked and read once", "[endpoint]") {
  const Client client;
  CHECK(client.say("GET", "/api/v1/holds") == R"(200 {"items":[],"next_cursor":"100"})");
  CHECK(client.say("GET", "/api/v1/holds?limit=5&state=void&codes=a&codes=b").find("\"b\"") !=
        std::string::npos);
  const std::string limit = "400 limit must be an integer between 1 and 1000";
  for (const char* bad :
       {"0", "1001", "x", "5.0", "", "+5", "%205", "true", "99999999999999999999"}) {
    INFO(bad);
    CHECK(client.say("GET", "/api/v1/holds?limit=" + std::string(bad)) == limit);
  }
  CHECK(client.say("GET", "/api/v1/holds?limit=5&limit=5") == "400 limit is given twice");
  CHECK(client.say("GET", "/api/v1/holds?color=red") ==
        "400 color is not a query parameter of this request");
  CHECK(client.say("GET", "/api/v1/holds?codes=a&codes=b&codes=c&codes=d") ==
        "400 codes must have at most 3 items");
}

TEST_CASE("a lenient endpoint takes JSON, a form or the query alike", "[endpoint]") {
  const Client client;
  const std::string wanted = client.say("POST", "/register", R"({"email":"a@b","count":5})");
  CHECK(wanted.find("200 {\"code\":\"a@b/\",\"ttl_s\":5") == 0);
  CHECK(client.say("POST", "/register", "email=a%40b&count=5", kFormBody) == wanted);
  CHECK(client.say("POST", "/register?email=a@b&count=5") == wanted);
  CHECK(client.say("POST", "/register?email=a@b", R"({"count":5})") == wanted);
  CHECK(client.say("POST", "/register?email=a@b", R"({"count":5})", "") == wanted);
  CHECK(client.say("POST", "/register", R"({"email":"a@b","count":5,"role":"admin"})") == wanted);
  CHECK(client.say("POST", "/register?email=a@b&role=admin&count=5") == wanted);
  CHECK(client.say("GET", "/register?email=a@b&count=5") == wanted);
  CHECK(client.say("POST", "/accounts/register?email=a@b&count=5") == wanted);
  CHECK(client.say("POST", "/register/?email=a@b&count=5") == wanted);
}

TEST_CASE("text of form and query becomes the declared type, JSON does not", "[endpoint]") {
  const Client client;
  for (const char* yes : {"true", "True", "1"}) {
    CHECK(client.say("POST", "/register?email=a&loud=" + std::string(yes)).find("a/!") !=
          std::string::npos);
  }
  CHECK(client.say("POST", "/register?email=a&loud=yes") == "422 loud must be true or false");
  CHECK(client.say("POST", "/register", R"({"email":"a","loud":"true"})") ==
        "422 loud must be true or false");
  CHECK(client.say("POST", "/register", R"({"email":"a","count":"5"})") ==
        "422 count must be an integer between 1 and 9");
  CHECK(client.say("POST", "/register?email=a&count=3.9") ==
        "422 count must be an integer between 1 and 9");
  CHECK(client.send("POST", "/register?email=a&count=").status == 200);
}

TEST_CASE("one field twice with different values is refused, with equal ones not", "[endpoint]") {
  const Client client;
  const std::string json = R"({"email":"a","count":5})";
  CHECK(client.send("POST", "/register?count=5&email=a", json).status == 200);
  CHECK(client.say("POST", "/register?count=6", json) == "400 count is given twice, differently");
  CHECK(client.say("POST", "/register?email=a&email=b") == "400 email is given twice, differently");
  CHECK(client.send("POST", "/register?email=a&email=a").status == 200);
  CHECK(client.say("POST", "/register?email=a&userId=1&user_id=2") ==
        "400 user_id is given twice, differently");
  CHECK(client.say("POST", "/register?user_id=2", R"({"email":"a","userId":"1"})") ==
        "400 user_id is given twice, differently");
  CHECK(client.say("POST", "/register", R"({"email":"a","userId":"1","user_id":"2"})") ==
        "400 userId is given twice, differently");
}

TEST_CASE("bad bodies of a lenient endpoint are refused in its status", "[endpoint]") {
  const Client client;
  CHECK(client.say("POST", "/register") == "422 Email is required");
  CHECK(client.say("POST", "/register", "{") == "400 The body is not valid JSON (at byte 2)");
  CHECK(client.say("POST", "/register", "a=%zz", kFormBody) ==
        "422 The form body is not well encoded");
  CHECK(client.say("POST", "/register", R"({"email":"a"})", kFormBody) ==
        "415 The Content-Type must be application/json for a JSON body");
  CHECK(client.say("POST", "/register", "x", "text/plain") ==
        "415 The Content-Type must be application/json");
}

TEST_CASE("a body the handler reads itself has one of the declared types", "[endpoint]") {
  const Client client;
  CHECK(client.say("POST", "/api/v1/import?limit=3", "a,b", "text/csv; header=present") ==
        "202 a,b");
  CHECK(client.say("POST", "/api/v1/import", "a,b") ==
        "415 The Content-Type must be text/csv or application/x-ndjson");
  CHECK(client.say("POST", "/api/v1/import?limit=0", "a,b", "text/csv") ==
        "400 limit must be an integer between 1 and 1000");
}

TEST_CASE("the gate comes before the input", "[endpoint]") {
  Client client;
  client.anonymous = true;
  CHECK(client.say("POST", "/api/v1/coupons/AB/hold", "{") == "401 Not authenticated");
  CHECK(client.say("POST", "/v1/use/AB", "{") == "401 {\"message\":\"Not authenticated\"}");
}

TEST_CASE("a refusal's row gives status and sentence", "[endpoint]") {
  const Client client;
  CHECK(client.say("POST", "/api/v1/coupons/HELD/hold") == "409 Coupon already locked");
  CHECK(client.say("POST", "/api/v1/coupons/CAP/hold") == "429 Maximum of 5, really 5");
}

TEST_CASE("a dialect writes its own errors", "[endpoint]") {
  const Client client;
  CHECK(client.say("POST", "/v1/use/X?ttl_s=1") == R"(404 {"message":"Coupon not found"})");
  CHECK(client.say("POST", "/v1/use/AB") == R"(400 {"message":"No data provided"})");
  CHECK(client.say("POST", "/v1/use/AB", "x", "text/plain") ==
        R"(415 {"message":"The Content-Type must be application/json"})");
  const Reply reply = client.send("POST", "/v1/use/AB?ttl_s=1");
  CHECK(reply.status == 204);
  CHECK(reply.body.empty());
}

TEST_CASE("lists and empty replies are written as declared", "[endpoint]") {
  const Client client;
  const Reply list = client.send("GET", "/accounts");
  CHECK(list.status == 200);
  CHECK(list.content_type == kJson);
  CHECK(list.body.starts_with("[{\"code\":\"\""));
  CHECK(client.send("DELETE", "/api/v1/holds").status == 204);
  CHECK(client.say("DELETE", "/api/v1/holds?x=1") ==
        "400 x is not a query parameter of this request");
}

TEST_CASE("the endpoint that serves a path is found as the router finds it", "[endpoint]") {
  const sample::SampleApi sample;
  const auto serving = [&](const char* method, const char* path) {
    const Endpoint* endpoint = sample.api.serving(method, path);
    return endpoint == nullptr ? "none" : endpoint->id;
  };
  CHECK(serving("POST", "/api/v1/coupons/AB/hold") == "holdCoupon");
  CHECK(serving("POST", "/accounts/register") == "register");
  CHECK(serving("POST", "/register/") == "register");
  CHECK(serving("GET", "/register") == "register");
  CHECK(serving("PUT", "/register") == "none");
  CHECK(serving("POST", "/api/v1/coupons//hold") == "none");
}

namespace {

// An API without endpoints yet, and two handlers for some.
struct EmptyApi {
  Api api;
  Dialect dialect = sample::strict_dialect();
  Group<sample::Call, sample::Gate> group{api, dialect, sample::gate};
};
core::Result<core::Done> done(sample::Call&) { return core::Done{}; }
core::Result<core::Done> hold(sample::Call&, const sample::HoldRequest&) { return core::Done{}; }

}  // namespace

TEST_CASE("of two endpoints that match, the one with the earlier literal serves", "[endpoint]") {
  EmptyApi empty;
  auto& api = empty.api;
  auto& group = empty.group;
  group.add({.route = "GET /a/all", .id = "all", .summary = "A"}, done);
  group.add({.route = "GET /a/{code}", .id = "one", .summary = "B"}, hold);
  group.add({.route = "GET /b/{code}", .id = "other", .summary = "C"}, hold);
  group.add({.route = "GET /b/all", .id = "every", .summary = "D"}, done);
  CHECK(api.serving("GET", "/a/all")->id == "all");
  CHECK(api.serving("GET", "/a/x")->id == "one");
  CHECK(api.serving("GET", "/b/all")->id == "every");
  CHECK(api.serving("GET", "/b/x")->id == "other");
}

TEST_CASE("a malformed declaration is refused at start-up", "[endpoint]") {
  EmptyApi empty;
  auto& group = empty.group;
  group.add({.route = "GET /a", .id = "a", .summary = "A"}, done);
  CHECK_THROWS_AS(group.add({.route = "GET /b", .id = "a", .summary = "B"}, done),
                  std::logic_error);
  CHECK_THROWS_AS(group.add({.route = "/b", .id = "b", .summary = "B"}, done), std::logic_error);
  CHECK_THROWS_AS(group.add({.route = "FETCH /b", .id = "b", .summary = "B"}, done),
                  std::logic_error);
  CHECK_THROWS_AS(group.add({.route = "GET /b/{id}", .id = "b", .summary = "B"}, hold),
                  std::logic_error);
  CHECK_THROWS_AS(
      group.add({.route = "GET /b/{code}", .id = "b", .summary = "B", .aliases = {"GET /c/{id}"}},
                hold),
      std::logic_error);
}
