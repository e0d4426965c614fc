#include <catch2/catch.hpp>

#include "coupond/http/router.h"
#include "coupond/http/uri.h"

namespace coupon::http {
namespace {

// Answers with the route's label and its parameters.
Reply show(Request& request) {
  std::string text(request.route);
  for (const std::string& param : request.params) text += " [" + param + "]";
  return text_reply(200, text);
}

Reply ask(const Router& router, const std::string& method, const std::string& path) {
  Request request;
  request.method = method;
  request.target_path = path;
  request.request_id = "r-1";
  REQUIRE(split_path(path, request.segments));
  return router.handle(request);
}

std::string header(const Reply& reply, std::string_view name) {
  for (const auto& [key, value] : reply.headers) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace

TEST_CASE("a route is found by its segments and gives its parameters in order", "[unit]") {
  Router router;
  router.add("GET", "/", show);
  router.add("POST", "/coupons/{id}/claim", show);
  router.add("GET", "/users/{user}/cards/{card}", show, {.name = "cards"});
  CHECK(ask(router, "GET", "/").body == "/");
  CHECK(ask(router, "POST", "/coupons/7/claim").body == "/coupons/{id}/claim [7]");
  CHECK(ask(router, "POST", "/coupons/a%2Fb%20c/claim").body == "/coupons/{id}/claim [a/b c]");
  CHECK(ask(router, "GET", "/users/u/cards/c").body == "cards [u] [c]");
}

TEST_CASE("a literal wins over a placeholder, and a dead end falls back to it", "[unit]") {
  Router router;
  router.add("POST", "/coupons/{id}/claim", show);
  router.add("POST", "/coupons/lock/{code}", show);
  router.add("GET", "/coupons/stats", show);
  router.add("GET", "/coupons/{id}", show);
  CHECK(ask(router, "GET", "/coupons/stats").body == "/coupons/stats");
  CHECK(ask(router, "GET", "/coupons/other").body == "/coupons/{id} [other]");
  CHECK(ask(router, "POST", "/coupons/lock/claim").body == "/coupons/lock/{code} [claim]");
  CHECK(ask(router, "POST", "/coupons/stats/claim").body == "/coupons/{id}/claim [stats]");
  // What was tried in vain leaves no parameter behind.
  router.add("GET", "/a/{x}/b", show);
  router.add("GET", "/{y}/{z}/c", show);
  CHECK(ask(router, "GET", "/a/1/c").body == "/{y}/{z}/c [a] [1]");
}

TEST_CASE("an unknown path is 404, also with two slashes, a case or a segment too many", "[unit]") {
  Router router;
  router.add("GET", "/coupons/{id}", show);
  for (const char* path : {"/", "/coupon", "/coupons", "/coupons/", "/coupons/1//", "/coupons//1",
                           "//coupons/1", "/Coupons/1", "/coupons/1/2", "/./coupons/1"}) {
    INFO(path);
    const Reply reply = ask(router, "GET", path);
    CHECK(reply.status == 404);
    CHECK(reply.content_type == kProblemJson);
    CHECK(reply.body.find("\"request_id\":\"r-1\"") != std::string::npos);
  }
}

TEST_CASE("a slash at the end of a path makes no difference", "[unit]") {
  Router router;
  router.add("GET", "/", show);
  router.add("GET", "/v1/coupons/", show);
  router.add("GET", "/v1/user/{id}", show);
  CHECK(ask(router, "GET", "/").body == "/");
  CHECK_THROWS_AS(router.add("GET", "/v1/coupons", show), std::logic_error);
  CHECK(ask(router, "GET", "/v1/coupons").body == "/v1/coupons/");
  CHECK(ask(router, "GET", "/v1/coupons/").body == "/v1/coupons/");
  CHECK(ask(router, "GET", "/v1/user/7").body == "/v1/user/{id} [7]");
  CHECK(ask(router, "GET", "/v1/user/7/").body == "/v1/user/{id} [7]");
  CHECK(ask(router, "GET", "/v1/user//").status == 404);
}

TEST_CASE("a wrong method is 405 with Allow, and OPTIONS tells the same", "[unit]") {
  Router router;
  router.add("GET", "/a", show);
  router.add("POST", "/a", show);
  router.add("DELETE", "/b", show);
  const Reply wrong = ask(router, "PUT", "/a");
  CHECK(wrong.status == 405);
  CHECK(wrong.content_type == kProblemJson);
  CHECK(header(wrong, "Allow") == "GET, HEAD, POST, OPTIONS");
  CHECK(header(ask(router, "GET", "/b"), "Allow") == "DELETE, OPTIONS");
  CHECK(ask(router, "HEAD", "/b").status == 405);
  const Reply options = ask(router, "OPTIONS", "/a");
  CHECK(options.status == 204);
  CHECK(header(options, "Allow") == "GET, HEAD, POST, OPTIONS");
  CHECK(header(options, "Access-Control-Allow-Origin").empty());
  CHECK(ask(router, "OPTIONS", "/nowhere").status == 404);
}

TEST_CASE("GET serves HEAD unless HEAD has a handler of its own", "[unit]") {
  Router router;
  router.add("GET", "/a", show);
  router.add("GET", "/b", show);
  router.add("HEAD", "/b", [](Request&) { return text_reply(200, "own"); });
  CHECK(ask(router, "HEAD", "/a").body == "/a");
  CHECK(ask(router, "HEAD", "/b").body == "own");
}

TEST_CASE("a pattern that is malformed or declared twice is refused at start-up", "[unit]") {
  Router router;
  router.add("GET", "/a/{x}", show);
  for (const char* pattern : {"", "a", "/a/{", "/a/}", "/a/{}", "/a/b{c}", "/a/{x}y"}) {
    INFO(pattern);
    CHECK_THROWS_AS(router.add("GET", pattern, show), std::logic_error);
  }
  // The placeholder's name does not make it another route.
  CHECK_THROWS_AS(router.add("GET", "/a/{y}", show), std::logic_error);
  CHECK_NOTHROW(router.add("POST", "/a/{y}", show));
}

}  // namespace coupon::http
