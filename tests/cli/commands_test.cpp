#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "coupond/store/connection.h"
#include "tests/cli/words.h"

namespace {

ProgramOutcome command(std::vector<std::string> arguments, const std::string& input = {}) {
  return run_program({.arguments = std::move(arguments), .input = input});
}

}  // namespace

TEST_CASE("wrong usage is exit code 2 and says what is wrong", "[cli]") {
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{},
                                             {"nonsense"},
                                             {"admin"},
                                             {"admin", "create"},
                                             {"serve", "--nonsense"},
                                             {"serve", "--listen", "example.com:80"},
                                             {"serve", "--durability", "none"},
                                             {"serve", "--max-connections", "0"},
                                             {"serve", "--trusted-proxy", "10.0.0.1/8"}}) {
    const ProgramOutcome outcome = command(arguments);
    CAPTURE(arguments, outcome.err);
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.err.starts_with("coupond: "));
  }
}

TEST_CASE("a mistyped command is told what is right", "[cli]") {
  struct Row {
    std::vector<std::string> arguments;
    std::string said;
  };
  const std::vector<Row> rows = {
      {{"serv"}, "There is no command serv. `coupond --help`"},
      {{"codes", "generate", "x", "0"}, "takes a whole number from 1 to 100000000, not \"0\""},
      {{"codes", "generate", "x", "many"}, "takes a whole number from 1 to 100000000, not"},
      {{"codes", "generate", "x"}, "`coupond codes generate --help` says what there is"},
      {{"user", "set-credit", "x", "--add", "1.5"}, "takes a whole number from -9007199254740991"},
      {{"prove", "--minutes", "0"}, "takes a number from 0.01 to 1440, not \"0\""},
      {{"bench", "--mix", "nothing"}, "`coupond bench --help` says what there is"},
      {{"campaign", "set", "tokens"}, "--max-issued 500"},
  };
  for (const Row& row : rows) {
    const ProgramOutcome outcome = command(row.arguments);
    CAPTURE(row.arguments, outcome.err);
    CHECK(outcome.exit_code == 2);
    CHECK(mentions(outcome.err, row.said));
    CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
  }
  const ProgramOutcome nothing = command({});
  CHECK(nothing.exit_code == 2);
  CHECK(mentions(nothing.err, "Usage: coupond"));
}

TEST_CASE("a directory is no file of codes", "[cli]") {
  const test::TempDir directory;
  const ProgramOutcome outcome = command(
      {"codes", "import", "subscription-cards", directory.path(), "--data", directory / "data"});
  CHECK(outcome.exit_code == 1);
  CHECK(mentions(outcome.err, directory.path() + " cannot be read"));
}

TEST_CASE("two restores in one second set both databases aside", "[cli]") {
  const test::TempDir directory;
  const std::string data = directory / "data";
  CHECK(Daemon(data).end_with(SIGTERM) == 0);
  const std::string copy = directory / "copy";
  REQUIRE(command({"backup", copy, "--data", data}).exit_code == 0);
  for (int i = 0; i < 3; ++i) {
    const ProgramOutcome outcome = command({"restore", copy, "--data", data});
    CAPTURE(outcome.err);
    CHECK(outcome.exit_code == 0);
  }
  CHECK(command({"verify", "--data", data}).exit_code == 0);
}

TEST_CASE("every command explains itself", "[cli]") {
  const ProgramOutcome all = command({"--help"});
  CHECK(all.exit_code == 0);
  for (const char* name : {"serve", "admin", "verify", "health", "config", "version"}) {
    CHECK(mentions(all.out, name));
    const ProgramOutcome one = command({name, "--help"});
    CHECK(one.exit_code == 0);
    CHECK(mentions(one.out, "Usage: coupond " + std::string(name)));
  }
}

