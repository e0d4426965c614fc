#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "coupond/store/connection.h"
#include "tests/cli/words.h"
#include "tests/support/black_box.h"
#include "tests/support/http_client.h"

namespace {

struct Fixture {
  test::TempDir parent;
  std::string data = parent / "data";
  std::string file = parent / "one.backup";

  ProgramOutcome run(std::vector<std::string> arguments, const std::string& directory) {
    arguments.insert(arguments.end(), {"--data", directory});
    return run_program({.arguments = std::move(arguments), .input = "correct horse 7\n"});
  }
  ProgramOutcome run(std::vector<std::string> arguments) { return run(std::move(arguments), data); }
  void create_admin(const std::string& email) {
    CHECK(run({"admin", "create", email}).exit_code == 0);
  }
  std::string admins(const std::string& directory) { return run({"admin", "list"}, directory).out; }
};

std::string log_in(int port, const std::string& email) {
  test::HttpClient client(port);
  const auto answer = client.post("/api/v1/auth/login",
                                  R"({"email":")" + email + R"(","password":"correct horse 7"})");
  const std::string mark = "\"access_token\":\"";
  const std::size_t start = answer.body.find(mark);
  if (start == std::string::npos) return {};
  return answer.body.substr(start + mark.size(),
                            answer.body.find('"', start + mark.size()) - start - mark.size());
}

int me(int port, const std::string& token) {
  test::HttpClient client(port);
  return client.get("/api/v1/me", {{"Authorization", "Bearer " + token}}).status;
}

}  // namespace

