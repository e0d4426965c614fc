// Every row of the threat list has a test case here that carries its number as a tag, or a reason
// why it does not apply.
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>

namespace {

constexpr int kRows = 43;

// Rows of what there is not.
const std::map<int, std::string> kNotApplicable = {
    {30, "there are no webhooks that a request could be forged through"},
    {31, "there are no webhooks whose messages could be forged"},
};

std::set<std::string> tags_here() {
  std::set<std::string> tags;
  for (const auto& test : Catch::getRegistryHub().getTestCaseRegistry().getAllTests()) {
    tags.insert(test.tags.begin(), test.tags.end());
  }
  return tags;
}

}  // namespace

TEST_CASE("every row of the threat list has its test", "[security]") {
  const std::set<std::string> tags = tags_here();
  REQUIRE(tags.contains("security"));
  for (int row = 1; row <= kRows; ++row) {
    const std::string tag = "S" + std::to_string(row);
    INFO("row " << tag);
    CHECK(tags.contains(tag) != kNotApplicable.contains(row));
  }
}
