// Commands beside a server: none waits for another, none is cut off for being slow, and what a
// command cannot print is not made.
#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <vector>

#include "tests/cli/words.h"
#include "tests/support/unix_client.h"

using test::content_of;
using test::UnixClient;

namespace {

struct ControlFixture {
  explicit ControlFixture(bool with_server) {
    CHECK(run({"campaign", "list"}).exit_code == 3);
    CHECK(run({"admin", "create", "one@example.com"}, "correct horse 7\n").exit_code == 0);
    if (with_server) daemon = std::make_unique<Daemon>(data);
  }
  ProgramOutcome run(std::vector<std::string> arguments, const std::string& input = {}) const {
    arguments.insert(arguments.end(), {"--data", data});
    return run_program({.arguments = std::move(arguments), .input = input});
  }
  // Through a shell: "COUPOND" stands for the executable, and --data is in the environment.
  int shell(std::string line) const {
    const std::string word = "COUPOND";
    for (std::size_t at = 0; (at = line.find(word, at)) != std::string::npos;) {
      line.replace(at, word.size(), std::getenv("COUPOND_BINARY"));
    }
    return std::system(
        ("export COUPOND_DATA='" + data + "'; cd '" + parent.path() + "'; " + line).c_str());
  }
  std::int64_t issued(const std::string& slug) const {
    const std::string list = run({"campaign", "list"}).out;
    const std::size_t line = list.find(slug + "\t");
    REQUIRE(line != std::string::npos);
    return std::atoll(list.c_str() + list.find("issued ", line) + 7);
  }

  test::TempDir parent;
  std::string data = parent / "data";
  std::unique_ptr<Daemon> daemon;
};

}  // namespace

TEST_CASE("clients that say nothing hold up neither a command nor the server's stop", "[cli]") {
  ControlFixture fixture(true);
  std::vector<std::unique_ptr<UnixClient>> idle;
  for (int i = 0; i < 100; ++i) {
    idle.push_back(std::make_unique<UnixClient>(fixture.data + "/control.sock"));
  }
  CHECK(idle[0]->send("GET /healthz HTTP/1.1\r\n"));  // and not the rest of it
  CHECK(fixture.run({"user", "list"}).exit_code == 0);
  CHECK(fixture.daemon->end_with(SIGTERM) == 0);
  CHECK(fixture.run({"verify"}).exit_code == 0);
}