TEST_CASE("a backup made beside a server is whole, private, verified and not replaced",
          "[backup]") {
  Fixture fixture;
  fixture.create_admin("one@example.com");
  const Daemon daemon(fixture.data);
  const ProgramOutcome made = fixture.run({"backup", fixture.file});
  CAPTURE(made.out, made.err);
  CHECK(made.exit_code == 0);
  CHECK(mentions(made.out, fixture.data + "/secret.key"));
  struct stat info = {};
  REQUIRE(::stat(fixture.file.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  for (const char* ending : {".partial", "-wal", "-shm", "-journal", ".partial-journal"}) {
    CHECK_FALSE(std::filesystem::exists(fixture.file + ending));
  }
  CHECK(fixture.run({"backup", fixture.file}).exit_code == 1);
}

TEST_CASE("a backup removes what interrupted ones left under other names, and nothing else",
          "[backup]") {
  Fixture fixture;
  fixture.create_admin("one@example.com");
  REQUIRE(fixture.run({"backup", fixture.file}).exit_code == 0);
  // Cut off when it was whole but for its name, and while its pages were copied.
  const std::string whole = fixture.parent / "old.backup.partial";
  const std::string half = fixture.parent / "older.backup.partial";
  std::filesystem::copy(fixture.file, whole);
  std::ofstream(half) << "half a page";
  std::ofstream(half + "-journal") << "journal";
  const std::string others = fixture.parent / "film.mp4.partial";
  std::ofstream(others) << "not ours";
  const ProgramOutcome made = fixture.run({"backup", fixture.parent / "two.backup"});
  CAPTURE(made.err);
  CHECK(made.exit_code == 0);
  for (const std::string& left : {whole, half, half + "-journal"}) {
    CAPTURE(left);
    CHECK_FALSE(std::filesystem::exists(left));
  }
  CHECK(std::filesystem::exists(others));
  CHECK(mentions(made.err, "removed " + whole));
  CHECK(mentions(made.err, "removed " + half));
}

TEST_CASE("a backup holds what was acknowledged just before it", "[backup]") {
  Fixture fixture;
  const Daemon daemon(fixture.data);
  for (int i = 0; i < 3; ++i) {
    const std::string name = std::to_string(i);
    test::HttpClient client(daemon.port());
    const std::string account =
        R"({"email":"user)" + name + R"(@example.com","password":"correct horse 7"})";
    REQUIRE(client.post("/api/v1/auth/register", account).status == 201);
    const std::string file = fixture.file + name;
    REQUIRE(fixture.run({"backup", file}).exit_code == 0);
    store::Connection copy(file, store::Connection::Access::kReadOnly);
    store::Query users(copy, "SELECT count(*) FROM users");
    REQUIRE(users.next());
    CHECK(users.integer(0) == i + 1);
  }
}

TEST_CASE("what was done before the backup is in the restored database, and no more", "[backup]") {
  Fixture fixture;
  fixture.create_admin("one@example.com");
  REQUIRE(fixture.run({"backup", fixture.file}).exit_code == 0);
  fixture.create_admin("two@example.com");
  fixture.create_admin("three@example.com");

  const ProgramOutcome restored = fixture.run({"restore", fixture.file});
  CAPTURE(restored.out, restored.err);
  REQUIRE(restored.exit_code == 0);
  CHECK(mentions(restored.out, "lacks the last 2 operations"));
  CHECK(mentions(fixture.admins(fixture.data), "one@example.com"));
  CHECK_FALSE(mentions(fixture.admins(fixture.data), "two@example.com"));
  CHECK(fixture.run({"verify"}).exit_code == 0);
  CHECK(Daemon(fixture.data).end_with(SIGTERM) == 0);

  std::string aside;
  for (const auto& entry : std::filesystem::directory_iterator(fixture.data)) {
    if (mentions(entry.path().string(), "coupond.db.before-") &&
        !mentions(entry.path().string(), "-wal") && !mentions(entry.path().string(), "-shm")) {
      aside = entry.path().string();
    }
  }
  REQUIRE_FALSE(aside.empty());
  store::Connection old(aside, store::Connection::Access::kReadOnly);
  static constexpr char kUsers[] = "SELECT count(*) FROM users";
  store::Query users(old, kUsers);
  REQUIRE(users.next());
  CHECK(users.integer(0) == 3);
}

TEST_CASE("a restore ends all sessions, later ones of the old database too", "[backup]") {
  Fixture fixture;
  fixture.create_admin("one@example.com");
  std::string before;
  std::string after;
  {
    Daemon daemon(fixture.data);
    before = log_in(daemon.port(), "one@example.com");
    REQUIRE(me(daemon.port(), before) == 200);
    REQUIRE(fixture.run({"backup", fixture.file}).exit_code == 0);
    REQUIRE(fixture.run({"admin", "reset-password", "one@example.com"}).exit_code == 0);
    after = log_in(daemon.port(), "one@example.com");
    REQUIRE(me(daemon.port(), after) == 200);
    const ProgramOutcome refused = fixture.run({"restore", fixture.file});
    CHECK(refused.exit_code == 1);
    CHECK(mentions(refused.err, "in use by process"));
    CHECK(daemon.end_with(SIGTERM) == 0);
  }
  REQUIRE(fixture.run({"restore", fixture.file}).exit_code == 0);
  const Daemon daemon(fixture.data);
  CHECK(me(daemon.port(), before) == 401);
  CHECK(me(daemon.port(), after) == 401);
  CHECK(me(daemon.port(), log_in(daemon.port(), "one@example.com")) == 200);
}

TEST_CASE("a restore ends all holds", "[backup]") {
  test::BlackBox box;
  const auto campaign = box.add_campaign("cards", domain::Mode::kCard, {.hold_ttl_s = 3600});
  const std::string code = box.add_codes(campaign, 1)[0];
  const test::Person first = box.add_person();
  const test::Person second = box.add_person();
  const test::TempDir parent;
  const std::string hold = "/api/v1/coupons/" + code + "/hold";
  const auto run = [&](const char* command) {
    return run_program({.arguments = {command, parent / "backup", "--data", box.data_dir()}});
  };
  {
    test::HttpClient client(box.start().port());
    REQUIRE(ask(client, first, "POST", hold).status == 201);
    REQUIRE(ask(client, second, "POST", hold).status == 409);
    CHECK(run("backup").exit_code == 0);
    REQUIRE(ask(client, first, "POST", "/api/v1/campaigns/tokens/issue").status == 201);
    CHECK(run("restore").exit_code == 1);
    CHECK(box.server().terminate() == 0);
  }
  const ProgramOutcome restored = run("restore");
  CAPTURE(restored.err);
  REQUIRE(restored.exit_code == 0);
  CHECK(mentions(restored.out, "All sessions and holds are over."));
  CHECK(mentions(restored.out, "lacks the last operation "));

  test::HttpClient client(box.start().port());
  CHECK(ask(client, second, "POST", hold).status == 401);
  const std::string login = R"({"email":"p2@example.com","password":"correct horse 1"})";
  const test::Answer session = ask(client, {}, "POST", "/api/v1/auth/login", login);
  REQUIRE(session.status == 200);
  test::Person again = second;
  again.token = session.body.at("access_token").get<std::string>();
  CHECK(ask(client, again, "POST", hold).status == 201);
}

TEST_CASE("a backup packed with its key restores anywhere, and forgets the key there", "[backup]") {
  Fixture fixture;
  fixture.create_admin("one@example.com");
  REQUIRE(fixture.run({"backup", fixture.file, "--with-key"}).exit_code == 0);
  const std::string elsewhere = fixture.parent / "elsewhere";
  const ProgramOutcome restored = fixture.run({"restore", fixture.file}, elsewhere);
  CAPTURE(restored.err);
  REQUIRE(restored.exit_code == 0);
  CHECK(mentions(fixture.admins(elsewhere), "one@example.com"));
  CHECK(fixture.run({"verify"}, elsewhere).exit_code == 0);

  std::ifstream key_file(elsewhere + "/secret.key");
  std::string key;
  REQUIRE(std::getline(key_file, key));
  std::ifstream database(elsewhere + "/coupond.db", std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(database)), {});
  CHECK_FALSE(mentions(bytes, key));
  struct stat info = {};
  REQUIRE(::stat((elsewhere + "/secret.key").c_str(), &info) == 0);
  CHECK((info.st_mode & 077) == 0);
}

TEST_CASE("a backup without its key is refused elsewhere, and nothing is left behind", "[backup]") {
  Fixture fixture;
  fixture.create_admin("one@example.com");
  REQUIRE(fixture.run({"backup", fixture.file}).exit_code == 0);
  const std::string elsewhere = fixture.parent / "elsewhere";
  const ProgramOutcome refused = fixture.run({"restore", fixture.file}, elsewhere);
  CHECK(refused.exit_code == 1);
  CHECK(mentions(refused.err, elsewhere + "/secret.key"));
  CHECK_FALSE(std::filesystem::exists(elsewhere + "/coupond.db"));
  CHECK_FALSE(std::filesystem::exists(elsewhere + "/coupond.db.restoring"));
}

TEST_CASE("what is no sound backup is refused, and the database stays as it is", "[backup]") {
  Fixture fixture;
  fixture.create_admin("one@example.com");
  REQUIRE(fixture.run({"backup", fixture.file}).exit_code == 0);
  SECTION("missing") { std::filesystem::remove(fixture.file); }
  SECTION("no database") {
    std::filesystem::remove(fixture.file);
    std::ofstream(fixture.file) << std::string(5000, 'x');
  }
  SECTION("changed") {
    store::Connection connection(fixture.file, store::Connection::Access::kReadWrite);
    connection.exec("UPDATE balances SET credit = 1000000");
  }
  const ProgramOutcome refused = fixture.run({"restore", fixture.file});
  CAPTURE(refused.err);
  CHECK(refused.exit_code == 1);
  CHECK(mentions(refused.err, fixture.file));
  CHECK(mentions(fixture.admins(fixture.data), "one@example.com"));
}

TEST_CASE("a backup of a database that contradicts its ledger is not made", "[backup]") {
  Fixture fixture;
  fixture.create_admin("one@example.com");
  {
    store::Connection connection(fixture.data + "/coupond.db",
                                 store::Connection::Access::kReadWrite);
    connection.exec("UPDATE balances SET credit = 1000000");
  }
  const ProgramOutcome refused = fixture.run({"backup", fixture.file});
  CHECK(refused.exit_code == 1);
  CHECK(mentions(refused.err, "balances"));
  CHECK_FALSE(std::filesystem::exists(fixture.file));
}
