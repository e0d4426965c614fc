#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "coupond/app/desk.h"
#include "src/cli/command.h"
#include "src/cli/password.h"

namespace coupon::cli {
namespace {

using app::Desk;
using app::Json;

struct AdminInput {
  std::string data = "./coupond-data";
  std::string email;
  std::string name;
};

int create(const AdminInput& input) {
  const auto password = read_new_password();
  if (!password.ok()) return fail(password.error());
  auto desk = Desk::open(input.data, Desk::IfMissing::kCreate);
  if (!desk.ok()) return fail(desk.error(), kCouldNotStart);
  const auto made = desk->call(
      "admin.create", {{"email", input.email}, {"name", input.name}, {"password", *password}});
  if (!made.ok()) return fail(made.error());
  std::cout << "Administrator " << made->at("email").get<std::string>() << " made.\n";
  return kDone;
}

int reset_password(const AdminInput& input) {
  const auto password = read_new_password();
  if (!password.ok()) return fail(password.error());
  auto desk = Desk::open(input.data, Desk::IfMissing::kRefuse);
  if (!desk.ok()) return fail(desk.error(), kCouldNotStart);
  const auto changed =
      desk->call("admin.reset_password", {{"email", input.email}, {"password", *password}});
  if (!changed.ok()) return fail(changed.error());
  std::cout << "The password of " << changed->at("email").get<std::string>()
            << " is changed; the account's sessions are over.\n";
  return kDone;
}

int list(const AdminInput& input) {
  auto desk = Desk::open(input.data, Desk::IfMissing::kRefuse);
  if (!desk.ok()) return fail(desk.error(), kCouldNotStart);
  const auto admins = desk->call("admin.list", Json::object());
  if (!admins.ok()) return fail(admins.error());
  for (const Json& admin : admins->at("items")) {
    std::cout << admin.at("id") << "\t" << admin.at("email").get<std::string>() << "\t"
              << (admin.at("active").get<bool>() ? "active" : "disabled") << "\t"
              << admin.at("created_at").get<std::string>() << "\n";
  }
  return kDone;
}

}  // namespace

void add_admin(CommandLine& line) {
  const auto input = std::make_shared<AdminInput>();
  CLI::App& admin = *line.root.add_subcommand(
      "admin", "Make administrators and set their passwords, with or without a running server");
  admin.require_subcommand(1);
  const auto add = [&](const char* name, const char* about, int (*run)(const AdminInput&)) {
    CLI::App* command = admin.add_subcommand(name, about);
    add_data_option(*command, input->data);
    command->callback([&line, input, run] { line.chosen = [input, run] { return run(*input); }; });
    return command;
  };
  constexpr char kPassword[] =
      "The password is asked for, or read from the standard input or from the file named by "
      "COUPOND_ADMIN_PASSWORD_FILE.";
  CLI::App* made = add("create", "Make an administrator", create);
  made->footer(kPassword);
  made->add_option("email", input->email, "The e-mail address to log in with")->required();
  made->add_option("--name", input->name, "The person's name");
  CLI::App* reset =
      add("reset-password", "Set an account's password; ends its sessions", reset_password);
  reset->footer(kPassword);
  reset->add_option("email", input->email, "The account's e-mail address, username or id")
      ->required();
  add("list", "List the administrators", list);
}

}  // namespace coupon::cli
