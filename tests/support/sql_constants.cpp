#include "tests/support/sql_constants.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string_view>

#include "coupond/store/campaigns.h"
#include "tests/support/source_dir.h"
#include "tests/support/text.h"

namespace coupon::test {
namespace {

using test::content_of;

using Macros = std::map<std::string, std::string>;

bool starts_with_any(std::string_view sql, const auto& words) {
  sql.remove_prefix(std::min(sql.find_first_not_of(" \n"), sql.size()));
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return sql.starts_with(word); });
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// The text of the literals from `at` on, up to a semicolon or the end.
std::string literals(std::string_view code, std::size_t at, const Macros& macros) {
  std::string text;
  while (at < code.size() && code[at] != ';') {
    if (code.substr(at, 3) == "R\"(") {
      const std::size_t end = code.find(")\"", at);
      text += code.substr(at + 3, end - at - 3);
      at = end + 2;
    } else if (code[at] == '"') {
      const std::size_t end = code.find('"', at + 1);
      text += code.substr(at + 1, end - at - 1);
      at = end + 1;
    } else if (is_word(code[at])) {
      const std::size_t start = at;
      while (at < code.size() && is_word(code[at])) ++at;
      const auto macro = macros.find(std::string(code.substr(start, at - start)));
      if (macro != macros.end()) text += macro->second;
    } else {
      ++at;
    }
  }
  return text;
}

Macros macros_of(std::string_view code) {
  constexpr std::string_view kDefine = "#define ";
  Macros macros;
  for (std::size_t at = code.find(kDefine); at != std::string_view::npos;
       at = code.find(kDefine, at)) {
    at += kDefine.size();
    const std::size_t name_end = code.find_first_of(" \\\n", at);
    std::size_t end = code.find('\n', at);
    while (end != std::string_view::npos && code[end - 1] == '\\') end = code.find('\n', end + 1);
    const std::string name(code.substr(at, name_end - at));
    macros[name] = literals(code.substr(0, end), name_end, macros);
  }
  return macros;
}

void collect(const std::filesystem::path& path, std::vector<SqlConstant>& constants) {
  constexpr std::string_view kConstant = "constexpr char ";
  constexpr std::array<std::string_view, 10> kWords{"SELECT", "INSERT",   "UPDATE", "DELETE",
                                                    "PRAGMA", "BEGIN",    "COMMIT", "ROLLBACK",
                                                    "WITH",   "SAVEPOINT"};
  const std::string code = content_of(path);
  const Macros macros = macros_of(code);
  for (std::size_t at = code.find(kConstant); at != std::string::npos;
       at = code.find(kConstant, at)) {
    at += kConstant.size();
    const std::size_t bracket = code.find("[]", at);
    if (bracket == std::string::npos) return;
    SqlConstant constant{.file = path.filename(),
                         .name = code.substr(at, bracket - at),
                         .sql = literals(code, code.find('=', bracket) + 1, macros)};
    if (starts_with_any(constant.sql, kWords)) constants.push_back(std::move(constant));
  }
}

}  // namespace

bool SqlConstant::is_query() const {
  constexpr std::array<std::string_view, 4> kWords{"SELECT", "UPDATE", "DELETE", "WITH"};
  return starts_with_any(sql, kWords);
}

std::vector<SqlConstant> sql_constants() {
  std::vector<SqlConstant> constants;
  for (const auto& entry : std::filesystem::directory_iterator(source_dir() / "src/store")) {
    if (entry.path().extension() == ".cpp") collect(entry.path(), constants);
  }
  for (std::string& sql : store::campaign_statements()) {
    constants.push_back({.file = "campaigns.cpp", .name = "made", .sql = std::move(sql)});
  }
  return constants;
}

}  // namespace coupon::test
