#include "src/cli/command.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <iostream>
#include <utility>

namespace coupon::cli {
namespace {

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

// CLI11's own codes are many and its own; ours are four.
int parse(CLI::App& root, int argc, char** argv) {
  try {
    root.parse(argc, argv);
    return kDone;
  } catch (const CLI::Success& shown_text) {  // the help, or the version
    return root.exit(shown_text);
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

}  // namespace

const Option& Option::required() const {
  option_->required();
  return *this;
}

const Option& Option::type_name(const std::string& name) const {
  option_->type_name(name);
  return *this;
}

const Option& Option::envname(const char* variable) const {
  option_->envname(variable);
  return *this;
}

const Option& Option::shows_default() const {
  option_->capture_default_str();
  return *this;
}

const Option& Option::delimiter(char between) const {
  option_->delimiter(between);
  return *this;
}

const Option& Option::excludes(const Option& other) const {
  option_->excludes(other.option_);
  return *this;
}

const Option& Option::whole_number(std::int64_t low, std::int64_t high) const {
  option_->check(
      between(low, high,
              "takes a whole number from " + std::to_string(low) + " to " + std::to_string(high)));
  return *this;
}

const Option& Option::number(double low, double high) const {
  option_->check(between(low, high, "takes a number from " + shown(low) + " to " + shown(high)));
  return *this;
}

const Option& Option::one_of(const std::vector<std::string>& words) const {
  option_->check(CLI::IsMember(words));
  return *this;
}

Command Command::add_subcommand(const std::string& name, const std::string& about) const {
  return {*app_->add_subcommand(name, about), *chosen_};
}

template <class Value>
Option Command::add_option(const std::string& name, Value& value, const std::string& help) const {
  return Option(*app_->add_option(name, value, help));
}
template Option Command::add_option(const std::string&, std::string&, const std::string&) const;
template Option Command::add_option(const std::string&, std::vector<std::string>&,
                                    const std::string&) const;
template Option Command::add_option(const std::string&, std::int64_t&, const std::string&) const;
template Option Command::add_option(const std::string&, std::size_t&, const std::string&) const;
template Option Command::add_option(const std::string&, double&, const std::string&) const;
template Option Command::add_option(const std::string&, std::optional<std::int64_t>&,
                                    const std::string&) const;
template Option Command::add_option(const std::string&, std::optional<std::uint64_t>&,
                                    const std::string&) const;

Option Command::add_option(const std::string& name, std::function<void(const std::string&)> take,
                           const std::string& help) const {
  return Option(*app_->add_option_function<std::string>(name, std::move(take), help));
}

Option Command::add_flag(const std::string& name, bool& value, const std::string& help) const {
  return Option(*app_->add_flag(name, value, help));
}

Option Command::add_flag(const std::string& name, std::function<void()> take,
                         const std::string& help) const {
  return Option(*app_->add_flag_callback(name, std::move(take), help));
}

void Command::add_data_option(std::string& data_dir) const {
  add_option("--data", data_dir, "The data directory")
      .envname("COUPOND_DATA")
      .type_name("DIR")
      .shows_default();
}

void Command::footer(const std::string& text) const { app_->footer(text); }

void Command::needs_subcommand() const { app_->require_subcommand(1); }

bool Command::has(const std::string& name) const { return app_->count(name) > 0; }

void Command::runs(std::function<int()> action) const {
  app_->callback([chosen = chosen_, action = std::move(action)] { *chosen = action; });
}

int choose_and_run(int argc, char** argv, const std::string& about, const std::string& version,
                   void (*add)(const Command&), int (*run)(const std::function<int()>&)) {
  std::function<int()> chosen;
  CLI::App root(about, "coupond");
  root.require_subcommand(1);
  root.set_version_flag("--version", version);
  add({root, chosen});
  const int parsed = parse(root, argc, argv);
  return chosen && parsed == kDone ? run(chosen) : parsed;
}

}  // namespace coupon::cli
