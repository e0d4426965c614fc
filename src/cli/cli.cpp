#include "coupond/cli/cli.h"

#include <sodium.h>
#include <sys/stat.h>

#include <charconv>
#include <cstdlib>
#include <exception>
#include <iostream>

#include "coupond/app/describe.h"
#include "coupond/core/email.h"
#include "coupond_version.h"
#include "src/cli/command.h"
#include "src/cli/terminal.h"

namespace coupon::cli {
namespace {

constexpr char kAbout[] = R"(coupond: one program, one data directory, every kind of coupon.

Start with `coupond serve`. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 could not start.)";

void add_commands(CommandLine& line) {
  add_serve(line);
  add_admin(line);
  add_user(line);
  add_campaign(line);
  add_codes(line);
  add_report(line);
  add_backup(line);
  add_follow(line);
  add_cluster(line);
  add_bench(line);
  add_verify(line);
  add_check(line);
  add_health(line);
  add_prove(line);
  add_openapi(line);
  add_version(line);
}

bool is_command(CLI::App& root, const std::string& name) {
  return !root.get_subcommands([&](const CLI::App* one) { return one->get_name() == name; })
              .empty();
}

// What was typed, as far as it is known: "coupond codes generate".
std::string command_named(const CLI::App& root) {
  std::string name = "coupond";
  for (const CLI::App* app = &root; !app->get_subcommands().empty();) {
    app = app->get_subcommands().back();
    name += " " + app->get_name();
  }
  return name;
}

// Numbers as a person writes them: without so many zeroes behind the point.
std::string shown(double number) {
  std::string text = std::to_string(number);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

template <class Number>
CLI::Validator between(Number low, Number high, const std::string& sentence) {
  const auto check = [low, high, sentence](const std::string& text) {
    Number value{};
    const char* const last = text.data() + text.size();
    const auto [end, problem] = std::from_chars(text.data() + text.starts_with('+'), last, value);
    const bool good = problem == std::errc() && end == last && value >= low && value <= high;
    return good ? std::string() : sentence + ", not \"" + text + "\"";
  };
  return CLI::Validator(check, std::string());
}

// CLI11's own codes are many and its own; ours are four.
int parse(CLI::App& root, int argc, char** argv) {
  try {
    root.parse(argc, argv);
    return kDone;
  } catch (const CLI::CallForHelp& help) {
    return root.exit(help);
  } catch (const CLI::ParseError& error) {
    if (argc < 2) {
      std::cerr << root.help();
      return kUsage;
    }
    const bool known = argv[1][0] == '-' || is_command(root, argv[1]);
    std::cerr << "coupond: "
              << (known ? std::string(error.what()) : "There is no command " + std::string(argv[1]))
              << ". `" << command_named(root) << " --help` says what there is.\n";
    return kUsage;
  }
}

// What nobody expected ends with a sentence too.
int run_chosen(const CommandLine& line) {
  try {
    return line.chosen();
  } catch (const std::exception& error) {
    return fail(std::string("Something unexpected went wrong: ") + error.what() + ".");
  }
}

}  // namespace

int run(int argc, char** argv) {
  // Everything coupond writes is its owner's alone.
  ::umask(077);
  if (sodium_init() < 0)
    return fail("The random number generator of this machine cannot be used.", kCouldNotStart);
  // A command without a server makes and finds accounts as the server does.
  if (const char* ignored = std::getenv("COUPOND_IGNORE_PLUS_TAGS")) {
    core::ignore_plus_tags(std::string_view(ignored) == "on");
  }
  CLI::App root(kAbout, "coupond");
  root.require_subcommand(1);
  root.set_version_flag("--version", std::string(kVersion));
  CommandLine line{.root = root};
  add_commands(line);
  const int parsed = parse(root, argc, argv);
  return line.chosen && parsed == kDone ? run_chosen(line) : parsed;
}

void add_data_option(CLI::App& command, std::string& data_dir) {
  command.add_option("--data", data_dir, "The data directory")
      ->envname("COUPOND_DATA")
      ->type_name("DIR")
      ->capture_default_str();
}

CLI::Validator whole_number(std::int64_t low, std::int64_t high) {
  return between(
      low, high,
      "takes a whole number from " + std::to_string(low) + " to " + std::to_string(high));
}

CLI::Validator number(double low, double high) {
  return between(low, high, "takes a number from " + shown(low) + " to " + shown(high));
}

int fail(const core::Error& error, ExitCode code) { return fail(app::describe(error), code); }

int printed() {
  Output output;
  if (output.finish()) return kDone;
  return fail(output.problem() + " What the command had to do is done.");
}

int fail(const std::string& sentence, ExitCode code) {
  std::cerr << "coupond: " << printable(sentence, "\n") << "\n";
  return code;
}

}  // namespace coupon::cli
