// What every command has in common: what it takes, how it ends, what it says. The library that
// reads a command line is known to command.cpp alone: its header is the slowest of all to compile.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "coupond/core/error.h"
#include "coupond/core/result.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace coupon::cli {

enum ExitCode : int { kDone = 0, kFailed = 1, kUsage = 2, kCouldNotStart = 3 };

// Something that a command takes: "--data DIR", or a word by its place. Belongs to the command
// line.
class Option {
 public:
  explicit Option(CLI::Option& option) : option_(&option) {}

  const Option& required() const;
  const Option& type_name(const std::string& name) const;  // of its value, in the help
  const Option& envname(const char* variable) const;       // which says it when no argument does
  const Option& shows_default() const;
  const Option& delimiter(char between) const;
  const Option& excludes(const Option& other) const;
  // Whole numbers only, numbers, or words. What is allowed is said when it is not kept.
  const Option& whole_number(std::int64_t low, std::int64_t high) const;
  const Option& number(double low, double high) const;
  const Option& one_of(const std::vector<std::string>& words) const;

 private:
  CLI::Option* option_;
};

// A command of the line that is being built: one to be run, or one that has sub-commands.
class Command {
 public:
  Command(CLI::App& app, std::function<int()>& chosen) : app_(&app), chosen_(&chosen) {}

  Command add_subcommand(const std::string& name, const std::string& about) const;
  // Each fills its value when the arguments are read, so the value must live until run() ends.
  // A text, several, an int64, a size, a double, or an int64 or uint64 that may be absent.
  template <class Value>
  Option add_option(const std::string& name, Value& value, const std::string& help) const;
  Option add_option(const std::string& name, std::function<void(const std::string&)> take,
                    const std::string& help) const;
  Option add_flag(const std::string& name, bool& value, const std::string& help) const;
  Option add_flag(const std::string& name, std::function<void()> take,
                  const std::string& help) const;
  // `--data DIR`, which falls back to COUPOND_DATA and then to ./coupond-data.
  void add_data_option(std::string& data_dir) const;

  void footer(const std::string& text) const;
  void needs_subcommand() const;
  // Whether an argument gave it.
  bool has(const std::string& name) const;
  // What to do after all arguments were read. Gives the exit code.
  void runs(std::function<int()> action) const;

 private:
  CLI::App* app_;
  std::function<int()>* chosen_;
};

// One per file.
void add_admin(const Command& root);
void add_serve(const Command& root);   // and config
void add_backup(const Command& root);  // and restore
void add_bench(const Command& root);
void add_campaign(const Command& root);
void add_check(const Command& root);
void add_cluster(const Command& root);
void add_codes(const Command& root);
void add_follow(const Command& root);
void add_health(const Command& root);
void add_prove(const Command& root);
void add_report(const Command& root);  // and redemptions
void add_openapi(const Command& root);
void add_user(const Command& root);
void add_verify(const Command& root);
void add_version(const Command& root);

// Reads the arguments, with the commands that `add` adds, and has `run` do what was chosen, which
// gives the exit code. kUsage, with a sentence, for arguments that cannot be read.
int choose_and_run(int argc, char** argv, const std::string& about, const std::string& version,
                   void (*add)(const Command& root),
                   int (*run)(const std::function<int()>& chosen));

// Ends a command that has printed what it did: kDone, or kFailed with a sentence when the standard
// output could not be written.
int printed();

// Prints "coupond: <sentence>" to stderr and returns `code`.
int fail(const core::Error& error, ExitCode code = kFailed);
int fail(const std::string& sentence, ExitCode code = kFailed);

}  // namespace coupon::cli
