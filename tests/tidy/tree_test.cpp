// The source tree keeps its own rules. A failure lists every place, as file:line.
#include <catch2/catch.hpp>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/source_dir.h"
#include "tests/tidy/rules.h"

namespace coupon::tidy {
namespace {

const std::vector<Source>& tree() {
  static const std::vector<Source> sources =
      load_tree(test::source_dir(), {"src", "include", "tests", "examples", "schema.sql"});
  return sources;
}

// What `rule` finds in the whole tree, one place a line; empty when all is well.
std::string broken(Violations (*rule)(const Source&)) {
  std::ostringstream text;
  for (const Source& source : tree()) {
    for (const Violation& violation : rule(source)) {
      text << violation.where << ": " << violation.what << '\n';
    }
  }
  return text.str();
}

TEST_CASE("the tree is there to be checked", "[tidy]") {
  const auto has = [](const std::string& path) {
    for (const Source& source : tree()) {
      if (source.path == path) return true;
    }
    return false;
  };
  CHECK(tree().size() > 20);
  CHECK(has("include/coupond/core/error.h"));
  CHECK(has("schema.sql"));
  CHECK(has("tests/tidy/tree_test.cpp"));
}

TEST_CASE("lines are at most 100 columns, without tabs and trailing blanks", "[tidy]") {
  CHECK(broken(check_text) == "");
}
TEST_CASE("nothing is marked as left undone", "[tidy]") { CHECK(broken(check_no_todo) == ""); }
TEST_CASE("sentences that people stumbled over are gone", "[tidy]") {
  CHECK(broken(check_words) == "");
}
TEST_CASE("a file has at most 400 lines", "[tidy]") { CHECK(broken(check_file_length) == ""); }
TEST_CASE("a function has at most 60 lines", "[tidy]") {
  CHECK(broken(check_function_length) == "");
}
TEST_CASE("a header begins with its contract", "[tidy]") {
  CHECK(broken(check_header_comment) == "");
}
TEST_CASE("ctest can find every test by its name", "[tidy]") {
  CHECK(broken(check_test_names) == "");
}
TEST_CASE("modules include only what the design allows", "[tidy]") {
  CHECK(broken(check_include_arrows) == "");
}
TEST_CASE("libraries are included only by the modules that own them", "[tidy]") {
  CHECK(broken(check_libraries) == "");
}
TEST_CASE("SQL is in the store and quotes text with single quotes", "[tidy]") {
  CHECK(broken(check_sql) == "");
}

}  // namespace
}  // namespace coupon::tidy
