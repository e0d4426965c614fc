// What a data directory notices of its own past: a database that is gone, that is older than what
// was acknowledged, or whose log lost something. Each directory is a copy of one under a working
// engine, which is what kill -9 leaves.
#include "coupond/store/loss.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "coupond/store/last_head.h"
#include "tests/support/live_engine.h"
#include "tests/support/text.h"

using namespace coupon;
using service::Engine;
using store::DataPaths;
using test::LiveEngine;
using test::mentions;

namespace {

namespace fs = std::filesystem;

// A directory as kill -9 leaves it, with `users` acknowledged registrations, the last few of which
// are in the log alone.
struct Killed {
  explicit Killed(int users = 12) : paths(directory / "killed") {
    LiveEngine engine;
    for (int i = 0; i < users; ++i) engine.make_user("user" + std::to_string(i) + "@example.com");
    fs::copy(engine->paths().directory, paths.directory);
  }
  core::Result<std::unique_ptr<Engine>> open(
      bool accept_loss = false, store::Durability durability = store::Durability::kFull) {
    Engine::Options options{.data_dir = paths.directory, .accept_loss = accept_loss};
    options.writer.durability = durability;
    options.observer.notice = [this](const std::string& what) { notices += what + "\n"; };
    return Engine::open(std::move(options));
  }
  void check_refused(const std::string& part) {
    const auto opened = open();
    REQUIRE_FALSE(opened.ok());
    CAPTURE(opened.error().message);
    CHECK(mentions(opened.error().message, part));
    CHECK(mentions(opened.error().message, paths.database));
  }
  void flip(std::uintmax_t at) {
    std::fstream log(paths.database + "-wal", std::ios::in | std::ios::out | std::ios::binary);
    log.seekg(static_cast<std::streamoff>(at));
    const char byte = static_cast<char>(log.get() ^ 1);
    log.seekp(static_cast<std::streamoff>(at));
    log.put(byte);
  }
  std::uintmax_t log_bytes() const { return fs::file_size(paths.database + "-wal"); }

  test::TempDir directory;
  DataPaths paths;
  std::string notices;
};

constexpr std::uintmax_t kFrame = 24 + store::kPageBytes;

}  // namespace

TEST_CASE("what kill -9 leaves is whole and opens", "[loss]") {
  Killed killed;
  const auto loss = store::find_loss(killed.paths);
  CHECK_FALSE(loss.sentence);
  CHECK(loss.log.commits >= 12);
  CHECK(loss.log.bad_frame == 0);
  CHECK(killed.open().ok());
  CHECK(killed.open().ok());
}

TEST_CASE("a log that was removed after kill -9 is noticed", "[loss]") {
  Killed killed;
  const std::string log = killed.paths.database + "-wal";
  SECTION("removed") {
    fs::remove(log);
    fs::remove(killed.paths.database + "-shm");
  }
  SECTION("emptied") { fs::resize_file(log, 0); }
  SECTION("cut") { fs::resize_file(log, 32 + (killed.log_bytes() - 32) / kFrame / 2 * kFrame); }
  SECTION("its header spoilt") { killed.flip(3); }
  SECTION("a byte of the last transaction spoilt") { killed.flip(killed.log_bytes() - 100); }
  killed.check_refused("acknowledged");
  killed.check_refused("--accept-loss");
  CHECK(killed.open(true).ok());
  CHECK(mentions(killed.notices, "acknowledged"));
  CHECK(killed.open().ok());  // said once is enough
}

TEST_CASE("a bad frame with transactions behind it is told from a power cut's end", "[loss]") {
  Killed killed;
  fs::remove(killed.paths.head);  // as after a power cut that took it
  SECTION("in the middle of what was acknowledged") {
    killed.flip(32 + 3 * kFrame + 200);
    const auto loss = store::find_loss(killed.paths);
    CHECK(loss.log.lost);
    CHECK(loss.log.bad_frame == 4);
    CHECK(loss.log.commits_behind > 3);
    killed.check_refused("frame 4");
    int copies = 0;
    for (const auto& entry : fs::directory_iterator(killed.paths.directory)) {
      copies += mentions(entry.path().string(), "-wal.damaged-");
    }
    CHECK(copies == 1);
  }
  SECTION("in the last transaction, which may not have been acknowledged") {
    killed.flip(killed.log_bytes() - kFrame - 100);
    const auto loss = store::find_loss(killed.paths);
    CHECK_FALSE(loss.log.lost);
    CHECK(killed.open().ok());
  }
}

