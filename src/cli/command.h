// What every command has in common: where it is added, how it ends, what it says.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <string>

#include "coupond/core/error.h"
#include "coupond/core/result.h"

namespace coupon::cli {

enum ExitCode : int { kDone = 0, kFailed = 1, kUsage = 2, kCouldNotStart = 3 };

// The command line being built. A command adds its sub-command to `root` and, as that one's
// callback, sets `chosen`; it runs after all arguments were read.
struct CommandLine {
  CLI::App& root;
  std::function<int()> chosen = {};
};

// One per file.
void add_admin(CommandLine& line);
void add_serve(CommandLine& line);   // and config
void add_backup(CommandLine& line);  // and restore
void add_bench(CommandLine& line);
void add_campaign(CommandLine& line);
void add_check(CommandLine& line);
void add_cluster(CommandLine& line);
void add_codes(CommandLine& line);
void add_follow(CommandLine& line);
void add_health(CommandLine& line);
void add_prove(CommandLine& line);
void add_report(CommandLine& line);  // and redemptions
void add_openapi(CommandLine& line);
void add_user(CommandLine& line);
void add_verify(CommandLine& line);
void add_version(CommandLine& line);

// Adds `--data DIR`, which falls back to COUPOND_DATA and then to ./coupond-data.
void add_data_option(CLI::App& command, std::string& data_dir);

// For check(): whole numbers only, or numbers, from `low` to `high`. The range is said when it is
// not kept.
CLI::Validator whole_number(std::int64_t low, std::int64_t high);
CLI::Validator number(double low, double high);

// Ends a command that has printed what it did: kDone, or kFailed with a sentence when the standard
// output could not be written.
int printed();

// Prints "coupond: <sentence>" to stderr and returns `code`.
int fail(const core::Error& error, ExitCode code = kFailed);
int fail(const std::string& sentence, ExitCode code = kFailed);

}  // namespace coupon::cli
