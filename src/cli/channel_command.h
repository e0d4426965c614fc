// What the commands that ask the API of a data directory share.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "coupond/app/control_channel.h"
#include "coupond/http/uri.h"
#include "src/cli/command.h"
#include "src/cli/terminal.h"

namespace coupon::cli {

using app::ControlChannel;
using app::Json;

// Opens the channel to an existing database and runs `work` with it.
inline int with_channel(const std::string& data_dir,
                        const std::function<int(ControlChannel&)>& work) {
  auto channel = ControlChannel::open(data_dir, ControlChannel::IfMissing::kRefuse);
  if (!channel.ok()) return fail(channel.error(), kCouldNotStart);
  return work(channel.value());
}

// Calls `each` with every item of the pages that `target`, which has a query, lists.
inline core::Result<core::Done> each_item(ControlChannel& channel, const std::string& target,
                                          const std::function<void(const Json&)>& each) {
  for (std::string cursor;;) {
    const auto page = channel.get(target + cursor);
    if (!page.ok()) return page.error();
    for (const Json& item : page->at("items")) each(item);
    const Json next = page->value("next_cursor", Json());
    if (next.is_null()) return core::Done{};
    cursor = "&cursor=" + http::percent_encode(next.get<std::string>());
  }
}

// A value of a reply to show; empty for null.
inline std::string text_of(const Json& json, const char* name) {
  const Json& value = json.at(name);
  if (value.is_null()) return {};
  return printable(value.is_string() ? value.get<std::string>() : value.dump());
}

// "ada@example.com (id 7)": names may look alike, ids do not.
inline std::string account_of(const Json& user) {
  return text_of(user, "email") + " (id " + text_of(user, "id") + ")";
}

// Adds the sub-command `name`, which runs `run(input)`, with its `--data`.
template <class Input>
Command add_data_command(const Command& parent, const char* name, const char* about,
                         const std::shared_ptr<Input>& input, int (*run)(const Input&)) {
  const Command command = parent.add_subcommand(name, about);
  command.add_data_option(input->data);
  command.runs([input, run] { return run(*input); });
  return command;
}

}  // namespace coupon::cli
