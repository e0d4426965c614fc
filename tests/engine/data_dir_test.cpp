#include "coupond/store/data_dir.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "tests/support/temp_dir.h"
#include "tests/support/text.h"

using namespace coupon;
using store::DataLock;
using store::DataPaths;
using test::mentions;

TEST_CASE("a data directory is made for its owner only", "[data_dir]") {
  const test::TempDir parent;
  const DataPaths paths(parent / "data///");
  CHECK(paths.directory == parent / "data");
  REQUIRE(make_data_dir(paths).ok());
  struct stat info = {};
  REQUIRE(::stat(paths.directory.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0700);
  CHECK(make_data_dir(paths).ok());  // it is there: fine
}

TEST_CASE("a directory that others can write is refused, one for a group is told of",
          "[data_dir]") {
  const test::TempDir parent;
  const DataPaths paths(parent / "data");
  REQUIRE(make_data_dir(paths).ok());
  CHECK_FALSE(open_to_a_group(paths));
  for (const mode_t mode : {0750, 0755}) {
    REQUIRE(::chmod(paths.directory.c_str(), mode) == 0);
    CHECK_FALSE(open_to_a_group(paths));
    CHECK_FALSE(open_to_others(paths));
  }
  REQUIRE(::chmod(paths.directory.c_str(), 0770) == 0);
  CHECK(mentions(open_to_a_group(paths).value(), "chmod 700 " + paths.directory));
  CHECK_FALSE(open_to_others(paths));
  REQUIRE(::chmod(paths.directory.c_str(), 0777) == 0);
  CHECK(mentions(open_to_others(paths).value().message, "chmod 700 " + paths.directory));
}

TEST_CASE("what cannot be a data directory is refused by name", "[data_dir]") {
  const test::TempDir parent;
  std::ofstream(parent / "file") << "text";
  const auto file = make_data_dir(DataPaths(parent / "file"));
  REQUIRE_FALSE(file.ok());
  CHECK(mentions(file.error().message, parent / "file"));
  const auto orphan = make_data_dir(DataPaths(parent / "no/such/parent"));
  REQUIRE_FALSE(orphan.ok());
  CHECK(mentions(orphan.error().message, "--data"));
}

TEST_CASE("one process at a time owns a data directory, whatever it calls it", "[data_dir]") {
  const test::TempDir parent;
  const DataPaths paths(parent / "data");
  REQUIRE(make_data_dir(paths).ok());
  CHECK(DataLock::holder(paths) == 0);
  {
    const auto lock = DataLock::take(paths);
    REQUIRE(lock.ok());
    CHECK(DataLock::holder(paths) == ::getpid());
    std::filesystem::create_symlink(paths.directory, parent / "other");
    const auto second = DataLock::take(DataPaths(parent / "other"));
    REQUIRE_FALSE(second.ok());
    CHECK(mentions(second.error().message, "process " + std::to_string(::getpid())));
    CHECK(mentions(second.error().message, parent / "other"));
  }
  CHECK(DataLock::holder(paths) == 0);
  CHECK(DataLock::take(paths).ok());  // the file of the last owner means nothing
}

TEST_CASE("a lock file that was removed and made again locks again", "[data_dir]") {
  const test::TempDir parent;
  const DataPaths paths(parent.path());
  { CHECK(DataLock::take(paths).ok()); }
  std::filesystem::remove(paths.lock);
  const auto lock = DataLock::take(paths);
  REQUIRE(lock.ok());
  CHECK_FALSE(DataLock::take(paths).ok());
}

TEST_CASE("files of others are told from what a first start leaves", "[data_dir]") {
  const test::TempDir parent;
  const DataPaths paths(parent.path());
  CHECK_FALSE(has_foreign_files(paths));
  std::ofstream(paths.lock) << "1";
  std::ofstream(paths.new_key) << "k";
  CHECK_FALSE(has_foreign_files(paths));
  const std::string file = GENERATE("secret.key", "thesis.tex");  // a key is of a lost database
  std::ofstream(parent / file) << "text";
  CHECK(has_foreign_files(paths));
}
