// Goal: what a fresh installation leaves on the machine is nobody else's to read, opens to no
// password of a manual, and never serves the network by accident.
#include <sys/stat.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <utility>

#include "tests/security/site.h"
#include "tests/support/program.h"

using namespace coupon;
using nlohmann::json;
using test::BlackBox;
using test::Daemon;
using test::knock;

namespace {

struct Directory {
  test::TempDir parent;
  std::string data = parent / "data";
  std::string key = data + "/secret.key";
};

test::ProgramOutcome serve(const std::string& data, std::vector<std::string> more = {}) {
  std::vector<std::string> arguments = {"serve", "--data", data, "--listen", "127.0.0.1:0"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return test::run_program({.arguments = arguments});
}

int others_may(const std::filesystem::path& path) {
  struct stat info = {};
  REQUIRE(::lstat(path.c_str(), &info) == 0);
  return static_cast<int>(info.st_mode & 077U);
}

std::string proc(pid_t pid, const std::string& file) {
  return test::bytes_of("/proc/" + std::to_string(pid) + "/" + file);
}

// Whether any door opens to the pair.
bool opens(int port, const std::string& name, const std::string& password) {
  for (const char* path :
       {"/api/v1/auth/login", "/login", "/auth/token", "/api/login", "/v1/auth/login"}) {
    const json body = {{std::string(path) == "/v1/auth/login" ? "username" : "email", name},
                       {"password", password}};
    const int status = knock(port, "POST", path, {}, body.dump()).status;
    if (status == 200) return true;
    CHECK((status == 401 || status == 400 || status == 422));
  }
  return false;
}

}  // namespace

TEST_CASE("every installation has a key of its own, and a key that is none is refused",
          "[S5][security]") {
  std::set<std::string> keys;
  for (int i = 0; i < 10; ++i) {
    const Directory fresh;
    Daemon daemon(fresh.data);
    keys.insert(test::bytes_of(fresh.key));
    CHECK(test::bytes_of(fresh.key).size() == 65);  // 32 bytes in hexadecimal, and a newline
  }
  CHECK(keys.size() == 10);
  Directory one;
  CHECK(Daemon(one.data).end_with(SIGTERM) == 0);
  for (const std::string& bad :
       {std::string(), std::string("secret\n"), std::string(62, 'a') + "\n",
        std::string(64, 'g') + "\n", std::string(66, 'a') + "\n", std::string(64, '0') + "\n"}) {
    std::ofstream(one.key) << bad;
    const auto refused = serve(one.data);
    INFO(bad << "\n" << refused.err);
    CHECK(refused.exit_code == 3);
    CHECK(refused.err.find(one.key) != std::string::npos);
  }
}

TEST_CASE("without its key a database is not served, and no new key is made", "[S15][security]") {
  Directory one;
  CHECK(Daemon(one.data).end_with(SIGTERM) == 0);
  std::filesystem::remove(one.key);
  const auto refused = serve(one.data);
  CHECK(refused.exit_code == 3);
  CHECK(refused.err.find(one.key) != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(one.key));
}

TEST_CASE("a fresh installation has no account, and no password of a manual opens it",
          "[S32][security]") {
  Directory one;
  const Daemon daemon(one.data, {"--rate-limits", "off"});
  for (const auto& [name, password] :
       std::vector<std::pair<std::string, std::string>>{{"admin@admin.com", "Password1"},
                                                        {"admin@example.com", "AdminPassword123"},
                                                        {"user@user.com", "Password1"},
                                                        {"a.faghihi", "password"},
                                                        {"user2", "user2pass"},
                                                        {"admin", "admin"},
                                                        {"admin", "password"},
                                                        {"root", "root"},
                                                        {"admin", ""},
                                                        {"admin@localhost", "admin1234"},
                                                        {"coupond", "coupond"},
                                                        {"", ""}}) {
    INFO(name << " / " << password);
    CHECK_FALSE(opens(daemon.port(), name, password));
  }
}

TEST_CASE("the set-up link makes one administrator, once, however many race for it",
          "[S32][security]") {
  Directory one;
  Daemon daemon(one.data, {"--rate-limits", "off"});
  const std::string mark = "/setup#";
  const std::string& banner = daemon.banner();
  const std::size_t at = banner.find(mark);
  REQUIRE(at != std::string::npos);
  const std::size_t start = at + mark.size();
  const std::string token = banner.substr(start, banner.find_first_of(" \n", start) - start);
  CHECK(token.size() >= 43);  // 256 bits
  const auto claim = [&](const std::string& with, const std::string& email) {
    const json body = {{"token", with}, {"email", email}, {"password", test::kPassword}};
    return knock(daemon.port(), "POST", "/api/v1/setup", {}, body.dump()).status;
  };
  std::string near = token;
  near[5] = near[5] == 'A' ? 'B' : 'A';
  for (const std::string& wrong : {near, token.substr(1), token + "A", std::string("x")}) {
    CHECK(claim(wrong, "thief@example.com") == 401);
  }
  const auto answers = test::race(daemon.port(), 8, [&](int i, test::HttpClient&) {
    return test::Answer{claim(token, "owner" + std::to_string(i) + "@example.com"), nullptr};
  });
  CHECK(test::count_status(answers, 201) == 1);
  CHECK(test::count_status(answers, 401) == 7);
  CHECK(claim(token, "second@example.com") == 401);
  const auto list = test::run_program({.arguments = {"admin", "list", "--data", one.data}});
  CHECK(std::count(list.out.begin(), list.out.end(), '\n') == 1);
  // The link is in the fragment, which no browser sends; nor is it in any file.
  CHECK(test::bytes_under(one.data).find(token) == std::string::npos);
  CHECK(daemon.end_with(SIGTERM) == 0);
  CHECK(Daemon(one.data).banner().find(mark) == std::string::npos);
}

TEST_CASE("nothing that the server leaves can be read by others, whatever the umask",
          "[S33][security]") {
  BlackBox box;
  box.add_person(domain::Role::kAdmin);
  box.start({}, {"sh", "-c", R"(umask 0; exec "$0" "$@")"});
  const std::string backup = box.data_dir() + ".backup";
  const auto backed = test::run_coupond({"backup", backup, "--data", box.data_dir()});
  INFO(backed.output);
  REQUIRE(backed.code == 0);
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(box.data_dir())) {
    INFO(entry.path());
    CHECK(others_may(entry.path()) == 0);
    ++files;
  }
  CHECK(files >= 5);
  CHECK(others_may(box.data_dir()) == 0);
  CHECK(others_may(backup) == 0);
  REQUIRE(box.server().terminate() == 0);
  ::chmod((box.data_dir() + "/secret.key").c_str(), 0644);
  const auto refused = serve(box.data_dir());
  CHECK(refused.exit_code == 3);
  CHECK(refused.err.find("chmod 600") != std::string::npos);
}

