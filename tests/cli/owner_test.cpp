// What an owner does from a shell with accounts, campaigns and codes: the same with a server beside
// and without one.
#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>

#include "tests/cli/words.h"

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// A directory with one administrator, beside a server or alone.
struct OwnerFixture {
  explicit OwnerFixture(bool with_server) {
    CHECK(run({"admin", "create", "one@example.com"}, "correct horse 7\n").exit_code == 0);
    if (with_server) daemon = std::make_unique<Daemon>(data);
  }
  ProgramOutcome run(std::vector<std::string> arguments, const std::string& input = {}) {
    arguments.insert(arguments.end(), {"--data", data});
    return run_program({.arguments = std::move(arguments), .input = input});
  }
  void verify() { CHECK(run({"verify"}).exit_code == 0); }

  test::TempDir parent;
  std::string data = parent / "data";
  std::unique_ptr<Daemon> daemon;
};

}  // namespace

TEST_CASE("a command takes ids and addresses in forms that cannot be mistaken", "[cli]") {
  OwnerFixture fixture(GENERATE(false, true));
  for (const char* named : {"1", "id:1", "one@example.com"}) {
    CAPTURE(named);
    CHECK(fixture.run({"user", "set-credit", named, "--add", "1"}).exit_code == 0);
    CHECK(fixture.run({"admin", "reset-password", named}, "correct horse 8\n").exit_code == 0);
  }
  for (const char* named : {"user:1", "id:one@example.com", "01", "000000000000000000000001"}) {
    CAPTURE(named);
    CHECK(fixture.run({"user", "set-credit", named, "--add", "1"}).exit_code == 1);
    CHECK(fixture.run({"admin", "reset-password", named}, "correct horse 9\n").exit_code == 1);
  }
  CHECK(mentions(fixture.run({"user", "list"}).out, "one@example.com\tadmin\tactive\t3"));
  CHECK(mentions(fixture.run({"campaign", "set", "slug:tokens", "--max-issued", "78"}).out,
                 "tokens"));
  CHECK(fixture.run({"campaign", "create", "--mode", "pool", "--name", "x", "--slug", "5"})
            .exit_code == 1);
}

TEST_CASE("accounts are listed and changed from the command line", "[cli]") {
  OwnerFixture fixture(GENERATE(false, true));
  CHECK(mentions(fixture.run({"user", "list"}).out, "one@example.com\tadmin\tactive\t0"));
  const ProgramOutcome credit =
      fixture.run({"user", "set-credit", "one@example.com", "--add", "50", "--reason", "gift"});
  CAPTURE(credit.err);
  CHECK(credit.exit_code == 0);
  CHECK(mentions(credit.out, "has 50 now"));
  const ProgramOutcome taken =
      fixture.run({"user", "set-credit", "one@example.com", "--add", "-51"});
  CHECK(taken.exit_code == 1);
  // The last administrator stays one.
  CHECK(fixture.run({"user", "set-role", "one@example.com", "user"}).exit_code == 1);
  CHECK(fixture.run({"user", "set-role", "one@example.com", "emperor"}).exit_code == 1);
  CHECK(fixture.run({"user", "set-role", "nobody@example.com", "staff"}).exit_code == 1);
  fixture.verify();
}

TEST_CASE("a customer is added, invited, exported and erased from the command line", "[cli]") {
  OwnerFixture fixture(GENERATE(false, true));
  const ProgramOutcome added =
      fixture.run({"user", "add", "Ann@example.com", "--external-id", "7", "--name", "Ann"});
  CAPTURE(added.err);
  REQUIRE(added.exit_code == 0);
  CHECK(mentions(added.out, "ann@example.com"));
  CHECK(fixture.run({"user", "add", "ann@example.com"}).exit_code == 1);
  CHECK(mentions(fixture.run({"user", "invite", "external:7"}).out, "/setup#invitation="));
  CHECK(fixture.run({"user", "set-email", "external:7", "ann2@example.com"}).exit_code == 0);
  CHECK(
      mentions(fixture.run({"user", "export", "ann2@example.com"}).out, "\"external_id\": \"7\""));
  const ProgramOutcome asked = fixture.run({"user", "erase", "ann2@example.com"});
  CHECK(asked.exit_code == 1);
  CHECK(mentions(asked.err, "--yes"));
  CHECK(fixture.run({"user", "erase", "ann2@example.com", "--yes"}).exit_code == 0);
  CHECK_FALSE(mentions(fixture.run({"user", "list"}).out, "ann"));
  CHECK(fixture.run({"user", "erase", "one@example.com", "--yes"}).exit_code == 1);
  fixture.verify();
}

TEST_CASE("campaigns are made, changed and listed from the command line", "[cli]") {
  OwnerFixture fixture(GENERATE(false, true));
  const ProgramOutcome made = fixture.run(
      {"campaign", "create", "--mode", "pool", "--name", "Members 2027", "--max-per-user", "3"});
  CAPTURE(made.err);
  CHECK(made.exit_code == 0);
  CHECK(mentions(made.out, "members-2027"));
  const ProgramOutcome changed =
      fixture.run({"campaign", "set", "subscription-cards", "--reward", "subscription:90"});
  CAPTURE(changed.err);
  CHECK(changed.exit_code == 0);
  CHECK(fixture.run({"campaign", "set", "tokens", "--max-issued", "500", "--ends-at", "2030-01-01"})
            .exit_code == 0);
  CHECK(fixture.run({"campaign", "set", "tokens", "--ends-at", "none"}).exit_code == 0);
  CHECK(fixture.run({"campaign", "set", "tokens", "--max-issued", "many"}).exit_code == 2);
  CHECK(fixture.run({"campaign", "set", "tokens"}).exit_code == 2);
  CHECK(fixture.run({"campaign", "set", "no-such", "--price", "1"}).exit_code == 1);
  const ProgramOutcome list = fixture.run({"campaign", "list"});
  CHECK(mentions(list.out, "tokens\ttoken\tactive\tissued 0, redeemed 0, left 500"));
  CHECK(mentions(list.out, "members-2027\tpool"));
  fixture.verify();
}

