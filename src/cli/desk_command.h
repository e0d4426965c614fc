// Commands that bring actions to a Desk: what user, campaign and codes share.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "coupond/app/desk.h"
#include "src/cli/command.h"

namespace coupon::cli {

using app::Desk;
using app::Json;

// Opens the desk of an existing database and runs `work` with it.
inline int at_desk(const std::string& data_dir, const std::function<int(Desk&)>& work) {
  auto desk = Desk::open(data_dir, Desk::IfMissing::kRefuse);
  if (!desk.ok()) return fail(desk.error(), kCouldNotStart);
  return work(desk.value());
}

// A text of a reply; empty for null.
inline std::string text_of(const Json& json, const char* name) {
  const Json& value = json.at(name);
  if (value.is_null()) return {};
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// Adds the sub-command `name`, which runs `run(input)`, with its `--data`.
template <class Input>
CLI::App* add_desk_command(CommandLine& line, CLI::App& parent, const char* name, const char* about,
                           const std::shared_ptr<Input>& input, int (*run)(const Input&)) {
  CLI::App* command = parent.add_subcommand(name, about);
  add_data_option(*command, input->data);
  command->callback([&line, input, run] { line.chosen = [input, run] { return run(*input); }; });
  return command;
}

}  // namespace coupon::cli
