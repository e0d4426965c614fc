// The README's endpoint table is generated. To write it anew after a change of the API:
//   COUPOND_WRITE_README=1 ctest -R README
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "coupond/http/openapi.h"
#include "tests/support/api_fixture.h"
#include "tests/support/source_dir.h"

namespace {

constexpr std::string_view kBegin = "<!-- endpoints begin -->\n";
constexpr std::string_view kEnd = "<!-- endpoints end -->";

std::string read_file(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("the README's endpoint table is what is declared", "[readme]") {
  coupon::test::ApiFixture api;
  const std::string path = coupon::test::source_dir() / "README.md";
  std::string readme = read_file(path);
  const std::size_t begin = readme.find(kBegin);
  const std::size_t end = readme.find(kEnd);
  REQUIRE(begin != std::string::npos);
  REQUIRE(end != std::string::npos);
  const std::size_t from = begin + kBegin.size();
  const std::string declared = "\n" + coupon::http::endpoint_table(api.api()) + "\n";
  if (std::getenv("COUPOND_WRITE_README") != nullptr) {
    readme.replace(from, end - from, declared);
    std::ofstream(path) << readme;
    return;
  }
  CHECK(readme.substr(from, end - from) == declared);
}
