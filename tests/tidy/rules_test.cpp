// Each rule of the tree catches its own bad example and lets the good one pass.
#include "tests/tidy/rules.h"

#include <catch2/catch.hpp>
#include <string>

namespace coupon::tidy {
namespace {

std::string repeat(const std::string& text, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

// What a rule says of a file with this path and text: its places, separated by blanks.
std::string places(Violations (*rule)(const Source&), const std::string& path,
                   const std::string& text) {
  std::string all;
  for (const Violation& violation : rule(make_source(path, text))) all += violation.where + " ";
  return all;
}

TEST_CASE("the lexer keeps code and blanks the rest", "[tidy]") {
  const Source source = make_source("a.cpp",
                                    "a = 1'000; // { \"\n"
                                    "b = '{'; /* }\n */ c = \"\\\"{\";\n"
                                    "d = R\"sql(SELECT \"x\")sql\"; e\n");
  CHECK(source.code.size() == source.text.size());
  CHECK(source.code.find('{') == std::string::npos);
  CHECK(source.code.find("1'000") != std::string::npos);
  CHECK(source.code.find("c = ") != std::string::npos);
  CHECK(source.code.find("; e") != std::string::npos);
  REQUIRE(source.literals.size() == 2);
  CHECK(source.literals[0].text == "\\\"{");
  CHECK(source.literals[0].line == 3);
  CHECK(source.literals[1].text == std::string("SELECT ") + "\"x\"");
  CHECK(source.literals[1].line == 4);
}

TEST_CASE("a line may have 100 columns of any script", "[tidy]") {
  CHECK(places(check_text, "a.h", repeat("ä", 100) + "\n") == "");
  CHECK(places(check_text, "a.h", "\n" + repeat("x", 101) + "\n") == "a.h:2 ");
}

TEST_CASE("tabs, trailing blanks and a missing last newline are found", "[tidy]") {
  CHECK(places(check_text, "a.h", "a\n\tb\n") == "a.h:2 ");
  CHECK(places(check_text, "a.h", "a \nb\r\nc\n") == "a.h:1 a.h:2 ");
  CHECK(places(check_text, "a.h", "a\nb") == "a.h:2 ");
  CHECK(places(check_text, "a.h", "") == "");
  CHECK(places(check_text, "a.sh", "\tx\n") == "a.sh:1 ");
  CHECK(places(check_text, "Caddyfile", "\tx\n") == "");
}

TEST_CASE("marks of undone work are found in any file", "[tidy]") {
  CHECK(places(check_no_todo, "schema.sql", std::string("x\n-- TO") + "DO: y\n") ==
        "schema.sql:2 ");
  CHECK(places(check_no_todo, "a.h", std::string("// FIX") + "ME\n") == "a.h:1 ");
  CHECK(places(check_no_todo, "a.h", "// method, prefixMEthod\n") == "");
}

TEST_CASE("a sentence that people stumbled over is found in a text, not in a comment", "[tidy]") {
  CHECK(places(check_words, "src/a.cpp", "x\nsay(\"it exists already\");\n") == "src/a.cpp:2 ");
  CHECK(places(check_words, "src/a.cpp", "// it exists already\nx();\n") == "");
}

TEST_CASE("the 401st line is found", "[tidy]") {
  CHECK(places(check_file_length, "a.cpp", repeat("x\n", 400)) == "");
  CHECK(places(check_file_length, "a.cpp", repeat("x\n", 401)) == "a.cpp:401 ");
}

TEST_CASE("a function of 61 lines is found wherever it is", "[tidy]") {
  const std::string fits = "{\n" + repeat("  x();\n", 58) + "}\n";
  const std::string long_body = "{\n" + repeat("  if (x) { y(); }\n", 59) + "}\n";
  const auto find = [](const std::string& text) {
    return places(check_function_length, "a.cpp", text);
  };
  CHECK(find("int f(int a) " + fits) == "");
  CHECK(find("int f(int a) " + long_body) == "a.cpp:1 ");
  CHECK(find("namespace n {\nclass A : public B {\n  void f() const " + long_body + "};\n}\n") ==
        "a.cpp:3 ");
  CHECK(find("A::A(int x) : a_{x}, b_(x), c_{} " + long_body) == "a.cpp:1 ");
  CHECK(find("void f(Options o = {}) " + long_body) == "a.cpp:1 ");
  CHECK(find("template <typename T>\nT f(const T& a) " + long_body) == "a.cpp:2 ");
  CHECK(find("TEST_CASE(\"a (b) {\", \"[x]\") " + long_body) == "a.cpp:1 ");
  CHECK(find("#define X(a) {\nint g() { return 0; }\nint f() " + long_body) == "a.cpp:3 ");
  CHECK(find("const auto f = [](int a) " + long_body) == "a.cpp:1 ");
}

TEST_CASE("a long table or class is no long function", "[tidy]") {
  CHECK(places(check_function_length, "a.cpp",
               "const Row kRows[] = {\n" + repeat("  {f(1), 2},\n", 90) + "};\n") == "");
  CHECK(places(check_function_length, "a.h",
               "struct A {\n" + repeat("  int f() { return 1; }\n", 90) + "};\n") == "");
}

TEST_CASE("a header without a comment or a guard is found", "[tidy]") {
  CHECK(places(check_header_comment, "a.h", "// What.\n#pragma once\n") == "");
  CHECK(places(check_header_comment, "a.h", "#pragma once\n") == "a.h:1 ");
  CHECK(places(check_header_comment, "a.h", "// What.\n") == "a.h:1 ");
  CHECK(places(check_header_comment, "a.cpp", "int x;\n") == "");
}

TEST_CASE("a test name that ctest would split is found", "[tidy]") {
  CHECK(places(check_test_names, "a.cpp", "TEST_CASE(\"a; b\", \"[x]\") {\n") == "a.cpp:1 ");
  CHECK(places(check_test_names, "a.cpp", "TEST_CASE(\"a, b\", \"[x]\") {\n") == "");
}

// Whether a file may include this, by the arrows and by the libraries.
bool may(const std::string& path, const std::string& include) {
  const std::string text = "\n#include " + include + "\n";
  return places(check_include_arrows, path, text).empty() &&
         places(check_libraries, path, text).empty();
}

TEST_CASE("include arrows point one way", "[tidy]") {
  CHECK(may("src/store/a.cpp", "\"coupond/core/error.h\""));
  CHECK(may("src/store/a.cpp", "\"src/store/a.h\""));
  CHECK(may("src/app/a.cpp", "\"src/api/a.h\""));
  CHECK(may("src/api/a.cpp", "\"src/web/assets.h\""));
  CHECK(may("src/store/a.cpp", "\"coupond_schema.h\""));
  CHECK(may("tests/unit/a.cpp", "\"src/store/a.h\""));
  CHECK(may("tests/unit/a.cpp", "\"tests/support/a.h\""));
  CHECK_FALSE(may("tests/unit/a.cpp", "\"support/a.h\""));
  CHECK_FALSE(may("src/core/a.cpp", "\"coupond/domain/a.h\""));
  CHECK_FALSE(may("include/coupond/domain/a.h", "\"coupond/store/a.h\""));
  CHECK_FALSE(may("src/http/a.cpp", "\"coupond/service/a.h\""));
  CHECK_FALSE(may("src/api/a.cpp", "\"coupond/store/a.h\""));
  CHECK_FALSE(may("src/app/a.cpp", "\"src/cli/a.h\""));
  CHECK_FALSE(may("src/service/a.cpp", "\"src/store/a.h\""));
  CHECK_FALSE(may("include/coupond/store/a.h", "\"src/store/a.h\""));
  CHECK_FALSE(may("src/store/a.cpp", "\"a.h\""));
  CHECK_FALSE(may("src/store/a.cpp", "\"../store/a.h\""));
  CHECK_FALSE(may("src/store/a.cpp", "\"tests/support/a.h\""));
  CHECK_FALSE(may("src/extra/a.cpp", "<string>"));
}

TEST_CASE("libraries stay with their modules", "[tidy]") {
  CHECK(may("src/http/server.cpp", "<httplib.h>"));
  CHECK(may("src/http/server_guard.cpp", "<httplib.h>"));
  CHECK(may("src/core/a.cpp", "<sodium.h>"));
  CHECK(may("tests/unit/a.cpp", "<SQLiteCpp/SQLiteCpp.h>"));
  CHECK_FALSE(may("src/http/router.cpp", "<httplib.h>"));
  CHECK_FALSE(may("src/http/server.h", "<httplib.h>"));
  CHECK_FALSE(may("tests/http/a.cpp", "\"httplib.h\""));
  CHECK_FALSE(may("src/service/a.cpp", "<SQLiteCpp/SQLiteCpp.h>"));
  CHECK_FALSE(may("src/service/a.cpp", "<sqlite3.h>"));
  CHECK_FALSE(may("src/domain/a.cpp", "<nlohmann/json.hpp>"));
  CHECK_FALSE(may("src/app/a.cpp", "<CLI/CLI.hpp>"));
}

TEST_CASE("double quotes in SQL and SQL outside the store are found", "[tidy]") {
  CHECK(places(check_sql, "schema.sql", "-- the \"file\"\nCHECK (a = 'x')\n") == "");
  CHECK(places(check_sql, "schema.sql", "CHECK (a = \"x\")\n") == "schema.sql:1 ");
  const std::string bad = "const char k[] = R\"(\n  SELECT a FROM t WHERE b = \"x\")\";\n";
  const std::string good = "const char k[] = R\"(\n  SELECT a FROM t WHERE b = 'x')\";\n";
  CHECK(places(check_sql, "src/store/a.cpp", bad) == "src/store/a.cpp:1 ");
  CHECK(places(check_sql, "src/store/a.cpp", good) == "");
  CHECK(places(check_sql, "src/service/a.cpp", good) == "src/service/a.cpp:1 ");
  CHECK(places(check_sql, "tests/unit/a.cpp", good) == "");
  CHECK(places(check_sql, "src/http/a.cpp", "f(\"DELETE\", \"Select one\");\n") == "");
}

}  // namespace
}  // namespace coupon::tidy