TEST_CASE("version names every library", "[cli]") {
  const ProgramOutcome flag = command({"--version"});
  CHECK(flag.exit_code == 0);
  CHECK(flag.err.empty());
  CHECK(command({"version"}).out.find(flag.out.substr(0, flag.out.size() - 1)) !=
        std::string::npos);
  const ProgramOutcome outcome = command({"version"});
  CHECK(outcome.exit_code == 0);
  for (const char* name : {"coupond ", "cpp-httplib", "SQLite ", "SQLiteCpp", "nlohmann_json",
                           "libsodium", "utf8proc 2.", "CLI11"}) {
    CHECK(mentions(outcome.out, name));
  }
}

TEST_CASE("config says of each setting where it came from: flag, environment, default", "[cli]") {
  const ProgramOutcome outcome =
      run_program({.arguments = {"config", "--log", "json"},
                   .environment = {"COUPOND_LISTEN=[::1]:9090", "COUPOND_LOG=text"}});
  CHECK(outcome.exit_code == 0);
  CHECK(mentions(outcome.out, "COUPOND_LOG=json\t(flag)"));
  CHECK(mentions(outcome.out, "COUPOND_LISTEN=[::1]:9090\t(environment)"));
  CHECK(mentions(outcome.out, "COUPOND_DURABILITY=full\t(default)"));
}

TEST_CASE("administrators are made with and without a running server", "[cli]") {
  const test::TempDir parent;
  const std::string data = parent / "data";
  const auto create = [&](const std::string& email) {
    return command({"admin", "create", email, "--data", data}, "correct horse 7\n").exit_code;
  };
  CHECK(create("one@example.com") == 0);
  {
    const Daemon daemon(data);
    CHECK_FALSE(mentions(daemon.banner(), "no administrator"));
    CHECK(create("two@example.com") == 0);
    CHECK(create("two@example.com") == 1);
    const ProgramOutcome reset = command(
        {"admin", "reset-password", "one@example.com", "--data", data}, "another horse 8\n");
    CHECK(reset.exit_code == 0);
    const ProgramOutcome list = command({"admin", "list", "--data", data});
    CHECK(mentions(list.out, "one@example.com"));
    CHECK(mentions(list.out, "two@example.com"));
  }
  const ProgramOutcome list = command({"admin", "list", "--data", data});
  CHECK(list.exit_code == 0);
  CHECK(mentions(list.out, "two@example.com"));
}

TEST_CASE("a password comes from a file or the standard input, and must be a good one", "[cli]") {
  const test::TempDir parent;
  const std::string data = parent / "data";
  std::ofstream(parent / "password") << "correct horse 7\n";
  const ProgramOutcome from_file =
      run_program({.arguments = {"admin", "create", "a@example.com", "--data", data},
                   .environment = {"COUPOND_ADMIN_PASSWORD_FILE=" + (parent / "password")}});
  CHECK(from_file.exit_code == 0);
  CHECK(command({"admin", "create", "b@example.com", "--data", data}, "short\n").exit_code == 1);
  CHECK(command({"admin", "create", "b@example.com", "--data", data}).exit_code == 1);
}

TEST_CASE("the environment makes the first administrator, and no second", "[cli]") {
  const test::TempDir parent;
  const std::string data = parent / "data";
  for (const char* email : {"first@example.com", "second@example.com"}) {
    Daemon daemon(
        data, {},
        {"COUPOND_ADMIN_EMAIL=" + std::string(email), "COUPOND_ADMIN_PASSWORD=correct horse 7"});
    CHECK_FALSE(mentions(daemon.banner(), "no administrator"));
    CHECK(daemon.end_with(SIGTERM) == 0);
  }
  const ProgramOutcome list = command({"admin", "list", "--data", data});
  CHECK(mentions(list.out, "first@example.com"));
  CHECK_FALSE(mentions(list.out, "second@example.com"));
}

