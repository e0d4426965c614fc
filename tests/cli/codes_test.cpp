// Codes from a shell: the money on them, many changed at once, an import taken back; the same with
// a server beside and without one.
#include <catch2/catch.hpp>
#include <memory>
#include <sstream>

#include "tests/cli/words.h"

namespace {

struct Shell {
  explicit Shell(bool with_server) {
    REQUIRE(run({"admin", "create", "one@example.com"}, "correct horse 7\n").exit_code == 0);
    if (with_server) daemon = std::make_unique<Daemon>(data);
  }
  ProgramOutcome run(std::vector<std::string> arguments, const std::string& input = {}) {
    arguments.insert(arguments.end(), {"--data", data});
    return run_program({.arguments = std::move(arguments), .input = input});
  }
  std::vector<std::string> codes(std::vector<std::string> arguments) {
    std::vector<std::string> lines;
    std::istringstream in(run(std::move(arguments)).out);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }
  bool shows(const std::string& code, const std::string& what) {
    return run({"codes", "show", code}).out.find(what) != std::string::npos;
  }

  test::TempDir parent;
  std::string data = parent / "data";
  std::unique_ptr<Daemon> daemon;
};

}  // namespace

TEST_CASE("money on codes is put, moved and shown in the campaign's currency", "[cli]") {
  Shell shell(GENERATE(false, true));
  REQUIRE(shell
              .run({"campaign", "create", "--mode", "card", "--name", "Gifts", "--value", "5000",
                    "--currency", "EUR"})
              .exit_code == 0);
  const auto cards = shell.codes({"codes", "generate", "gifts", "1"});
  const auto sold = shell.codes({"codes", "generate", "gifts", "1", "--value", "19.99"});
  REQUIRE((cards.size() == 1 && sold.size() == 1));
  CHECK(shell.shows(cards[0], "balance\t50.00 EUR\n"));
  CHECK(shell.shows(sold[0], "balance\t19.99 EUR\n"));
  CHECK(shell.run({"codes", "top-up", sold[0], "0.01", "--reason", "cash"}).out ==
        sold[0] + " has 20.00 EUR now.\n");
  CHECK(shell.run({"codes", "transfer", sold[0], cards[0], "5,50"}).out ==
        "5.50 EUR moved. " + sold[0] + " has 14.50 EUR now, " + cards[0] + " has 55.50 EUR.\n");
  CHECK(shell.run({"codes", "transfer", sold[0], cards[0], "14.51"}).exit_code == 1);
  CHECK(shell.run({"codes", "top-up", sold[0], "0.00"}).err ==
        "coupond: The amount must be more than 0.00.\n");
  for (const char* amount : {"-1", "1.234", "1e3", "5 USD", "0"}) {
    CAPTURE(amount);
    CHECK(shell.run({"codes", "top-up", sold[0], amount}).exit_code != 0);
  }
  CHECK(shell.shows(sold[0], "balance\t14.50 EUR\n"));
  CHECK(shell.run({"verify"}).exit_code == 0);
}

TEST_CASE("many codes are changed at once, and an import is taken back", "[cli]") {
  Shell shell(GENERATE(false, true));
  REQUIRE(shell.run({"campaign", "create", "--mode", "card", "--name", "Spring"}).exit_code == 0);
  const auto imported = shell.run({"codes", "import", "spring"}, "SUN-A1K7\nSUN-B2K7\nSUN-C3\n");
  REQUIRE(imported.exit_code == 0);
  CHECK(imported.err.find("Job 1; --undo takes one back.") != std::string::npos);
  const auto counted =
      shell.run({"codes", "change", "spring", "--void", "--from", "2", "--dry-run"});
  CHECK(counted.out == "2 codes to change (void). Nothing is changed.\n");
  CHECK(shell.shows("SUN-B2K7", "state\tavailable\n"));
  CHECK(shell.run({"codes", "change", "spring", "--void", "--from", "2"}).exit_code == 0);
  CHECK(shell.shows("SUN-B2K7", "state\tvoid\n"));
  CHECK(shell.run({"codes", "change", "spring", "--restore"}).exit_code == 0);
  CHECK(shell.run({"codes", "change", "spring", "--uses", "3", "--expires", "2101-01-01"})
            .exit_code == 0);
  CHECK(shell.shows("SUN-B2K7", "limit\t3\n"));
  CHECK(shell.codes({"codes", "find", "a1k7"}).size() == 1);
  CHECK(shell.run({"codes", "change", "spring"}).exit_code == 2);
  CHECK(shell.run({"codes", "change", "spring", "--void", "--free"}).exit_code == 2);
  CHECK(shell.run({"codes", "import", "spring", "--undo", "1"}).exit_code == 0);
  CHECK(shell.run({"codes", "show", "SUN-B2K7"}).exit_code == 1);
  CHECK(shell.run({"codes", "import", "spring"}, "SUN-B2K7\n").exit_code == 0);
  CHECK(shell.run({"campaign", "archive", "spring"}).exit_code == 0);
  CHECK(shell.run({"campaign", "unarchive", "spring"}).exit_code == 0);
  CHECK(shell.run({"verify"}).exit_code == 0);
}

TEST_CASE("a shell imports lines of JSON, and says of each bad line what is wrong", "[cli]") {
  Shell shell(GENERATE(false, true));
  REQUIRE(shell.run({"campaign", "create", "--mode", "card", "--name", "Spring"}).exit_code == 0);
  const std::string json = "{\"code\": \"SUN-1\", \"expires_at\": null}\n{\"code\": 7}\n";
  const auto tried = shell.run({"codes", "import", "spring", "--dry-run"}, json);
  CHECK(tried.out == "1 code would be stored, 1 refused. Nothing is stored.\n");
  const auto imported = shell.run({"codes", "import", "spring"}, json);
  CHECK(imported.out == "1 code stored, 1 refused.\n");
  CHECK(imported.err.find("line 2: it is not one JSON object with a text as its code\n") !=
        std::string::npos);
  const auto again = shell.run({"codes", "import", "spring"}, "{\"code\":\"SUN-1\"}\n");
  CHECK(again.err.find("line 1: {\"code\":\"SUN-1\"} is not stored again") != std::string::npos);
  const auto bad =
      shell.run({"codes", "import", "spring"}, std::string("SUN-2\nSU\0N-3\nSUN\"4\nSUN-5\n", 25));
  CHECK(bad.out == "2 codes stored, 2 refused.\n");
  CHECK(bad.err.find("line 2: it has a character that is no text (NUL)\n") != std::string::npos);
  CHECK(bad.err.find("line 3: a quote in it does not go around a cell\n") != std::string::npos);
  for (const char* file : {"", "\n\n", "code\n"}) {
    for (const auto& more : std::vector<std::vector<std::string>>{{}, {"--dry-run"}}) {
      std::vector<std::string> arguments = {"codes", "import", "spring"};
      arguments.insert(arguments.end(), more.begin(), more.end());
      const auto none = shell.run(arguments, file);
      CHECK(none.exit_code == 1);
      CHECK(none.err == "coupond: The file has no line with a code\n");
    }
  }
  CHECK(shell.run({"report", "--from", "2027-01-02", "--to", "2027-01-01"}).err ==
        "coupond: to must be later than from\n");
  CHECK(shell.run({"verify"}).exit_code == 0);
}
