// A copy that answers wait for: nothing is done that it has not, and nothing falsely refused.
#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/support/copied_shop.h"

using namespace coupon;
using namespace coupon::test;
namespace fs = std::filesystem;

TEST_CASE("with --copy-sync nothing is done that the copy has not", "[copy]") {
  CopiedShop shop;
  REQUIRE(shop.open(true) == "");
  REQUIRE(shop.work(5) == 5);
  const std::string away = shop.directory() / "away";
  const std::string to = shop.directory() / "restored";
  REQUIRE(restore_copy(shop, to) == "");  // at once: nothing has to be waited for
  CHECK(users_in(to) == users_in(shop.data()));
  for (int i = 0; i < 5; ++i) {
    INFO("round " << i);
    const std::string before = users_in(shop.data());
    fs::rename(shop.copy(), away);
    CHECK(shop.work(2) == 0);
    CHECK(shop.last_refusal().reason == core::Reason::kCopyGone);
    CHECK_FALSE(shop.copier().check().ok);
    CHECK(users_in(shop.data()) == before);
    CHECK_FALSE(fs::exists(shop.copy()));
    fs::rename(away, shop.copy());
    // What was refused did not happen there either.
    fs::remove_all(to);
    REQUIRE(restore_copy(shop, to) == "");
    CHECK(users_in(to) == before);
    CHECK(shop.work(2) == 2);
    CHECK(shop.copier().check().ok);
  }
  shop.stop();
  CHECK(mentions(shop.open_without_copy(), "--copy-forget"));
  CHECK(mentions(shop.open(), "--copy-forget"));
  shop.use_copy(shop.directory() / "new");
  CHECK(mentions(shop.open(true), "lacks what this shop has acknowledged"));
  CHECK(shop.open(true, true) == "");
  CHECK(shop.work(1) == 1);
  shop.stop();
  CHECK(shop.open_without_copy(true) == "");
  shop.stop();
  CHECK(shop.open_without_copy() == "");
}

TEST_CASE("with --copy-sync a crash between the copy and the commit leaves no fork", "[copy]") {
  CopiedShop shop;
  REQUIRE(shop.open(true) == "");
  REQUIRE(shop.work(5) == 5);
  // The copy took one more than the database.
  fs::copy(shop.data(), shop.directory() / "before");
  REQUIRE(shop.work(1) == 1);
  const std::string later = users_in(shop.data());
  const store::CopyPart log = parts_of(shop).logs.back();
  const std::string one_more = bytes_of(log.path);
  shop.crash();
  write(log.path, one_more);
  fs::remove_all(shop.data());
  fs::rename(shop.directory() / "before", shop.data());
  REQUIRE(shop.open(true) == "");
  CHECK(shop.work(2) == 2);
  shop.stop();
  CHECK(users_in(shop.data()) != later);
  const std::string to = shop.directory() / "restored";
  REQUIRE(restore_copy(shop, to) == "");
  CHECK(users_in(to) == users_in(shop.data()));
}

TEST_CASE("a change that was not committed after all is taken out of the copy again", "[copy]") {
  CopiedShop shop;
  REQUIRE(shop.open(true) == "");
  REQUIRE(shop.work(3) == 3);
  const std::string log = parts_of(shop).logs.back().path;
  const std::string before = bytes_of(log);
  store::ChangeRecord record;
  {
    store::ChangeLogReader reader(log, store::change_key(shop.engine().secrets()));
    while (*reader.next(record) == store::ChangeLogReader::Found::kRecord) {
    }
  }
  ++record.position;
  record.before = record.after;
  REQUIRE(shop.copier().append(record) == store::ChangeSink::Stored::kYes);
  CHECK(bytes_of(log).size() > before.size());
  CHECK(shop.copier().take_back());
  CHECK(bytes_of(log) == before);
  CHECK(shop.work(2) == 2);
  const std::string to = shop.directory() / "restored";
  REQUIRE(restore_copy(shop, to) == "");
  CHECK(users_in(to) == users_in(shop.data()));
}
