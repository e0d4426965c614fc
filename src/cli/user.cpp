#include <iostream>

#include "coupond/core/limits.h"
#include "src/cli/channel_command.h"

namespace coupon::cli {
namespace {

struct UserInput {
  std::string data = "./coupond-data";
  std::string user;
  std::string role;
  std::int64_t add = 0;
  std::string reason = "by the owner";
};

void print(const Json& user) {
  std::cout << text_of(user, "id") << "\t" << text_of(user, "email") << "\t"
            << text_of(user, "role") << "\t"
            << (user.at("active").get<bool>() ? "active" : "disabled") << "\t"
            << text_of(user, "credit") << "\t" << text_of(user, "name") << "\n";
}

int list(const UserInput& input) {
  return with_channel(input.data, [](ControlChannel& channel) -> int {
    const auto done = each_item(channel, "/api/v1/users?limit=1000", print);
    return done.ok() ? printed() : fail(done.error());
  });
}

core::Result<Json> change(ControlChannel& channel, const UserInput& input, const Json& what) {
  return channel.call("PATCH", "/api/v1/users/" + http::percent_encode(input.user), what);
}

int set_role(const UserInput& input) {
  return with_channel(input.data, [&](ControlChannel& channel) -> int {
    const auto done = change(channel, input, {{"role", input.role}});
    if (!done.ok()) return fail(done.error());
    std::cout << account_of(*done) << " is " << text_of(*done, "role")
              << " now; the account's sessions are over.\n";
    return printed();
  });
}

int set_credit(const UserInput& input) {
  return with_channel(input.data, [&](ControlChannel& channel) -> int {
    const auto done =
        change(channel, input, {{"credit", {{"add", input.add}, {"reason", input.reason}}}});
    if (!done.ok()) return fail(done.error());
    std::cout << account_of(*done) << " has " << text_of(*done, "credit") << " now.\n";
    return printed();
  });
}

}  // namespace

void add_user(CommandLine& line) {
  const auto input = std::make_shared<UserInput>();
  CLI::App& user = *line.root.add_subcommand("user", "List accounts, set their role or credit");
  user.require_subcommand(1);
  constexpr char kUser[] = "E-mail address, username, id or UUID; id:7 is an id, user:7 a username";
  add_data_command(line, user, "list", "Id, e-mail, role, state, credit and name of each", input,
                   list);
  CLI::App* role = add_data_command(line, user, "set-role", "Make somebody user, staff or admin",
                                    input, set_role);
  role->add_option("user", input->user, kUser)->required();
  role->add_option("role", input->role, "user, staff or admin")->required();
  CLI::App* credit = add_data_command(
      line, user, "set-credit", "Add to a balance; a negative number takes", input, set_credit);
  credit->add_option("user", input->user, kUser)->required();
  credit->add_option("--add", input->add, "How much, such as 50 or -20")
      ->required()
      ->check(whole_number(-core::limits::kCreditMax, core::limits::kCreditMax));
  credit->footer("Example: coupond user set-credit ada@example.com --add 50 --reason gift");
  credit->add_option("--reason", input->reason, "For the ledger")->capture_default_str();
}

}  // namespace coupon::cli