TEST_CASE("codes are made, exported, and imported elsewhere, each once", "[cli]") {
  OwnerFixture fixture(GENERATE(false, true));
  const ProgramOutcome made = fixture.run({"codes", "generate", "subscription-cards", "2500"});
  CAPTURE(made.err);
  REQUIRE(made.exit_code == 0);
  const auto codes = lines_of(made.out);
  CHECK(codes.size() == 2500);
  CHECK(std::set<std::string>(codes.begin(), codes.end()).size() == 2500);

  const ProgramOutcome exported = fixture.run({"codes", "export", "subscription-cards"});
  CHECK(exported.exit_code == 0);
  const auto rows = lines_of(exported.out);
  REQUIRE(rows.size() == 2501);
  CHECK(rows[0].starts_with("code,number,state"));
  CHECK(mentions(rows[1], codes[0]));

  std::ofstream(fixture.parent / "codes.csv") << exported.out;
  const std::string file = fixture.parent / "codes.csv";
  const ProgramOutcome again = fixture.run({"codes", "import", "subscription-cards", file});
  CHECK(again.exit_code == 1);
  CHECK(mentions(again.out, "0 codes stored, 2500 refused"));
  fixture.verify();

  OwnerFixture other(false);
  CHECK(other.run({"campaign", "create", "--mode", "pool", "--name", "Pool"}).exit_code == 0);
  const ProgramOutcome brought = other.run({"codes", "import", "pool", file});
  CAPTURE(brought.err);
  CHECK(brought.exit_code == 0);
  CHECK(mentions(brought.out, "2500 codes stored, 0 refused"));
  other.verify();
}

TEST_CASE("an import tells of each line it refuses and stores the others", "[cli]") {
  OwnerFixture fixture(false);
  CHECK(fixture.run({"campaign", "create", "--mode", "pool", "--name", "Pool"}).exit_code == 0);
  const ProgramOutcome mixed =
      fixture.run({"codes", "import", "pool"}, "SUMMER-1\nSUMMER-2\n\nsummer 1\n---\n\"x\n");
  CHECK(mixed.exit_code == 1);
  CHECK(mentions(mixed.out, "2 codes stored, 3 refused"));
  CHECK(mentions(mixed.err, "line 4: summer 1 is not stored again"));
  CHECK(mentions(mixed.err, "line 5: --- is no code"));
  CHECK(mentions(mixed.err, "line 6: a quote in it does not go around a cell"));
  CHECK(fixture.run({"codes", "import", "pool", fixture.parent / "missing"}).exit_code == 1);
  fixture.verify();
}

TEST_CASE("what was used is reported and listed, and codes are chosen, from the command line",
          "[cli]") {
  OwnerFixture fixture(GENERATE(false, true));
  CHECK(fixture.run({"campaign", "create", "--mode", "card", "--name", "Old"}).exit_code == 0);
  const std::string file = fixture.parent / "old.csv";
  std::ofstream(file) << "code,state\nUSED-0001,used\nGOOD-0002,\nGOOD-0003,\n";
  REQUIRE(fixture.run({"codes", "import", "old", file}).exit_code == 0);

  const ProgramOutcome report = fixture.run({"report", "--campaign", "old"});
  CHECK(report.exit_code == 0);
  REQUIRE(lines_of(report.out).size() == 2);
  CHECK(mentions(lines_of(report.out)[1], "\told\tjob:1\t\t1\t0\t"));
  CHECK(mentions(report.err, "Exact at ledger entry "));
  CHECK(lines_of(fixture.run({"report", "--by", "hour", "--csv"}).out).size() == 2);
  CHECK(
      lines_of(fixture.run({"report", "--to", "2001-01-01", "--from", "2000-01-01"}).out).size() ==
      1);
  CHECK(fixture.run({"report", "--by", "week"}).exit_code == 2);
  CHECK(fixture.run({"report", "--till", "nobody"}).exit_code == 1);

  const ProgramOutcome listed = fixture.run({"redemptions", "list", "--code", "used-0001"});
  CHECK(lines_of(listed.out).size() == 2);
  CHECK(mentions(listed.out, "USED-0001"));
  CHECK(
      mentions(fixture.run({"redemptions", "list", "--csv"}).out, ",USED-0001,old,1,redeemed,1,"));
  CHECK(fixture.run({"redemptions", "list", "--campaign", "none"}).exit_code == 1);

  CHECK(lines_of(fixture.run({"codes", "export", "old", "--state", "available"}).out).size() == 3);
  CHECK(mentions(fixture.run({"codes", "export", "old", "--last4", "0003", "--dry-run"}).out,
                 "1 code to export. Nothing is written."));
  const std::string cards = fixture.parent / "cards.pdf";
  CHECK(mentions(fixture.run({"codes", "print", "old", cards, "--from", "2"}).out, "2 codes in "));
  std::ifstream pdf(cards);
  std::string head(4, ' ');
  pdf.read(head.data(), 4);
  CHECK(head == "%PDF");
  CHECK(fixture.run({"codes", "print", "old", cards}).exit_code == 1);  // it is there already
  CHECK(fixture.run({"codes", "export", "old", "--expires-before", "soon"}).exit_code == 2);
  fixture.verify();
}
