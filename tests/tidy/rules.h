// The rules every file of the tree keeps. Each is a pure function from a file to the places that
// break it, so that rules_test.cpp can show each one catching its own bad example.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/tidy/source.h"

namespace coupon::tidy {

struct Violation {
  std::string where;  // "src/store/writer.cpp:12"
  std::string what;   // What is wrong, with the number and the limit.
};
using Violations = std::vector<Violation>;

// Of every text file; check_text leaves configurations of other programs in their own format.
Violations check_text(const Source& source);  // Columns, tabs, blanks at line ends, last newline.
Violations check_no_todo(const Source& source);  // Work left undone belongs into an issue.

// Of C++ files; nothing for others.
Violations check_words(const Source& source);  // Sentences that people stumbled over stay gone.
Violations check_file_length(const Source& source);
Violations check_function_length(const Source& source);
Violations check_header_comment(const Source& source);  // A header begins with its contract.
Violations check_test_names(const Source& source);      // What ctest could not find again.
Violations check_include_arrows(const Source& source);  // design: which module may include which.
Violations check_libraries(const Source& source);       // Which module may include which library.

// Of SQL in *.sql files and in string literals: no text in double quotes, which SQLite takes for a
// name first and silently for text when there is none; and no statement outside the store.
Violations check_sql(const Source& source);

}  // namespace coupon::tidy