TEST_CASE("whoever said that a power cut may take the last moments is told, and served", "[loss]") {
  Killed killed;
  fs::remove(killed.paths.database + "-wal");
  CHECK(killed.open(false, store::Durability::kRelaxed).ok());
  CHECK(mentions(killed.notices, "acknowledged"));
}

TEST_CASE("a database put back from yesterday is noticed", "[loss]") {
  Killed killed(2);
  { CHECK(killed.open().ok()); }
  fs::copy(killed.paths.database, killed.directory / "yesterday.db");
  {
    const auto engine = killed.open();
    const auto made = engine.value()->writer().run<service::UserChange>("test", [&](store::Tx& tx) {
      return service::create_user(tx, *engine.value(), service::Caller::cli(),
                                  {.email = "late@example.com", .password_hash = "x"});
    });
    CHECK(made.ok());
  }
  fs::copy(killed.directory / "yesterday.db", killed.paths.database,
           fs::copy_options::overwrite_existing);
  killed.check_refused("were acknowledged");
}

TEST_CASE("a directory that was in use never becomes a new shop", "[loss]") {
  Killed killed(1);
  { CHECK(killed.open().ok()); }
  const std::string others = GENERATE("", "HEAD", "HEAD CLEAN", "HEAD CLEAN secret.key");
  for (const char* file : {"HEAD", "CLEAN", "secret.key"}) {
    if (mentions(others, file)) fs::remove(killed.paths.directory + "/" + file);
  }
  if (mentions(others, "secret.key")) std::ofstream(killed.paths.ballast) << "x";
  const bool missing = GENERATE(true, false);
  if (missing) fs::remove(killed.paths.database);
  if (!missing) fs::resize_file(killed.paths.database, 0);
  killed.check_refused(missing ? "missing" : "empty");
  killed.check_refused("coupond restore");
  CHECK(fs::exists(killed.paths.database) != missing);
}

TEST_CASE("a first start that was cut off begins again", "[loss]") {
  const test::TempDir directory;
  const DataPaths paths(directory / "data");
  fs::create_directory(paths.directory);
  SECTION("with half a key") { std::ofstream(paths.new_key) << "abc"; }
  SECTION("with a key and an empty file") {
    REQUIRE(core::Secrets::create(paths.new_key).ok());
    std::ofstream(paths.database);
  }
  SECTION("with a key and a database, but before the key had its name") {
    { CHECK(Engine::open({.data_dir = paths.directory}).ok()); }
    fs::rename(paths.key, paths.new_key);
  }
  CHECK(Engine::open({.data_dir = paths.directory}).ok());
  CHECK(fs::exists(paths.key));
  CHECK_FALSE(fs::exists(paths.new_key));
}

TEST_CASE("a database that is removed or replaced under a server is noticed", "[loss]") {
  LiveEngine engine;
  CHECK(engine->has_its_file());
  const std::string file = engine->paths().database;
  fs::rename(file, file + ".away");
  CHECK_FALSE(engine->has_its_file());
  fs::copy(file + ".away", file);
  CHECK_FALSE(engine->has_its_file());
  fs::rename(file + ".away", file);
  CHECK(engine->has_its_file());
}

TEST_CASE("a directory that everybody may write is refused", "[loss]") {
  Killed killed(1);
  fs::permissions(killed.paths.directory, fs::perms::others_write, fs::perm_options::add);
  const auto opened = killed.open();
  REQUIRE_FALSE(opened.ok());
  CHECK(mentions(opened.error().message, "chmod 700"));
}
