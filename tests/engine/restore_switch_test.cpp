// A restore that is ended at any of its steps leaves one shop or the other, never half of each.
#include <sys/wait.h>
#include <unistd.h>
#include <catch2/catch.hpp>
#include <filesystem>

#include "coupond/store/inspect.h"
#include "coupond/store/restore.h"
#include "tests/support/live_engine.h"

using namespace coupon;
using service::Engine;
using store::DataPaths;
using test::LiveEngine;

namespace {

namespace fs = std::filesystem;

struct Shops {
  Shops() {
    {
      LiveEngine old_shop;
      old_shop.make_user("old@example.com");
      old_instance = old_shop->facts().instance;
      fs::copy(old_shop->paths().directory, base);  // its log too, as kill -9 leaves it
    }
    LiveEngine new_shop;
    new_shop.make_user("new@example.com");
    new_instance = new_shop->facts().instance;
    const auto made = store::back_up(new_shop->paths(), backup, {.with_key = true});
    if (!made.ok()) throw std::runtime_error(made.error().message);
  }
  test::TempDir directory;
  const std::string base = directory / "base";
  const std::string backup = directory / "new.backup";
  std::string old_instance;
  std::string new_instance;
};

// Runs the restore in a process of its own, which ends before step number `last`. Whether it ran
// to its end.
bool restore_until(const DataPaths& paths, const std::string& backup, int last) {
  const pid_t child = ::fork();
  if (child == 0) {
    int steps = 0;
    const auto done = store::restore(paths, backup, {.step = [&] {
                                       if (steps++ == last) ::_exit(9);
                                     }});
    ::_exit(done.ok() ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) != 1);
  return WEXITSTATUS(status) == 0;
}

std::string instance_of(const DataPaths& paths) {
  const auto opened = Engine::open({.data_dir = paths.directory});
  if (!opened.ok()) return opened.error().message;
  return opened.value()->facts().instance;
}

int count(const std::string& directory, const std::string& part) {
  int files = 0;
  for (const auto& entry : fs::directory_iterator(directory)) {
    files += entry.path().string().find(part) != std::string::npos;
  }
  return files;
}

}  // namespace

TEST_CASE("a restore of another shop, ended at any step, leaves a shop with its own key",
          "[restore]") {
  const Shops shops;
  int old_ones = 0;
  int new_ones = 0;
  bool whole = false;
  for (int last = 0; !whole; ++last) {
    CAPTURE(last);
    REQUIRE(last < 40);
    const DataPaths paths(shops.directory / ("run" + std::to_string(last)));
    fs::copy(shops.base, paths.directory);
    whole = restore_until(paths, shops.backup, last);
    const std::string instance = instance_of(paths);
    if (instance == shops.old_instance) {
      ++old_ones;
      CHECK(count(paths.directory, ".before-") == 0);
    } else {
      CHECK(instance == shops.new_instance);
      ++new_ones;
      CHECK(count(paths.directory, "coupond.db.before-") >= 1);
      CHECK(count(paths.directory, "secret.key.before-") == 1);
    }
    CHECK(count(paths.directory, "restoring") == 0);
    CHECK(count(paths.directory, "RESTORE") == 0);
    fs::remove_all(paths.directory);
  }
  CHECK(old_ones == 2);
  CHECK(new_ones >= 6);
}

TEST_CASE("a restore that was cut off can be run again, and readers wait for it", "[restore]") {
  const Shops shops;
  const DataPaths paths(shops.directory / "data");
  fs::copy(shops.base, paths.directory);
  REQUIRE_FALSE(restore_until(paths, shops.backup, 4));
  const auto reader = store::open_for_reading(paths);
  REQUIRE_FALSE(reader.ok());
  CHECK(reader.error().message.find("cut off") != std::string::npos);
  CHECK(restore_until(paths, shops.backup, 1000));
  CHECK(store::open_for_reading(paths).ok());
  CHECK(instance_of(paths) == shops.new_instance);
}

TEST_CASE("what a restore sets aside is named, the key too", "[restore]") {
  const Shops shops;
  const DataPaths paths(shops.directory / "data");
  fs::copy(shops.base, paths.directory);
  const auto done = store::restore(paths, shops.backup, {});
  REQUIRE(done.ok());
  REQUIRE(done->set_aside);
  REQUIRE(done->key_set_aside);
  CHECK(fs::exists(*done->set_aside));
  CHECK(fs::exists(*done->key_set_aside));
  const auto again = store::restore(paths, shops.backup, {});
  REQUIRE(again.ok());
  CHECK(again->set_aside != done->set_aside);
  CHECK_FALSE(again->key_set_aside);  // the key was there already
}
