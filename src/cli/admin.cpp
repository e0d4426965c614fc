#include <iostream>

#include "src/cli/channel_command.h"
#include "src/cli/password.h"

namespace coupon::cli {
namespace {

struct AdminInput {
  std::string data = "./coupond-data";
  std::string account;
  std::string name;
};

int create(const AdminInput& input) {
  const auto password = read_new_password();
  if (!password.ok()) return fail(password.error());
  auto channel = ControlChannel::open(input.data, ControlChannel::IfMissing::kCreate);
  if (!channel.ok()) return fail(channel.error(), kCouldNotStart);
  const auto made = channel->call(
      "POST", "/api/v1/users",
      {{"email", input.account}, {"name", input.name}, {"password", *password}, {"role", "admin"}});
  if (!made.ok()) return fail(made.error());
  std::cout << "Administrator " << account_of(*made) << " made.\n";
  return printed();
}

int reset_password(const AdminInput& input) {
  const auto password = read_new_password();
  if (!password.ok()) return fail(password.error());
  return with_channel(input.data, [&](ControlChannel& channel) -> int {
    const auto changed =
        channel.call("POST", "/api/v1/users/" + http::percent_encode(input.account) + "/password",
                     {{"password", *password}});
    if (!changed.ok()) return fail(changed.error());
    std::cout << "The password of " << account_of(*changed)
              << " is changed; the account's sessions are over.\n";
    return printed();
  });
}

int list(const AdminInput& input) {
  return with_channel(input.data, [](ControlChannel& channel) -> int {
    const auto done =
        each_item(channel, "/api/v1/users?role=admin&limit=1000", [](const Json& admin) {
          std::cout << text_of(admin, "id") << "\t" << text_of(admin, "email") << "\t"
                    << (admin.at("active").get<bool>() ? "active" : "disabled") << "\t"
                    << text_of(admin, "created_at") << "\n";
        });
    return done.ok() ? printed() : fail(done.error());
  });
}

}  // namespace

void add_admin(const Command& root) {
  const auto input = std::make_shared<AdminInput>();
  const Command admin = root.add_subcommand(
      "admin", "Make administrators and set their passwords, with or without a running server");
  admin.needs_subcommand();
  constexpr char kPassword[] =
      "The password is asked for, or read from the standard input or from the file named by "
      "COUPOND_ADMIN_PASSWORD_FILE.";
  const Command made = add_data_command(admin, "create", "Make an administrator", input, create);
  made.footer(kPassword);
  made.add_option("email", input->account, "The e-mail address to log in with").required();
  made.add_option("--name", input->name, "The person's name");
  const Command reset =
      add_data_command(admin, "reset-password", "Set an account's password; ends its sessions",
                       input, reset_password);
  reset.footer(kPassword);
  reset
      .add_option("account", input->account,
                  "E-mail address, username, id or UUID; id:7 is an id, user:7 a username")
      .required();
  add_data_command(admin, "list", "Id, e-mail, state and date of each administrator", input, list);
}

}  // namespace coupon::cli
