// docs/endpoints.md is generated. To write it anew after a change of the API:
//   COUPOND_WRITE_DOCS=1 ctest --preset release -R endpoints.md
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "coupond/http/openapi.h"
#include "tests/support/api_fixture.h"
#include "tests/support/source_dir.h"
#include "tests/support/text.h"

namespace {

using coupon::test::content_of;

constexpr std::string_view kBegin = "<!-- endpoints begin -->\n";
constexpr std::string_view kEnd = "<!-- endpoints end -->";

}  // namespace

TEST_CASE("docs/endpoints.md is what is declared", "[documents]") {
  coupon::test::ApiFixture api;
  const std::string path = coupon::test::source_dir() / "docs/endpoints.md";
  std::string document = content_of(path);
  const std::size_t begin = document.find(kBegin);
  const std::size_t end = document.find(kEnd);
  REQUIRE(begin != std::string::npos);
  REQUIRE(end != std::string::npos);
  const std::size_t from = begin + kBegin.size();
  const std::string declared = "\n" + coupon::http::endpoint_table(api.api()) + "\n";
  if (std::getenv("COUPOND_WRITE_DOCS") != nullptr) {
    document.replace(from, end - from, declared);
    std::ofstream(path) << document;
    return;
  }
  CHECK(document.substr(from, end - from) == declared);
}
