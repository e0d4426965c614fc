// A C++ source file as the rules of the tree see it: lines, code without comments and literals, and
// the string literals themselves. A small lexer, not a parser; it knows our formatting. Values
// only.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace coupon::tidy {

struct Literal {
  std::size_t line = 0;  // Where it begins, from 1.
  std::string text;      // Between the quotes, escapes as written.
};

struct Source {
  std::string path;  // From the root of the tree: "src/store/writer.cpp".
  std::string text;  // The whole file.
  std::vector<std::string> lines;
  std::vector<std::size_t> line_starts;  // Where each line begins in `text`.
  // `text` with every comment and the inside of every literal turned into spaces; as long as
  // `text`, with the same line breaks.
  std::string code;
  std::vector<Literal> literals;

  std::size_t line_of(std::size_t offset) const;  // From 1.
  bool is_cpp() const;                            // *.h or *.cpp.
  bool starts_with(std::string_view folder) const;
};

Source make_source(std::string path, std::string text);

// The text files below `folders` (files are taken as they are) of the tree at `root`, sorted by
// path.
std::vector<Source> load_tree(const std::filesystem::path& root,
                              const std::vector<std::string>& folders);

}  // namespace coupon::tidy
