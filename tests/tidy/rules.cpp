#include "tests/tidy/rules.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <iterator>
#include <regex>
#include <string_view>
#include <utility>

namespace coupon::tidy {
namespace {

constexpr std::size_t kColumnsMax = 100;
constexpr std::size_t kFileLinesMax = 400;

Violation at(const Source& source, std::size_t line, std::string what) {
  return {source.path + ":" + std::to_string(line), std::move(what)};
}

// Columns of UTF-8 text: every byte but the continuation bytes.
std::size_t columns(std::string_view line) {
  return static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char c) {
    return (static_cast<std::uint8_t>(c) & 0xC0) != 0x80;
  }));
}

// A configuration of another program (a Caddyfile, a systemd unit) keeps that program's format.
bool has_our_format(const std::string& path) {
  const std::string_view kinds[] = {".h", ".cpp", ".sql", ".sh", ".py", ".html", ".css", ".js"};
  return std::any_of(std::begin(kinds), std::end(kinds),
                     [&](std::string_view kind) { return path.ends_with(kind); });
}

bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }

// Whether `word` is in `line` with no letter before or after it.
bool has_word(const std::string& line, const std::string& word) {
  for (std::size_t i = line.find(word); i != std::string::npos; i = line.find(word, i + 1)) {
    const std::size_t end = i + word.size();
    const bool begins = i == 0 || !is_letter(line[i - 1]);
    if (begins && (end == line.size() || !is_letter(line[end]))) return true;
  }
  return false;
}

bool is_sql(const std::string& literal) {
  static const std::regex statement(
      R"(^\s*(SELECT\s|WITH\s+\w+[\s(]|INSERT\s+(OR\s+\w+\s+)?INTO\s|UPDATE\s+\w+\s+SET\s|)"
      R"(DELETE\s+FROM\s|CREATE\s+(UNIQUE\s+|TEMP\s+)?(TABLE|INDEX|TRIGGER|VIEW)\s|PRAGMA\s))");
  return std::regex_search(literal.substr(0, 200), statement);
}

// The line of an SQL file without its `--` comment.
std::string without_comment(const std::string& line) { return line.substr(0, line.find("--")); }

}  // namespace

Violations check_text(const Source& source) {
  if (!has_our_format(source.path)) return {};
  Violations found;
  for (std::size_t i = 0; i < source.lines.size(); ++i) {
    const std::string& line = source.lines[i];
    if (columns(line) > kColumnsMax) {
      found.push_back(at(source, i + 1, std::to_string(columns(line)) + " columns, at most 100"));
    }
    if (line.find('\t') != std::string::npos) found.push_back(at(source, i + 1, "a tab"));
    if (!line.empty() && (line.back() == ' ' || line.back() == '\r')) {
      found.push_back(at(source, i + 1, "blanks at the end of the line"));
    }
  }
  if (!source.text.empty() && source.text.back() != '\n') {
    found.push_back(at(source, source.lines.size(), "no newline at the end of the file"));
  }
  return found;
}

Violations check_no_todo(const Source& source) {
  // Written in two parts, so that this file does not break its own rule.
  static const std::string marks[] = {std::string("TO") + "DO", std::string("FIX") + "ME",
                                      std::string("X") + "XX"};
  Violations found;
  for (std::size_t i = 0; i < source.lines.size(); ++i) {
    for (const std::string& mark : marks) {
      if (!has_word(source.lines[i], mark)) continue;
      found.push_back(at(source, i + 1, "work left undone: do it or open an issue"));
    }
  }
  return found;
}

Violations check_words(const Source& source) {
  constexpr std::array kStumbles{"held by another process", "exists already", "is not CSV",
                                 "TIME|none"};
  Violations found;
  if (!source.path.starts_with("src/")) return found;
  for (std::size_t i = 0; i < source.lines.size(); ++i) {
    const std::string_view line = source.lines[i];
    for (const char* words : kStumbles) {
      const std::size_t place = line.find(words);
      // In a text, not in a comment.
      if (place == std::string_view::npos || line.find('"') >= place) continue;
      found.push_back(at(source, i + 1, std::string("says \"") + words + "\" to people"));
    }
  }
  return found;
}

Violations check_file_length(const Source& source) {
  if (!source.is_cpp() || source.lines.size() <= kFileLinesMax) return {};
  return {
      at(source, kFileLinesMax + 1, std::to_string(source.lines.size()) + " lines, at most 400")};
}

Violations check_header_comment(const Source& source) {
  if (!source.path.ends_with(".h")) return {};
  Violations found;
  if (!source.text.starts_with("//")) {
    found.push_back(at(source, 1, "a header begins with a comment that says what it is"));
  }
  if (source.code.find("#pragma once") == std::string::npos) {
    found.push_back(at(source, 1, "no #pragma once"));
  }
  return found;
}

Violations check_test_names(const Source& source) {
  static const std::regex name(R"re(^\s*(TEST_CASE|SCENARIO|TEMPLATE_TEST_CASE)\(\s*"([^"]*)")re");
  Violations found;
  for (std::size_t i = 0; i < source.lines.size(); ++i) {
    std::smatch match;
    if (source.lines[i].find("(\"") == std::string::npos) continue;
    if (!std::regex_search(source.lines[i], match, name)) continue;
    if (match[2].str().find(';') != std::string::npos) {
      found.push_back(at(source, i + 1, "a test name with a semicolon, which ctest cannot find"));
    }
  }
  return found;
}

Violations check_sql(const Source& source) {
  Violations found;
  const char* const quoted = "double quotes in SQL: names need none, text takes single ones";
  if (source.path.ends_with(".sql")) {
    for (std::size_t i = 0; i < source.lines.size(); ++i) {
      const bool bad = without_comment(source.lines[i]).find('"') != std::string::npos;
      if (bad) found.push_back(at(source, i + 1, quoted));
    }
  }
  const bool product = source.starts_with("src/") || source.starts_with("include/");
  for (const Literal& literal : source.literals) {
    if (!is_sql(literal.text)) continue;
    if (literal.text.find('"') != std::string::npos) {
      found.push_back(at(source, literal.line, quoted));
    }
    if (product && !source.starts_with("src/store/")) {
      found.push_back(at(source, literal.line, "SQL outside src/store"));
    }
  }
  return found;
}

}  // namespace coupon::tidy
