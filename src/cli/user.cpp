#include <iostream>

#include "coupond/core/limits.h"
#include "src/cli/desk_command.h"

namespace coupon::cli {
namespace {

constexpr std::int64_t kPage = 500;

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
  return at_desk(input.data, [](Desk& desk) -> int {
    std::int64_t after = 0;
    while (true) {
      const auto page = desk.call("user.list", {{"after", after}, {"limit", kPage}});
      if (!page.ok()) return fail(page.error());
      if (page->at("items").empty()) return kDone;
      for (const Json& user : page->at("items")) print(user);
      after = page->at("items").back().at("id").get<std::int64_t>();
    }
  });
}

int set_role(const UserInput& input) {
  return at_desk(input.data, [&](Desk& desk) -> int {
    const auto done = desk.call("user.set_role", {{"user", input.user}, {"role", input.role}});
    if (!done.ok()) return fail(done.error());
    std::cout << text_of(*done, "email") << " is " << text_of(*done, "role")
              << " now; the account's sessions are over.\n";
    return kDone;
  });
}

int set_credit(const UserInput& input) {
  return at_desk(input.data, [&](Desk& desk) -> int {
    const auto done = desk.call(
        "user.set_credit", {{"user", input.user}, {"add", input.add}, {"reason", input.reason}});
    if (!done.ok()) return fail(done.error());
    std::cout << text_of(*done, "email") << " has " << text_of(*done, "credit") << " now.\n";
    return kDone;
  });
}

}  // namespace

void add_user(CommandLine& line) {
  const auto input = std::make_shared<UserInput>();
  CLI::App& user = *line.root.add_subcommand("user", "List accounts, set their role or credit");
  user.require_subcommand(1);
  constexpr char kUser[] = "E-mail address, username, id or UUID; id:7 is an id, user:7 a username";
  add_desk_command(line, user, "list", "Id, e-mail, role, state, credit and name of each", input,
                   list);
  CLI::App* role = add_desk_command(line, user, "set-role", "Make somebody user, staff or admin",
                                    input, set_role);
  role->add_option("user", input->user, kUser)->required();
  role->add_option("role", input->role, "user, staff or admin")->required();
  CLI::App* credit = add_desk_command(
      line, user, "set-credit", "Add to a balance; a negative number takes", input, set_credit);
  credit->add_option("user", input->user, kUser)->required();
  credit->add_option("--add", input->add, "How much, such as 50 or -20")
      ->required()
      ->check(whole_number(-core::limits::kCreditMax, core::limits::kCreditMax));
  credit->footer("Example: coupond user set-credit ada@example.com --add 50 --reason gift");
  credit->add_option("--reason", input->reason, "For the ledger")->capture_default_str();
}

}  // namespace coupon::cli
