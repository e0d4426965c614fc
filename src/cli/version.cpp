#include <sodium.h>
#include <sqlite3.h>

#include <iostream>
#include <string_view>

#include "coupond_version.h"
#include "src/cli/command.h"

namespace coupon::cli {
namespace {

// Before this one, SQLite can damage a write-ahead log that two connections checkpoint at once.
constexpr int kSqliteWithoutResetBug = 3'051'003;

int print_version() {
  std::cout << "coupond " << kVersion << " (" << kBuildType;
  if (!kSanitizers.empty()) std::cout << ", sanitizers " << kSanitizers;
  std::cout << ", " << kCompiler << ")\n";
  for (const LibraryVersion& library : kLibraries) {
    std::cout << "  " << library.name << " " << library.version << "\n";
  }
  if (sqlite3_libversion_number() < kSqliteWithoutResetBug) {
    std::cout << "Note: SQLite before 3.51.3 can damage a log that two connections checkpoint; "
                 "here only one ever does.\n";
  }
  return kDone;
}

}  // namespace

void add_version(const Command& root) {
  root.add_subcommand("version", "Print the version of coupond and of its libraries")
      .runs(print_version);
}

}  // namespace coupon::cli
