// What commands print: text that others wrote must not steer the terminal, and output that cannot
// be written must be noticed before more work is done for it. Any thread but Output: one.
#pragma once

#include <string>
#include <string_view>

namespace coupon::cli {

// `text` with what a terminal would obey, or what hides or reorders other characters, as \x1b or
// \u202e; so are bytes that are not UTF-8. `kept`: ASCII control characters that stay.
std::string printable(std::string_view text, std::string_view kept = {});

// The standard output for data, which goes out as it is unless it goes to a terminal.
class Output {
 public:
  Output();

  // Why nothing can be written there; empty when something may. To be asked before any work is
  // done.
  static std::string missing();
  // False when it could not be written; problem() then says why. Keeps a line's unfinished end back
  // from a terminal until finish().
  bool write(std::string_view text);
  bool finish();
  const std::string& problem() const { return problem_; }

 private:
  bool flush();

  const bool terminal_;
  std::string problem_;
  std::string rest_;
};

}  // namespace coupon::cli
