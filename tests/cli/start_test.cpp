// Every way in which a start is refused: exit code 3 and one sentence that names path and remedy.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "coupond/store/connection.h"
#include "tests/cli/words.h"
#include "tests/support/http_client.h"
#include "tests/support/raw_client.h"

namespace {

struct StartFixture {
  test::TempDir parent;
  std::string data = parent / "data";
  std::string database = data + "/coupond.db";

  // As it lies after a first start and a clean stop.
  void make() { CHECK(Daemon(data).end_with(SIGTERM) == 0); }
  void change(const std::string& sql) {
    store::Connection connection(database, store::Connection::Access::kReadWrite);
    connection.exec(sql);
  }
  ProgramOutcome serve(const std::vector<std::string>& more = {},
                       const std::string& listen = "127.0.0.1:0") {
    std::vector<std::string> arguments{"serve", "--data", data, "--listen", listen};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_program({.arguments = arguments});
  }
  // One line, with the path in it and a word of the remedy.
  void check_refused(const std::string& path, const std::string& remedy) {
    check_refusal(serve(), path, remedy);
  }
  static void check_refusal(const ProgramOutcome& outcome, const std::string& path,
                            const std::string& remedy) {
    CAPTURE(outcome.err);
    CHECK(outcome.exit_code == 3);
    CHECK(outcome.out.empty());
    CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
    CHECK(outcome.err.find(path) != std::string::npos);
    CHECK(outcome.err.find(remedy) != std::string::npos);
  }
};

}  // namespace

TEST_CASE("a second server on the same directory says who holds it", "[start]") {
  StartFixture fixture;
  const Daemon first(fixture.data);
  fixture.check_refused(fixture.data, "in use by process " + std::to_string(first.pid()));
}

TEST_CASE("a second server on the same port is refused", "[start]") {
  StartFixture fixture;
  const Daemon first(fixture.parent / "other");
  const std::string port = std::to_string(first.port());
  StartFixture::check_refusal(fixture.serve({}, "127.0.0.1:" + port), port, "another port");
}

TEST_CASE("a directory that cannot be written is refused", "[start]") {
  StartFixture fixture;
  SECTION("its parent is a file") {
    std::ofstream(fixture.parent / "file") << "text";
    fixture.data = fixture.parent / "file/data";
    fixture.check_refused(fixture.data, "--data");
  }
  SECTION("it is a file") {
    std::ofstream(fixture.data) << "text";
    fixture.check_refused(fixture.data, "--data");
  }
  SECTION("the system does not let anybody write there") {
    fixture.data = "/proc";
    fixture.check_refused("/proc", "--data");
  }
}

TEST_CASE("a database that must not be served is refused", "[start]") {
  StartFixture fixture;
  fixture.make();
  SECTION("from a newer version") {
    fixture.change("PRAGMA user_version = 99");
    fixture.check_refused(fixture.database, "newer");
  }
  SECTION("not ours") {
    std::filesystem::remove(fixture.database);
    std::filesystem::remove(fixture.database + "-wal");
    fixture.change("CREATE TABLE photos (a)");
    fixture.check_refused(fixture.database, "Move it away");
  }
  SECTION("damaged") {
    std::fstream file(fixture.database, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096 * 3);
    file << std::string(4096, '\xff');
    file.close();
    fixture.check_refused(fixture.database, "coupond restore");
  }
  SECTION("its ledger tells another story") {
    fixture.change("UPDATE campaigns SET max_issued = 78, issued = 1, assigned = 1");
    fixture.check_refused(fixture.database, "coupond verify");
  }
}

TEST_CASE("a key that is missing or open to others is refused", "[start]") {
  StartFixture fixture;
  fixture.make();
  const std::string key = fixture.data + "/secret.key";
  SECTION("missing") {
    std::filesystem::remove(key);
    fixture.check_refused(key, "restore");
  }
  SECTION("readable by others") {
    ::chmod(key.c_str(), 0644);
    fixture.check_refused(key, "chmod 600");
  }
  SECTION("another's") {
    std::ofstream(key) << std::string(64, 'a') << "\n";
    fixture.check_refused(key, "does not belong");
  }
}

TEST_CASE("beyond loopback only behind a proxy or by express wish, and never for a demo",
          "[start]") {
  StartFixture fixture;
  const std::string any = "0.0.0.0:0";
  StartFixture::check_refusal(fixture.serve({}, any), "0.0.0.0", "--behind-proxy");
  const auto demo = fixture.serve({"--demo", "--allow-plain-http"}, any);
  StartFixture::check_refusal(demo, "0.0.0.0", "loopback");
}

TEST_CASE("a demo and real data never share a directory", "[start]") {
  StartFixture fixture;
  fixture.make();
  StartFixture::check_refusal(fixture.serve({"--demo"}), fixture.data, "--data");
}

TEST_CASE("nothing but its owner can read what a start leaves", "[start]") {
  StartFixture fixture;
  const Daemon daemon(fixture.data);
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(fixture.data)) {
    struct stat info = {};
    REQUIRE(::lstat(entry.path().c_str(), &info) == 0);
    CAPTURE(entry.path().string());
    CHECK((info.st_mode & 077) == 0);
    ++files;
  }
  CHECK(files >= 5);
}

TEST_CASE("SIGTERM and SIGINT end a server in order, with code 0", "[start]") {
  StartFixture fixture;
  for (const int signal : {SIGTERM, SIGINT}) {
    Daemon daemon(fixture.data);
    CHECK(daemon.end_with(signal) == 0);
    CHECK(std::filesystem::exists(fixture.data + "/CLEAN"));
    CHECK_FALSE(std::filesystem::exists(fixture.data + "/control.sock"));
  }
}

TEST_CASE("a stop does not wait for clients who wait for news", "[start]") {
  StartFixture fixture;
  Daemon daemon(fixture.data, {"--demo"});
  test::HttpClient idle(daemon.port());
  CHECK(idle.get("/healthz").status == 200);
  std::string token;
  {
    test::HttpClient client(daemon.port());
    const auto session = client.post(
        "/api/v1/auth/login", R"({"email":"admin@example.com","password":"AdminPassword123"})");
    const auto body = nlohmann::json::parse(session.body);
    token = body.at("access_token").get<std::string>();
  }
  test::RawClient waiting(daemon.port());
  REQUIRE(
      waiting.send("GET /api/v1/ledger?after=1000000&wait=30 HTTP/1.1\r\nHost: x\r\n"
                   "Authorization: Bearer " +
                   token + "\r\n\r\n"));
  // Requests are taken as they come: once a later one is answered, the first is being worked on.
  CHECK(idle.get("/healthz").status == 200);
  const auto start = std::chrono::steady_clock::now();
  CHECK(daemon.end_with(SIGTERM) == 0);
  const auto took = std::chrono::steady_clock::now() - start;
  CHECK(waiting.read_to_end().starts_with("HTTP/1.1 200"));
  CHECK(took < std::chrono::seconds(20));  // of the 30 that the client would have waited
}

TEST_CASE("a killed server starts again", "[start]") {
  StartFixture fixture;
  CHECK(Daemon(fixture.data).end_with(SIGKILL) == 128 + SIGKILL);
  CHECK(Daemon(fixture.data).end_with(SIGTERM) == 0);
}
