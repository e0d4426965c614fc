// When a copy gets a new base, and that this is nobody's backup.
#include <catch2/catch.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "coupond/core/ids.h"
#include "coupond/service/campaigns.h"
#include "coupond/store/backup.h"
#include "coupond/store/upkeep_notes.h"
#include "tests/support/copied_shop.h"

using namespace coupon;
using test::CopiedShop;
using test::parts_of;
using test::restore_copy;
using test::users_in;

namespace {

// Changes of so many bytes and a quarter more, in campaigns with much to say.
void change(CopiedShop& shop, std::int64_t bytes) {
  constexpr std::size_t kEach = 4000;
  for (std::int64_t done = 0; done < bytes; done += static_cast<std::int64_t>(kEach)) {
    const domain::Campaign campaign{.uuid = core::uuid4(core::system_random),
                                    .mode = domain::Mode::kPool,
                                    .name = "Wordy",
                                    .description = std::string(kEach, 'x')};
    const auto made =
        shop.engine().writer().run<service::CampaignWritten>("test", [&](store::Tx& tx) {
          return service::create_campaign(tx, service::Caller::cli(), campaign);
        });
    if (!made.ok()) FAIL(made.error().message);
  }
}

std::int64_t newest_base(const CopiedShop& shop) { return parts_of(shop).bases.back().position; }

}  // namespace

TEST_CASE("a new base is made when the changes outgrow the limit and two bases", "[copy]") {
  CopiedShop shop;
  shop.set_changes_most(1'500'000);
  REQUIRE(shop.open() == "");
  REQUIRE(shop.wait_for_copy());
  const auto first = parts_of(shop).bases;
  REQUIRE(first.size() == 1);
  REQUIRE(2 * first[0].bytes < 1'500'000);
  SECTION("the limit") {
    change(shop, 1'000'000);
    REQUIRE(shop.wait_for_copy());
    CHECK_FALSE(shop.wait_for_base(2, 3));
    change(shop, 600'000);
    CHECK(shop.wait_for_base(2));
    CHECK(newest_base(shop) > first[0].position);
    // It counts from there: the new base holds more than half of the limit.
    REQUIRE(2 * parts_of(shop).bases.back().bytes > 1'500'000);
    change(shop, 1'600'000);
    REQUIRE(shop.wait_for_copy());
    CHECK_FALSE(shop.wait_for_base(3, 3));
  }
  SECTION("a restart counts on") {
    change(shop, 1'000'000);
    shop.stop();
    REQUIRE(shop.open() == "");
    CHECK_FALSE(shop.wait_for_base(2, 3));
    change(shop, 600'000);
    CHECK(shop.wait_for_base(2));
  }
  REQUIRE(shop.wait_for_copy());
  shop.stop();
  const std::string to = shop.directory() / "restored";
  REQUIRE(restore_copy(shop, to) == "");
  CHECK(users_in(to) == users_in(shop.data()));
}

TEST_CASE("a copy of an older schema gets a new base", "[copy]") {
  CopiedShop shop;
  REQUIRE(shop.open() == "");
  REQUIRE(shop.wait_for_copy());
  REQUIRE(shop.work(3) == 3);
  REQUIRE(shop.wait_for_copy());
  shop.stop();
  const std::int64_t before = newest_base(shop);
  // As an older program would have left it.
  const auto key = store::change_key(*core::Secrets::load(shop.key()));
  const std::string log = parts_of(shop).logs.back().path;
  std::string older;
  store::ChangeRecord record;
  for (store::ChangeLogReader reader(log, key);
       *reader.next(record) == store::ChangeLogReader::Found::kRecord;) {
    --record.schema;
    older += store::sealed(record, key);
  }
  REQUIRE_FALSE(older.empty());
  test::write(log, older);
  REQUIRE(shop.open() == "");
  REQUIRE(shop.wait_for_copy());
  CHECK(newest_base(shop) > before);
  shop.stop();
  const std::string to = shop.directory() / "restored";
  REQUIRE(restore_copy(shop, to) == "");
  CHECK(users_in(to) == users_in(shop.data()));
}

TEST_CASE("a base of a copy is not the owner's last backup", "[copy]") {
  CopiedShop shop;
  REQUIRE(shop.open() == "");
  REQUIRE(shop.wait_for_copy());
  REQUIRE(parts_of(shop).bases.size() == 1);
  const store::DataPaths data(shop.data());
  CHECK_FALSE(store::last_backup(data).has_value());
  REQUIRE(store::back_up(data, shop.directory() / "own.backup", {}).ok());
  CHECK(store::last_backup(data).has_value());
}
