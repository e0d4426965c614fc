#include "coupond/cli/cli.h"

#include <sodium.h>
#include <sys/stat.h>

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

void add_commands(const Command& root) {
  add_serve(root);
  add_admin(root);
  add_user(root);
  add_campaign(root);
  add_codes(root);
  add_report(root);
  add_backup(root);
  add_follow(root);
  add_cluster(root);
  add_bench(root);
  add_verify(root);
  add_check(root);
  add_health(root);
  add_prove(root);
  add_openapi(root);
  add_version(root);
}

// What nobody expected ends with a sentence too.
int run_chosen(const std::function<int()>& chosen) {
  try {
    // A command without a server makes and finds accounts as the server does.
    if (const char* ignored = std::getenv("COUPOND_IGNORE_PLUS_TAGS")) {
      const std::string_view value = ignored;
      if (value != "on" && value != "off") {
        return fail(
            "COUPOND_IGNORE_PLUS_TAGS must be on or off, not \"" + std::string(value) + "\".",
            kUsage);
      }
      core::ignore_plus_tags(value == "on");
    }
    return chosen();
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
  return choose_and_run(argc, argv, kAbout, std::string(kVersion), add_commands, run_chosen);
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
