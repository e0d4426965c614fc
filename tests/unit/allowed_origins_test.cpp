#include "coupond/http/allowed_origins.h"

#include <algorithm>
#include <catch2/catch.hpp>

namespace coupon::http {
namespace {

AllowedOrigins of(const std::vector<std::string>& origins) {
  return AllowedOrigins::parse(origins).value();
}

// The reply's headers as one text.
std::string marked(const AllowedOrigins& allowed, const std::string& method,
                   const std::string& origin) {
  Request request;
  request.method = method;
  if (!origin.empty()) request.headers = {{"Origin", origin}};
  Reply reply = empty_reply();
  reply.headers = {{"Allow", "GET, POST"}};
  allowed.mark(request, reply);
  std::string text;
  for (const auto& [name, value] : reply.headers) text += name + ": " + value + "\n";
  return text;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("without an allowed origin no reply speaks of origins", "[unit]") {
  CHECK(marked({}, "OPTIONS", "https://shop.example") == "Allow: GET, POST\n");
}

TEST_CASE("an allowed origin is told so, another one nothing", "[unit]") {
  const auto allowed = of({"https://shop.example", "http://localhost:3000"});
  for (const char* origin : {"https://shop.example", "http://localhost:3000"}) {
    const std::string plain = marked(allowed, "GET", origin);
    CHECK(has(plain, "Access-Control-Allow-Origin: " + std::string(origin) + "\n"));
    CHECK(has(plain, "Vary: Origin\n"));
    CHECK_FALSE(has(plain, "Access-Control-Allow-Methods"));
    const std::string preflight = marked(allowed, "OPTIONS", origin);
    CHECK(has(preflight, "Access-Control-Allow-Methods: GET, POST\n"));
    CHECK(has(preflight, "Access-Control-Allow-Headers: Authorization, Content-Type"));
    CHECK_FALSE(has(preflight, "Credentials"));
  }
  for (const char* origin : {"", "https://evil.example", "https://shop.example.evil.example",
                             "http://shop.example", "https://shop.example:444", "null"}) {
    INFO(origin);
    CHECK(marked(allowed, "OPTIONS", origin) == "Allow: GET, POST\nVary: Origin\n");
  }
}

TEST_CASE("a star allows every origin", "[unit]") {
  CHECK(has(marked(of({"*"}), "GET", "https://any.example"), "Access-Control-Allow-Origin: *\n"));
}

TEST_CASE("what is no origin is refused", "[unit]") {
  for (const char* text : {"", "shop.example", "https://", "https://shop.example/", "ftp://shop",
                           "https://a b", "HTTPS://shop.example", "https://Shop.example"}) {
    INFO(text);
    CHECK_FALSE(AllowedOrigins::parse({text}).ok());
  }
}

}  // namespace coupon::http
