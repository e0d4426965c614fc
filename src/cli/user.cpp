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
  std::string email;
  std::string external_id;
  std::string name;
  bool yes = false;
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

std::string path_of(const UserInput& input, const char* what = "") {
  return "/api/v1/users/" + http::percent_encode(input.user) + what;
}

core::Result<Json> change(ControlChannel& channel, const UserInput& input, const Json& what) {
  return channel.call("PATCH", path_of(input), what);
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

int add(const UserInput& input) {
  return with_channel(input.data, [&](ControlChannel& channel) -> int {
    Json customer = {{"name", input.name}};
    if (!input.email.empty()) customer["email"] = input.email;
    if (!input.external_id.empty()) customer["external_id"] = input.external_id;
    const auto done = channel.call("POST", "/api/v1/users", customer);
    if (!done.ok()) return fail(done.error());
    std::cout << account_of(*done) << " is a customer now, without a password: `coupond user "
              << "invite` lets them set one.\n";
    return printed();
  });
}

int set_email(const UserInput& input) {
  return with_channel(input.data, [&](ControlChannel& channel) -> int {
    const auto done = change(channel, input, {{"email", input.email}});
    if (!done.ok()) return fail(done.error());
    std::cout << account_of(*done) << " is the account's address now.\n";
    return printed();
  });
}

int invite(const UserInput& input) {
  return with_channel(input.data, [&](ControlChannel& channel) -> int {
    const auto done = channel.call("POST", path_of(input, "/invitation"), Json::object());
    if (!done.ok()) return fail(done.error());
    std::cout << "Send this, after your own address, to the customer. It sets a password once, "
                 "until "
              << text_of(*done, "expires_at") << ":\n/setup#invitation=" << text_of(*done, "token")
              << "\n";
    return printed();
  });
}

int export_data(const UserInput& input) {
  return with_channel(input.data, [&](ControlChannel& channel) -> int {
    const auto done = channel.get(path_of(input, "/data"));
    if (!done.ok()) return fail(done.error());
    std::cout << done->dump(2) << "\n";
    return printed();
  });
}

int erase(const UserInput& input) {
  return with_channel(input.data, [&](ControlChannel& channel) -> int {
    const auto user = channel.get(path_of(input));
    if (!user.ok()) return fail(user.error());
    if (!input.yes) {
      std::cerr << "This erases " << account_of(*user)
                << " for good: name, addresses, password and what was attached to redemptions. "
                   "Pass --yes to do it.\n";
      return kFailed;
    }
    const auto done = channel.call("POST", path_of(input, "/erase"), Json::object());
    if (!done.ok()) return fail(done.error());
    std::cout << "Account " << text_of(done->at("user"), "id") << " names nobody any more.\n"
              << text_of(*done, "stays") << "\n";
    return printed();
  });
}

void add_personal(const Command& user, const std::shared_ptr<UserInput>& input,
                  const char* about_user) {
  const Command made =
      add_data_command(user, "add", "Make a customer without a password", input, add);
  made.add_option("email", input->email, "Their address; may be left out with --external-id");
  made.add_option("--external-id", input->external_id, "What another system calls them");
  made.add_option("--name", input->name, "What to call them");
  const auto named = [&](const char* name, const char* about, int (*run)(const UserInput&)) {
    const Command command = add_data_command(user, name, about, input, run);
    command.add_option("user", input->user, about_user).required();
    return command;
  };
  named("set-email", "Give an account another address", set_email)
      .add_option("email", input->email, "The new address")
      .required();
  named("invite", "Print a link by which a customer without a password sets one", invite);
  named("export", "Print all that is kept about somebody, as JSON", export_data);
  named("erase", "Erase a customer: name, addresses, password, metadata", erase)
      .add_flag("--yes", input->yes, "Do it");
}

}  // namespace

void add_user(const Command& root) {
  const auto input = std::make_shared<UserInput>();
  const Command user =
      root.add_subcommand("user", "List accounts, change, invite, export and erase them");
  user.needs_subcommand();
  constexpr char kUser[] =
      "E-mail address, username, id or UUID; id:7 is an id, user:7 a "
      "username, external:7 what another system calls them";
  add_data_command(user, "list", "Id, e-mail, role, state, credit and name of each", input, list);
  const Command role =
      add_data_command(user, "set-role", "Make somebody user, staff or admin", input, set_role);
  role.add_option("user", input->user, kUser).required();
  role.add_option("role", input->role, "user, staff or admin").required();
  const Command credit = add_data_command(
      user, "set-credit", "Add to a balance; a negative number takes", input, set_credit);
  credit.add_option("user", input->user, kUser).required();
  credit.add_option("--add", input->add, "How much, such as 50 or -20")
      .required()
      .whole_number(-core::limits::kCreditMax, core::limits::kCreditMax);
  credit.footer("Example: coupond user set-credit ada@example.com --add 50 --reason gift");
  credit.add_option("--reason", input->reason, "Why; the ledger keeps it").shows_default();
  add_personal(user, input, kUser);
}

}  // namespace coupon::cli