TEST_CASE("commands whose reader is paused do not hold up others, and lose nothing", "[cli]") {
  ControlFixture fixture(true);
  CHECK(fixture.run({"campaign", "create", "--mode", "pool", "--name", "Pool"}).exit_code == 0);
  // Each fills its pipe and waits for the reader; meanwhile another command comes and goes.
  CHECK(fixture.shell("{ COUPOND codes generate pool 12000; echo $? >made.rc; } |"
                      " { sed -n 1p >first; COUPOND user list >list; echo $? >list.rc;"
                      " cat first - >made; }") == 0);
  CHECK(content_of(fixture.parent / "made.rc") == "0\n");
  CHECK(content_of(fixture.parent / "list.rc") == "0\n");
  CHECK(fixture.shell("{ COUPOND codes export pool; echo $? >export.rc; } |"
                      " { sed -n 1p >first; COUPOND user list >list; echo $? >list.rc;"
                      " cat >exported; }") == 0);
  CHECK(content_of(fixture.parent / "export.rc") == "0\n");
  CHECK(content_of(fixture.parent / "list.rc") == "0\n");
  CHECK(mentions(content_of(fixture.parent / "list"), "one@example.com"));
  CHECK(fixture.issued("pool") == 12'000);
}

TEST_CASE("codes that cannot be printed are not made", "[cli]") {
  ControlFixture fixture(GENERATE(false, true));
  CHECK(fixture.shell("COUPOND codes generate subscription-cards 30000 >/dev/full 2>err") != 0);
  CHECK(mentions(content_of(fixture.parent / "err"), "No space left on device"));
  CHECK(mentions(content_of(fixture.parent / "err"), "1 of 30000 codes were made"));
  CHECK(fixture.issued("subscription-cards") == 1);
  CHECK(fixture.shell("COUPOND codes generate subscription-cards 30000 >&- 2>err") != 0);
  CHECK(mentions(content_of(fixture.parent / "err"), "no standard output"));
  CHECK(fixture.issued("subscription-cards") == 1);
  CHECK(fixture.shell("COUPOND codes export subscription-cards >/dev/full 2>err") != 0);
  CHECK(mentions(content_of(fixture.parent / "err"), "No space left on device"));
  CHECK(fixture.shell("COUPOND user list >/dev/full 2>err") != 0);
}

TEST_CASE("no code is made when the campaign has no room for all that are asked for", "[cli]") {
  ControlFixture fixture(GENERATE(false, true));
  CHECK(
      fixture
          .run({"campaign", "create", "--mode", "pool", "--name", "Small", "--max-issued", "1500"})
          .exit_code == 0);
  CHECK(fixture.run({"codes", "generate", "small", "2000"}).exit_code == 1);
  CHECK(fixture.issued("small") == 0);
  CHECK(fixture.run({"codes", "generate", "small", "1500"}).exit_code == 0);
}

TEST_CASE("one duplicate among a thousand does not make an import a thousand commits", "[cli]") {
  ControlFixture fixture(GENERATE(false, true));
  CHECK(fixture.run({"campaign", "create", "--mode", "pool", "--name", "Pool"}).exit_code == 0);
  std::string lines = "code\n";
  for (int i = 0; i < 1000; ++i) lines += "CODE-" + std::to_string(i == 900 ? 7 : i) + "\n";
  const auto entries = [&] {
    const std::string text = fixture.run({"verify"}).out;
    return std::atoll(text.c_str() + text.find("agrees: ") + 8);
  };
  const auto before = entries();
  const ProgramOutcome outcome = fixture.run({"codes", "import", "pool"}, lines);
  CAPTURE(outcome.out, outcome.err);
  CHECK(outcome.exit_code == 1);
  CHECK(mentions(outcome.out, "999 codes stored, 1 refused"));
  CHECK(mentions(outcome.err, "line 902: CODE-7 is not stored again"));
  CHECK(entries() - before < 50);
}

TEST_CASE("what others wrote does not steer the terminal", "[cli]") {
  ControlFixture fixture(GENERATE(false, true));
  // A C1 control sequence, and a character that turns the reading direction.
  CHECK(fixture
            .run({"campaign", "create", "--mode", "pool", "--slug", "odd", "--name",
                  "a\xc2\x9b"
                  "2Jb\xe2\x80\xae"
                  "c"})
            .exit_code == 0);
  const std::string list = fixture.run({"campaign", "list"}).out;
  CHECK(mentions(list, "a\\x9b2Jb\\u202ec"));
  const ProgramOutcome refused = fixture.run({"user", "set-role", "x\x1b[2J", "staff"});
  CHECK(refused.exit_code == 1);
  CHECK_FALSE(mentions(refused.err, "\x1b"));
}

TEST_CASE("a terminal that goes away stops the server in order, unless nohup says otherwise",
          "[cli]") {
  ControlFixture fixture(true);
  CHECK(fixture.daemon->end_with(SIGHUP) == 0);
  CHECK(fixture.shell("trap '' HUP; COUPOND serve --listen 127.0.0.1:0 >out & pid=$!;"
                      " until COUPOND health >/dev/null 2>&1; do sleep 0.1; done;"
                      " kill -HUP $pid; COUPOND health >health; good=$?;"
                      " kill -TERM $pid; wait $pid && exit $good") == 0);
}

TEST_CASE("a command does not tell a stranger's socket its secrets", "[cli]") {
  if (::geteuid() != 0) return;  // only root can make one in another's name
  ControlFixture fixture(true);
  const std::string socket = fixture.data + "/control.sock";
  REQUIRE(::chown(socket.c_str(), 12345, 12345) == 0);
  const ProgramOutcome outcome =
      fixture.run({"admin", "create", "two@example.com"}, "correct horse 7\n");
  CHECK(outcome.exit_code == 3);
  CHECK_FALSE(mentions(fixture.run({"user", "list"}).out, "two@example.com"));
}
