// The length of functions, measured by matching braces of our formatting rather than by parsing
// C++: a brace that directly follows a word, or a `=`, `,` or `(`, holds values; one after
// namespace, class, struct, union, enum or extern opens a scope; any other after a `)` is a
// function's body.
#include <cctype>
#include <regex>
#include <string>
#include <string_view>

#include "tests/tidy/rules.h"

namespace coupon::tidy {
namespace {

constexpr std::size_t kFunctionLinesMax = 60;

enum class Brace { kScope, kFunction, kValues };

class FunctionFinder {
 public:
  explicit FunctionFinder(const Source& source) : source_(source), code_(source.code) {}

  Violations run() {
    while (at_ < code_.size()) {
      step(code_[at_]);
    }
    return std::move(found_);
  }

 private:
  void step(char c) {
    if (c == '{') return open();
    if (c == '}' || c == ';') {
      declaration_.clear();
      ++at_;
    } else if (c == '#' && declaration_.find_first_not_of(" \n") == std::string::npos) {
      at_ = end_of_directive();
    } else {
      declaration_ += c;
      ++at_;
    }
  }

  void open() {
    const Brace kind = kind_of_brace();
    if (kind == Brace::kScope) {
      declaration_.clear();
      ++at_;
      return;
    }
    const std::size_t end = matching(at_);
    if (kind == Brace::kFunction) {
      measure(at_, end);
      declaration_.clear();
    }
    at_ = end + 1;
  }

  Brace kind_of_brace() const {
    static const std::regex scope(
        R"(^\s*(template\s*<[^;{]*>\s*)?(inline\s+)?(namespace|class|struct|union|enum|extern)\b)");
    const bool attached =
        !declaration_.empty() && declaration_.back() != ' ' && declaration_.back() != '\n';
    const std::size_t last = declaration_.find_last_not_of(" \n");
    const char before = last == std::string::npos ? ';' : declaration_[last];
    if (attached || before == '=' || before == ',' || before == '(') return Brace::kValues;
    if (std::regex_search(declaration_, scope)) return Brace::kScope;
    return declaration_.find(')') != std::string::npos ? Brace::kFunction : Brace::kValues;
  }

  // Where the brace that opens at `open` closes.
  std::size_t matching(std::size_t open) const {
    std::size_t depth = 0;
    for (std::size_t i = open; i < code_.size(); ++i) {
      if (code_[i] == '{') ++depth;
      if (code_[i] == '}' && --depth == 0) return i;
    }
    return code_.size() - 1;
  }

  std::size_t end_of_directive() const {
    std::size_t end = code_.find('\n', at_);
    while (end != std::string::npos && code_[end - 1] == '\\') end = code_.find('\n', end + 1);
    return end == std::string::npos ? code_.size() : end + 1;
  }

  void measure(std::size_t open, std::size_t close) {
    const std::size_t first = source_.line_of(open);
    const std::size_t lines = source_.line_of(close) - first + 1;
    if (lines <= kFunctionLinesMax) return;
    found_.push_back({source_.path + ":" + std::to_string(first),
                      "a function of " + std::to_string(lines) + " lines, at most 60"});
  }

  const Source& source_;
  const std::string& code_;
  std::size_t at_ = 0;
  std::string declaration_;  // The code since the last declaration ended.
  Violations found_;
};

}  // namespace

Violations check_function_length(const Source& source) {
  if (!source.is_cpp()) return {};
  return FunctionFinder(source).run();
}

}  // namespace coupon::tidy
