#include "src/cli/password.h"

#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <optional>

namespace coupon::cli {
namespace {

using core::refuse;

constexpr char kFileVariable[] = "COUPOND_ADMIN_PASSWORD_FILE";

// What is typed does not show until the end of the scope.
class Silence {
 public:
  Silence() : changed_(::tcgetattr(STDIN_FILENO, &before_) == 0) {
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    if (changed_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  ~Silence() {
    if (changed_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  termios before_{};
  const bool changed_;
};

core::Result<std::string> first_line(std::istream& in, const std::string& source) {
  std::string line;
  if (!std::getline(in, line)) {
    return refuse("There is no password in " + source +
                      ". Type one, or name a file that holds it "
                      "with " +
                      kFileVariable + ".",
                  core::Reason::kInvalidRequest);
  }
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

core::Result<std::string> ask(const char* prompt) {
  std::cerr << prompt << std::flush;
  const Silence silence;
  auto line = first_line(std::cin, "what was typed");
  std::cerr << "\n";
  return line;
}

core::Result<std::string> ask_twice() {
  auto password = ask("Password: ");
  if (!password.ok()) return password;
  const auto again = ask("Once more: ");
  if (!again.ok()) return again;
  if (*password != *again) {
    return refuse("The two are not the same.", core::Reason::kInvalidRequest);
  }
  return password;
}

}  // namespace

core::Result<std::string> read_new_password() {
  if (const char* name = std::getenv(kFileVariable)) {
    std::ifstream file(name);
    return first_line(file, "the file " + std::string(name) + " (" + kFileVariable + ")");
  }
  if (::isatty(STDIN_FILENO) == 1) return ask_twice();
  return first_line(std::cin, "the standard input");
}

}  // namespace coupon::cli
