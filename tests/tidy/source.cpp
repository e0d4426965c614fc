#include "tests/tidy/source.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <utility>

namespace coupon::tidy {
namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

void split_lines(Source& source) {
  const std::string& text = source.text;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    source.line_starts.push_back(begin);
    source.lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
}

// Walks over the text once, blanking what is no code.
class Lexer {
 public:
  explicit Lexer(Source& source) : source_(source), text_(source.text) {}

  void run() {
    source_.code = text_;
    while (at_ < text_.size()) {
      step();
    }
  }

 private:
  void step() {
    const std::string_view rest = std::string_view(text_).substr(at_);
    if (rest.starts_with("//")) {
      blank_to(text_.find('\n', at_));
    } else if (rest.starts_with("/*")) {
      blank_to(after("*/", at_ + 2));
    } else if (rest.starts_with("R\"") && !after_word()) {
      raw_string();
    } else if (rest.front() == '"') {
      quoted('"');
    } else if (rest.front() == '\'' && !after_word()) {
      quoted('\'');
    } else {
      ++at_;
    }
  }

  // Whether a word ends just before: 1'000 is no character literal and fooR"x" no raw string.
  bool after_word() const { return at_ > 0 && is_word(text_[at_ - 1]); }

  std::size_t after(std::string_view mark, std::size_t from) const {
    const std::size_t found = text_.find(mark, from);
    return found == std::string::npos ? text_.size() : found + mark.size();
  }

  void blank_to(std::size_t end) {
    end = std::min(end, text_.size());
    for (; at_ < end; ++at_) {
      if (source_.code[at_] != '\n') source_.code[at_] = ' ';
    }
  }

  void raw_string() {
    const std::size_t open = std::min(text_.find('(', at_), text_.size() - 1);
    const std::string mark = ")" + text_.substr(at_ + 2, open - at_ - 2) + "\"";
    const std::size_t end = after(mark, open);
    literal(open + 1, end - std::min(end, mark.size()));
    blank_to(end);
  }

  void quoted(char quote) {
    std::size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != quote && text_[end] != '\n') {
      end += text_[end] == '\\' ? 2 : 1;
    }
    if (quote == '"') literal(at_ + 1, std::min(end, text_.size()));
    ++at_;  // The quotes stay, so that code still shows where a literal was.
    blank_to(end);
    ++at_;
  }

  void literal(std::size_t begin, std::size_t end) {
    source_.literals.push_back({source_.line_of(at_), text_.substr(begin, end - begin)});
  }

  Source& source_;
  const std::string& text_;
  std::size_t at_ = 0;
};

}  // namespace

std::size_t Source::line_of(std::size_t offset) const {
  const auto after = std::upper_bound(line_starts.begin(), line_starts.end(), offset);
  return static_cast<std::size_t>(after - line_starts.begin());
}

bool Source::is_cpp() const { return path.ends_with(".h") || path.ends_with(".cpp"); }

bool Source::starts_with(std::string_view folder) const { return path.starts_with(folder); }

Source make_source(std::string path, std::string text) {
  Source source;
  source.path = std::move(path);
  source.text = std::move(text);
  split_lines(source);
  if (source.is_cpp()) Lexer(source).run();
  return source;
}

std::vector<Source> load_tree(const std::filesystem::path& root,
                              const std::vector<std::string>& folders) {
  std::vector<std::filesystem::path> paths;
  for (const std::string& folder : folders) {
    if (std::filesystem::is_regular_file(root / folder)) paths.push_back(root / folder);
    if (!std::filesystem::is_directory(root / folder)) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
      if (entry.is_regular_file()) paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());

  std::vector<Source> sources;
  for (const std::filesystem::path& path : paths) {
    std::ifstream file(path, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    if (text.find('\0') != std::string::npos) continue;  // A picture or an old database.
    sources.push_back(make_source(path.lexically_relative(root).generic_string(), std::move(text)));
  }
  return sources;
}

}  // namespace coupon::tidy
