// What the tests of the book service share: a book, codes in it, and bodies of requests.
#pragma once

#include <catch2/catch.hpp>
#include <string>

#include "tests/support/api_fixture.h"

namespace coupon::test {

// An open book unless the fields say otherwise.
inline std::string make_book(ApiFixture& api, const std::string& more = "") {
  auto made =
      api.post("/coupons", api.admin().token,
               R"({"name":"Summer","startDate":"2026-01-01","endDate":"2027-01-01T00:00:00Z")" +
                   (more.empty() ? "" : "," + more) + "}");
  REQUIRE(made.status == 201);
  CHECK(made.body["_id"] == made.body["id"]);
  return made.text("id");
}

inline void upload(ApiFixture& api, const std::string& book, const std::string& codes) {
  REQUIRE(api.post("/coupons/codes", api.admin().token,
                   R"({"couponBookId":")" + book + R"(","codes":[)" + codes + "]}")
              .status == 201);
}

inline std::string for_user(const std::string& user, const std::string& book = "") {
  std::string body = R"({"userId":")" + user + "\"";
  if (!book.empty()) body += R"(,"couponBookId":")" + book + "\"";
  return body + "}";
}

}  // namespace coupon::test
