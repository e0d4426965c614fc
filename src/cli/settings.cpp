#include "src/cli/settings.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <optional>

#include "coupond/core/email.h"
#include "coupond/core/net.h"
#include "coupond/http/allowed_origins.h"
#include "coupond/http/trusted_proxies.h"

namespace coupon::cli {
namespace {

constexpr char kAdminEmail[] = "COUPOND_ADMIN_EMAIL";
constexpr char kAdminPassword[] = "COUPOND_ADMIN_PASSWORD";
constexpr char kAdminPasswordFile[] = "COUPOND_ADMIN_PASSWORD_FILE";

core::Error bad(const Setting& setting) {
  return {.reason = core::Reason::kInvalidRequest,
          .message = std::string(setting.flag) + " (" + setting.variable + ") takes " +
                     setting.expected + ", not \"" + setting.value + "\"."};
}

std::optional<std::int64_t> number_in(std::string_view text, std::int64_t low, std::int64_t high) {
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (number < low || number > high) return std::nullopt;
  return number;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::size_t start = 0;
  while (start < text.size()) {
    const std::size_t end = std::min(text.find(',', start), text.size());
    if (end > start) parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

// A switch or any other choice of two words.
bool read_choice(const std::string& value, const char* yes, const char* no, bool& out) {
  out = value == yes;
  return out || value == no;
}
bool read_switch(const std::string& value, bool& out) {
  return read_choice(value, "on", "off", out);
}

bool read_data(const std::string& value, app::Settings& settings) {
  settings.data_dir = value;
  return !value.empty();
}
bool read_demo(const std::string& value, app::Settings& settings) {
  return read_switch(value, settings.demo);
}
bool read_durability(const std::string& value, app::Settings& settings) {
  bool full = false;
  const bool good = read_choice(value, "full", "relaxed", full);
  settings.durability = full ? store::Durability::kFull : store::Durability::kRelaxed;
  return good;
}
bool read_accept_loss(const std::string& value, app::Settings& settings) {
  return read_switch(value, settings.accept_loss);
}
bool read_copy(const std::string& value, app::Settings& settings) {
  settings.copy.directory = value;
  while (settings.copy.directory.size() > 1 && settings.copy.directory.ends_with('/')) {
    settings.copy.directory.pop_back();
  }
  return true;
}
bool read_copy_sync(const std::string& value, app::Settings& settings) {
  return read_switch(value, settings.copy.sync);
}
bool read_copy_forget(const std::string& value, app::Settings& settings) {
  return read_switch(value, settings.copy.forget);
}
bool read_cluster(const std::string& value, app::Settings& settings) {
  settings.cluster.etcd = value;
  return true;
}
bool read_member(const std::string& value, app::Settings& settings) {
  settings.cluster.member = value;
  return true;
}
bool read_cluster_keep(const std::string& value, app::Settings& settings) {
  const auto number = number_in(value, 0, 1'000'000);
  if (number) settings.cluster.keep_mib = static_cast<std::size_t>(*number);
  return number.has_value();
}
bool read_cluster_forget(const std::string& value, app::Settings& settings) {
  return read_switch(value, settings.cluster.forget);
}
bool read_rate_limits(const std::string& value, app::Settings& settings) {
  return read_switch(value, settings.rate_limits);
}
bool read_trusted_proxy(const std::string& value, app::Settings& settings) {
  settings.trusted_proxies = split(value);
  return http::TrustedProxies::parse(settings.trusted_proxies).ok();
}
bool read_allow_origin(const std::string& value, app::Settings& settings) {
  settings.allowed_origins = split(value);
  return http::AllowedOrigins::parse(settings.allowed_origins).ok();
}
// Two reasons to listen beyond loopback; either will do.
bool read_beyond_loopback(const std::string& value, app::Settings& settings) {
  bool allowed = false;
  const bool good = read_switch(value, allowed);
  settings.beyond_loopback = settings.beyond_loopback || allowed;
  return good;
}
bool read_behind_proxy(const std::string& value, app::Settings& settings) {
  return read_switch(value, settings.behind_proxy) && read_beyond_loopback(value, settings);
}
bool read_max_connections(const std::string& value, app::Settings& settings) {
  const auto number = number_in(value, 1, 1'000'000);
  if (number) settings.max_connections = static_cast<std::size_t>(*number);
  return number.has_value();
}
// Tells the C library, which is asked wherever a date stands for a moment. Before any thread
// starts.
bool read_timezone(const std::string& value, app::Settings&) {
  if (value == "local") return true;
  const std::string file = "/usr/share/zoneinfo/" + value;
  const bool known = value == "UTC" || (value.find("..") == std::string::npos && value[0] != '/' &&
                                        std::filesystem::is_regular_file(file));
  if (!known) return false;
  ::setenv("TZ", (value == "UTC" ? value : ":" + value).c_str(), 1);
  ::tzset();
  return true;
}
// Tells core, which makes the addresses of accounts.
bool read_ignore_plus_tags(const std::string& value, app::Settings&) {
  bool yes = false;
  const bool good = read_switch(value, yes);
  core::ignore_plus_tags(yes);
  return good;
}
bool read_log(const std::string& value, app::Settings& settings) {
  bool json = false;
  const bool good = read_choice(value, "json", "text", json);
  settings.log_format = json ? core::LogFormat::kJson : core::LogFormat::kText;
  return good;
}

constexpr char kOnOff[] = "on or off";

}  // namespace

core::Result<std::optional<app::FirstAdmin>> admin_of_environment() {
  const char* email = std::getenv(kAdminEmail);
  if (email == nullptr) return std::optional<app::FirstAdmin>();
  app::FirstAdmin admin{.email = email, .password = {}};
  if (const char* file_name = std::getenv(kAdminPasswordFile)) {
    std::ifstream file(file_name);
    if (!std::getline(file, admin.password)) {
      return core::Error{.reason = core::Reason::kInvalidRequest,
                         .message = "There is no password in the file " + std::string(file_name) +
                                    " (" + kAdminPasswordFile + ")."};
    }
  } else if (const char* password = std::getenv(kAdminPassword)) {
    admin.password = password;
  }
  return std::optional(admin);
}

bool read_listen(const std::string& text, app::Settings& settings) {
  const std::size_t colon = text.rfind(':');
  const auto port = number_in(colon == std::string::npos ? text : text.substr(colon + 1), 0, 65535);
  if (!port) return false;
  settings.port = static_cast<int>(*port);
  if (colon == std::string::npos) return true;
  std::string host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  settings.host = host;
  return host == "localhost" || core::IpAddress::parse(host).has_value();
}

SettingList::SettingList()
    : settings_{
          {"--data", "COUPOND_DATA", "./coupond-data", "DIR", "The data directory", "a directory",
           read_data},
          {"--listen", "COUPOND_LISTEN", "127.0.0.1:8080", "HOST:PORT",
           "Where to serve: a numeric address or localhost; port 0 is any free one",
           "a numeric address or localhost, a colon and a port", read_listen},
          {"--demo", "COUPOND_DEMO", "off", "",
           "Serve demo accounts with known passwords, from a directory of their own", kOnOff,
           read_demo},
          {"--durability", "COUPOND_DURABILITY", "full", "full|relaxed",
           "full: what is acknowledged survives a power cut. relaxed: only a crash of coupond",
           "full or relaxed", read_durability},
          {"--accept-loss", "COUPOND_ACCEPT_LOSS", "off", "",
           "Start although the database lost what it had acknowledged", kOnOff, read_accept_loss},
          {"--copy", "COUPOND_COPY", "", "DIR",
           "Keep a copy in this directory, on another disk, at most a second behind", "a directory",
           read_copy},
          {"--copy-sync", "COUPOND_COPY_SYNC", "off", "",
           "Answer only what is durable in the copy too; without the copy nothing is sold", kOnOff,
           read_copy_sync},
          {"--copy-forget", "COUPOND_COPY_FORGET", "off", "",
           "Start without, or with a new copy although answers waited for the one before", kOnOff,
           read_copy_forget},
          {"--cluster", "COUPOND_CLUSTER", "", "URL",
           "Be a member of the cluster in this etcd, such as http://127.0.0.1:2379: lead or follow",
           "an address", read_cluster},
          {"--member", "COUPOND_MEMBER", "", "NAME",
           "This member's name in its cluster; by default the machine's", "a name", read_member},
          {"--cluster-keep", "COUPOND_CLUSTER_KEEP", "256", "MIB",
           "Changes kept in etcd for members that come late, in MiB", "a number from 0 to 1000000",
           read_cluster_keep},
          {"--cluster-forget", "COUPOND_CLUSTER_FORGET", "off", "",
           "Start although this directory belongs to a cluster, or begin that anew", kOnOff,
           read_cluster_forget},
          {"--rate-limits", "COUPOND_RATE_LIMITS", "on", "on|off",
           "Limits on log-ins, guesses of codes and the like", kOnOff, read_rate_limits},
          {"--trusted-proxy", "COUPOND_TRUSTED_PROXY", "", "CIDR,...",
           "Proxies whose X-Forwarded-For is believed; by default nobody's",
           "addresses or networks with commas between", read_trusted_proxy},
          {"--behind-proxy", "COUPOND_BEHIND_PROXY", "off", "",
           "Listen beyond loopback: a proxy in front, named by --trusted-proxy, speaks TLS", kOnOff,
           read_behind_proxy},
          {"--allow-plain-http", "COUPOND_ALLOW_PLAIN_HTTP", "off", "",
           "Listen beyond loopback in the clear: passwords can be read on the way", kOnOff,
           read_beyond_loopback},
          {"--allow-origin", "COUPOND_ALLOW_ORIGIN", "", "ORIGIN,...",
           "Web pages of these origins may call; by default none may",
           "origins such as https://shop.example with commas between, or *", read_allow_origin},
          {"--max-connections", "COUPOND_MAX_CONNECTIONS", "4096", "N", "Open connections at once",
           "a number from 1 to 1000000", read_max_connections},
          {"--timezone", "COUPOND_TIMEZONE", "local", "ZONE",
           "The shop's zone, in which a date alone begins and ends; local is this machine's",
           "a zone such as Europe/Berlin or UTC, or local", read_timezone},
          {"--ignore-plus-tags", "COUPOND_IGNORE_PLUS_TAGS", "off", "",
           "Take anna+shop@example.com for anna@example.com: one customer, one cap", kOnOff,
           read_ignore_plus_tags},
          {"--log", "COUPOND_LOG", "text", "text|json", "How log lines look, on stderr",
           "text or json", read_log},
      } {}

void SettingList::add_to(const Command& command) {
  for (Setting& setting : settings_) {
    std::string help = std::string(setting.help) + " (" + setting.variable;
    if (!setting.is_switch() && setting.fallback[0] != '\0') {
      help += ", default " + std::string(setting.fallback);
    }
    help += ")";
    if (setting.is_switch()) {
      command.add_flag(
          setting.flag, [&setting] { setting.value = "on"; }, help);
    } else {
      command.add_option(setting.flag, setting.value, help).type_name(setting.type);
    }
  }
}

core::Result<app::Settings> SettingList::resolve(const Command& command) {
  app::Settings settings;
  for (Setting& setting : settings_) {
    const char* variable = std::getenv(setting.variable);
    if (command.has(setting.flag)) {
      setting.origin = "flag";
    } else if (variable != nullptr) {
      setting.origin = "environment";
      setting.value = variable;
    } else {
      setting.value = setting.fallback;
    }
    if (!setting.read(setting.value, settings)) return bad(setting);
  }
  if (settings.behind_proxy && settings.trusted_proxies.empty()) {
    return core::Error{.reason = core::Reason::kInvalidRequest,
                       .message =
                           "--behind-proxy needs --trusted-proxy with the proxy's address: "
                           "without it all clients count as one, and who guesses shuts out "
                           "the others."};
  }
  settings.copy.accept_loss = settings.accept_loss;
  if (settings.copy.sync && settings.copy.directory.empty()) {
    return core::Error{.reason = core::Reason::kInvalidRequest,
                       .message = "--copy-sync needs --copy with the directory to wait for."};
  }
  auto admin = admin_of_environment();
  if (!admin.ok()) return admin.error();
  settings.first_admin = *admin;
  return settings;
}

}  // namespace coupon::cli
