#include "coupond/store/follow.h"

#include <poll.h>

#include <iostream>
#include <memory>

#include "coupond/app/app.h"
#include "coupond/core/clock.h"
#include "coupond/core/time_text.h"
#include "src/cli/command.h"
#include "src/cli/terminal.h"

namespace coupon::cli {
namespace {

constexpr int kLookEveryMs = 500;

struct FollowInput {
  std::string data = "./coupond-data";
  std::string directory;
  std::string key;
  bool once = false;
};

void print(const store::Follower::State& state, std::string& said) {
  std::string line = "At ledger entry " + std::to_string(state.head.seq.value) + ", change " +
                     std::to_string(state.position);
  if (state.at) line += " of " + core::to_rfc3339(*state.at);
  if (!state.waits_for.empty()) line += ": " + state.waits_for;
  line += ".";
  if (line == said) return;
  said = line;
  std::cout << printable(line) << std::endl;
}

// True when it is time to stop.
bool pause(int stop_fd) {
  pollfd stop{.fd = stop_fd, .events = POLLIN, .revents = 0};
  return ::poll(&stop, 1, kLookEveryMs) > 0;
}

int follow(const FollowInput& input) {
  app::take_stop_signals();
  const core::Descriptor stop = app::stop_signals_fd(0);
  auto follower = store::Follower::open(
      store::DataPaths(input.data), input.directory,
      {.key_file = input.key,
       .notice = [](const std::string& what) { std::cout << printable(what) << std::endl; }});
  if (!follower.ok()) return fail(follower.error(), kCouldNotStart);
  std::string said;
  int code = kDone;
  while (true) {
    const auto state = follower.value()->step();
    if (!state.ok()) {
      code = fail(state.error());
      break;
    }
    print(*state, said);
    if (input.once || pause(stop.fd())) break;
  }
  return code;
}

}  // namespace

void add_follow(const Command& root) {
  const auto input = std::make_shared<FollowInput>();
  const Command command = root.add_subcommand(
      "follow", "Take over each change of a copy that `serve --copy DIR` makes, as a standby");
  command.add_data_option(input->data);
  command.add_option("copy", input->directory, "The copy's directory, or where it is carried to")
      .required();
  command.add_option("--key", input->key,
                     "The shop's secret.key, when it does not lie in the data directory yet");
  command.add_flag("--once", input->once, "Take what is there, and end");
  command.footer(
      "`coupond serve --data DIR` on the same data directory makes it the shop: all sessions and\n"
      "holds end, and the other one, should it come back, is known to be the older one.\n"
      "Example: coupond follow /mnt/copy --data /var/lib/standby --key secret.key");
  command.runs([input] { return follow(*input); });
}

}  // namespace coupon::cli