TEST_CASE("a command without a server takes addresses as the server does", "[cli]") {
  const test::TempDir parent;
  const std::string data = parent / "data";
  const auto customer = [&](const char* setting) {
    return run_program({.arguments = {"user", "add", "ann+shop@example.com", "--data", data},
                        .environment = {std::string("COUPOND_IGNORE_PLUS_TAGS=") + setting}});
  };
  const ProgramOutcome unclear = customer("yes");
  CHECK(unclear.exit_code == 2);
  CHECK(unclear.err == "coupond: COUPOND_IGNORE_PLUS_TAGS must be on or off, not \"yes\".\n");
  CHECK_FALSE(std::filesystem::exists(data));
  REQUIRE(command({"admin", "create", "one@example.com", "--data", data}, "correct horse 7\n")
              .exit_code == 0);
  CHECK(customer("on").exit_code == 0);
  CHECK(mentions(command({"user", "list", "--data", data}).out, "\tann@example.com\t"));
}

TEST_CASE("verify passes beside a server, and names the first divergence", "[cli]") {
  const test::TempDir parent;
  const std::string data = parent / "data";
  {
    const Daemon daemon(data);
    const ProgramOutcome verified = command({"verify", "--data", data});
    CAPTURE(verified.out, verified.err);
    CHECK(verified.exit_code == 0);
    CHECK(mentions(verified.out, "2 campaigns"));
  }
  store::Connection connection(data + "/coupond.db", store::Connection::Access::kReadWrite);
  connection.exec("UPDATE campaigns SET max_issued = 78 WHERE slug = 'tokens'");
  const ProgramOutcome tampered = command({"verify", "--data", data});
  CHECK(tampered.exit_code == 1);
  CHECK(mentions(tampered.out, "First divergence"));
  CHECK(mentions(tampered.out, "campaign"));
}

TEST_CASE("a command on a directory without a database says so", "[cli]") {
  const test::TempDir parent;
  const std::string data = parent / "data";
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"verify", "--data", data}, {"admin", "list", "--data", data}}) {
    const ProgramOutcome outcome = command(arguments);
    CHECK(outcome.exit_code == 3);
    CHECK(mentions(outcome.err, data));
    CHECK(mentions(outcome.err, "--data"));
  }
}

TEST_CASE("health tells a server that works from one that is not there", "[cli]") {
  const test::TempDir parent;
  Daemon daemon(parent / "data");
  const std::string url = "http://127.0.0.1:" + std::to_string(daemon.port());
  const ProgramOutcome good = command({"health", url});
  CAPTURE(good.out, good.err);
  CHECK(good.exit_code == 0);
  CHECK(mentions(good.out, "ok    writer"));
  daemon.end_with(SIGTERM);
  CHECK(command({"health", url}).exit_code == 1);
  CHECK(command({"health", "ftp://x"}).exit_code == 2);
}

TEST_CASE("health finds the server by its data directory or COUPOND_LISTEN", "[cli]") {
  const test::TempDir parent;
  const std::string data = parent / "data";
  Daemon daemon(data);
  const std::string port = std::to_string(daemon.port());
  const std::string mark = "http://127.0.0.1:" + port + "\nok    writer";
  const auto ask = [](std::vector<std::string> arguments, std::vector<std::string> environment) {
    arguments.insert(arguments.begin(), "health");
    return run_program({.arguments = std::move(arguments), .environment = std::move(environment)});
  };
  CHECK(mentions(ask({"--data", data}, {}).out, mark));
  CHECK(mentions(ask({}, {"COUPOND_DATA=" + data}).out, mark));
  CHECK(mentions(ask({}, {"COUPOND_LISTEN=0.0.0.0:" + port}).out, mark));
  CHECK(ask({}, {"COUPOND_LISTEN=example.com:80"}).exit_code == 2);

  // What a killed server leaves is not believed.
  CHECK(daemon.end_with(SIGKILL) == 128 + SIGKILL);
  const ProgramOutcome gone = ask({"--data", data}, {"COUPOND_LISTEN=127.0.0.1:1"});
  CAPTURE(gone.err);
  CHECK(gone.exit_code == 1);
  CHECK(mentions(gone.err, "Nothing answers at http://127.0.0.1:1"));
  CHECK(mentions(gone.err, "coupond serve"));
}
