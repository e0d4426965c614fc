#include "coupond/store/ballast.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "coupond/app/describe.h"
#include "coupond/core/limits.h"
#include "tests/support/temp_dir.h"

using namespace coupon;

TEST_CASE("the ballast takes up real room, for its owner only, and is made again", "[ballast]") {
  const test::TempDir directory;
  const store::DataPaths paths(directory.path());
  if (store::free_bytes(paths) < std::uint64_t{1} << 30) {
    WARN("skipped: less than 1 GiB free");
    return;
  }
  CHECK(store::keep_ballast(paths));
  struct stat info = {};
  REQUIRE(::stat(paths.ballast.c_str(), &info) == 0);
  CHECK(info.st_size == core::limits::kBallastBytes);
  CHECK(info.st_blocks * 512 >= core::limits::kBallastBytes);
  CHECK((info.st_mode & 077) == 0);
  CHECK(store::keep_ballast(paths));
  std::filesystem::remove(paths.ballast);
  CHECK(store::keep_ballast(paths));
  CHECK(store::exists(paths.ballast));
}

TEST_CASE("no ballast where there is no directory", "[ballast]") {
  const test::TempDir directory;
  const store::DataPaths paths(directory / "missing");
  CHECK(store::free_bytes(paths) == 0);
  CHECK_FALSE(store::keep_ballast(paths));
}

TEST_CASE("a command that finds the disk full says what to delete", "[ballast]") {
  const std::string said = app::describe({.reason = core::Reason::kStorageFull, .message = {}});
  CHECK(said.find("BALLAST") != std::string::npos);
}