TEST_CASE("no secret is an argument of any process", "[S33][security]") {
  Directory one;
  const std::string password = "Rather-marked-7-password";
  const Daemon daemon(
      one.data, {},
      {"COUPOND_ADMIN_EMAIL=owner@example.com", "COUPOND_ADMIN_PASSWORD=" + password});
  CHECK(knock(daemon.port(), "POST", "/login", {}, test::credentials("owner@example.com", password))
            .status == 200);
  const std::string key = test::bytes_of(one.key).substr(0, 64);
  CHECK(proc(daemon.pid(), "cmdline").find("serve") != std::string::npos);
  CHECK(proc(daemon.pid(), "cmdline").find(password) == std::string::npos);
  CHECK(proc(daemon.pid(), "cmdline").find(key) == std::string::npos);
  CHECK(proc(daemon.pid(), "environ").find(key) == std::string::npos);
  // The commands that take a password take it from a prompt, standard input or a file.
  for (const char* command : {"admin create", "admin reset-password", "serve"}) {
    std::vector<std::string> words;
    std::string word;
    for (const char c : std::string(command) + " --help ") {
      if (c != ' ') {
        word += c;
      } else {
        words.push_back(std::exchange(word, {}));
      }
    }
    const auto help = test::run_program({.arguments = words});
    CHECK(help.exit_code == 0);
    CHECK(help.out.find("--password ") == std::string::npos);
  }
}

TEST_CASE("the network is not served in the clear unless the owner says so", "[S40][security]") {
  Directory one;
  for (const char* any : {"0.0.0.0:0", "[::]:0"}) {
    const auto refused =
        test::run_program({.arguments = {"serve", "--data", one.data, "--listen", any}});
    INFO(any << ": " << refused.err);
    CHECK(refused.exit_code == 3);
    CHECK(refused.err.find("--behind-proxy") != std::string::npos);
    CHECK(refused.err.find("--allow-plain-http") != std::string::npos);
    const auto demo = test::run_program({.arguments = {"serve", "--data", one.data, "--listen", any,
                                                       "--demo", "--allow-plain-http"}});
    CHECK(demo.exit_code == 3);
    CHECK(demo.err.find("loopback") != std::string::npos);
  }
  // Behind a proxy that speaks TLS, and only there, browsers are told to insist on it.
  const Daemon daemon(one.data, {"--trusted-proxy", "127.0.0.1"});
  const auto https =
      knock(daemon.port(), "GET", "/healthz", {}, {}, {{"X-Forwarded-Proto", "https"}});
  CHECK(https.header("Strict-Transport-Security").find("max-age=") == 0);
  CHECK(knock(daemon.port(), "GET", "/healthz").header("Strict-Transport-Security").empty());
}

TEST_CASE("the versions of all libraries are told", "[S43][security]") {
  const auto version = test::run_program({.arguments = {"version"}});
  CHECK(version.exit_code == 0);
  for (const char* library : {"coupond ", "SQLite ", "cpp-httplib ", "libsodium ", "nlohmann_json ",
                              "SQLiteCpp ", "CLI11 "}) {
    INFO(library << " in\n" << version.out);
    CHECK(version.out.find(library) != std::string::npos);
  }
  // What is known against one of them is said beside it.
  CHECK(version.out.find("3.51.3") != std::string::npos);
}
