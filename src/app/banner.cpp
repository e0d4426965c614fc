#include "src/app/banner.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <filesystem>

#include "coupond/app/server_address.h"
#include "coupond_version.h"

namespace coupon::app {
namespace {

// Quoted for a shell where it must be, so that the command can be copied as it is.
std::string shell_word(const std::string& text) {
  const auto plain = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || std::strchr("/._-", c) != nullptr;
  };
  if (std::all_of(text.begin(), text.end(), plain)) return text;
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

// The lines of the banner of a server without an administrator.
std::string how_to_begin(const std::string& url, const std::string& token,
                         const std::string& data) {
  const std::string command =
      "    coupond admin create YOU@EXAMPLE.COM --data " + shell_word(data) + "\n";
  if (token.empty()) return "  There is no administrator yet. Make one:\n" + command;
  return "  There is no administrator yet. Make one with this link, good once and for 30 minutes:\n"
         "    " +
         url + "/setup#" + token + "\n  or with this command:\n" + command;
}

}  // namespace

std::string banner_text(const BannerFacts& facts) {
  const Settings& settings = facts.settings;
  const std::string data = std::filesystem::absolute(settings.data_dir).lexically_normal().string();
  const std::string url = url_of(settings.host, facts.port);
  std::string text = "coupond " + std::string(kVersion) + "\n";
  text += "  data        " + data + "\n";
  if (settings.demo) {
    text +=
        "  demo        accounts with known passwords, on this machine only:\n"
        "              admin@example.com / AdminPassword123, user@user.com / Password1,\n"
        "              a.faghihi / password, and more\n";
  }
  text += settings.durability == store::Durability::kFull
              ? "  durability  full: what is acknowledged survives a power cut\n"
              : "  durability  relaxed: a power cut may take the last moments\n";
  if (facts.connections.fit < settings.max_connections) {
    text += "  clients     " + std::to_string(facts.connections.fit) + " at once, not " +
            std::to_string(settings.max_connections) + ": this process may open " +
            std::to_string(facts.connections.open_files) + " files (ulimit -n)\n";
  }
  if (facts.clock) {
    text += "  CLOCK       " + *facts.clock + "\n";
  }
  text += facts.copy + facts.cluster;
  text += "  serving     " + url + "  (docs: " + url + "/docs)\n";
  text += "  open        " + local_url(settings.host, facts.port) + "/ in a browser\n";
  if (!facts.has_admin) {
    text += how_to_begin(local_url(settings.host, facts.port), facts.setup_token, data);
  }
  return text;
}

}  // namespace coupon::app
