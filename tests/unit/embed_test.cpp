// What the build embeds is what is in the tree, byte for byte.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "coupond_schema.h"
#include "coupond_version.h"
#include "src/web/assets.h"
#include "tests/support/source_dir.h"
#include "tests/support/text.h"

namespace coupon {
namespace {

using test::content_of;

const std::filesystem::path kRoot = test::source_dir();

TEST_CASE("the embedded schema is schema.sql", "[embed]") {
  CHECK_FALSE(store::kSchemaSql.empty());
  CHECK(store::kSchemaSql == content_of(kRoot / "schema.sql"));
}

TEST_CASE("every file of src/web is embedded under its name", "[embed]") {
  for (const auto& entry : std::filesystem::directory_iterator(kRoot / "src/web")) {
    const std::string extension = entry.path().extension();
    if (extension == ".h" || extension == ".cpp") continue;
    INFO(entry.path());
    CHECK(web::asset(entry.path().filename().string()) == content_of(entry.path()));
  }
  CHECK(web::asset("no such file").empty());
}

TEST_CASE("the version names every library", "[embed]") {
  CHECK_FALSE(kVersion.empty());
  for (const LibraryVersion& library : kLibraries) {
    INFO(library.name);
    CHECK(library.version.find_first_of("0123456789") == 0);
  }
}

}  // namespace
}  // namespace coupon
