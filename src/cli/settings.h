// The settings of `serve`: each is a flag, else an environment variable, else a default. `config`
// shows which of the three it was. There is no configuration file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "coupond/app/app.h"
#include "coupond/core/result.h"
#include "src/cli/command.h"

namespace coupon::cli {

struct Setting {
  const char* flag;      // "--listen"
  const char* variable;  // "COUPOND_LISTEN"
  const char* fallback;  // "127.0.0.1:8080"
  const char* type;      // as in the help; empty for a switch, whose values are "on" and "off"
  const char* help;
  const char* expected;  // what a good value is, for a sentence
  // Reads the value into the settings; false for a bad one.
  bool (*read)(const std::string& value, app::Settings& settings);
  std::string value = {};
  const char* origin = "default";  // or "flag", "environment"

  bool is_switch() const { return type[0] == '\0'; }
};

// Reads a value of --listen: "127.0.0.1:8080", "[::1]:8080", "localhost:0" or a port alone.
bool read_listen(const std::string& text, app::Settings& settings);

// Whom COUPOND_ADMIN_EMAIL names, with the password from COUPOND_ADMIN_PASSWORD_FILE or else
// COUPOND_ADMIN_PASSWORD; absent when it names nobody. kInvalidRequest for a file without one.
core::Result<std::optional<app::FirstAdmin>> admin_of_environment();

class SettingList {
 public:
  SettingList();

  // Adds every flag to `command`.
  void add_to(const Command& command);
  // To be called when the arguments were read: fills what no flag gave from the environment or the
  // default, and reads all values. kInvalidRequest, naming flag and value, for a bad one.
  core::Result<app::Settings> resolve(const Command& command);

  const std::vector<Setting>& all() const { return settings_; }

 private:
  std::vector<Setting> settings_;
};

}  // namespace coupon::cli
