// A standby that follows a copy, becomes the shop, and is told from the one it followed.
#include <catch2/catch.hpp>
#include <filesystem>
#include <optional>

#include "coupond/store/audit.h"
#include "coupond/store/follow.h"
#include "coupond/store/fork.h"
#include "coupond/store/inspect.h"
#include "tests/support/copied_shop.h"
#include "tests/support/text.h"

using namespace coupon;
using test::CopiedShop;
using test::last_seq_in;
using test::mentions;
using test::users_in;
namespace fs = std::filesystem;

namespace {

struct Standby {
  explicit Standby(CopiedShop& shop)
      : data(shop.directory() / "standby"), key(shop.key()), copy(shop.copy()) {}
  // Empty, or why not.
  std::string open() {
    auto opened = store::Follower::open(store::DataPaths(data), copy, {.key_file = key});
    if (!opened.ok()) return opened.error().message;
    follower = *std::move(opened);
    return {};
  }
  store::Follower::State step() {
    const auto state = follower->step();
    if (!state.ok()) return {.waits_for = "refused: " + state.error().message};
    return *state;
  }
  std::string serve() {
    follower.reset();
    const auto promoted =
        store::promote(store::DataPaths(data), core::system_clock_now, [](const std::string&) {});
    return promoted.ok() ? std::string() : promoted.error().message;
  }
  // How its ledger stands to another's.
  core::Result<store::LedgerComparison> against(const std::string& other) {
    const store::DataPaths paths(data);
    const auto mine = store::open_for_reading(paths);
    const auto secrets = core::Secrets::load(paths.key);
    const test::TempDir scratch;
    return store::compare_ledgers(**mine, other, *secrets, scratch / "other.db");
  }

  const std::string data;
  const std::string key;
  const std::string copy;
  std::unique_ptr<store::Follower> follower;
};

void sell(CopiedShop& shop, int accounts) {
  REQUIRE(shop.work(accounts) == accounts);
  REQUIRE(shop.wait_for_copy());
}

// A shop that sells, and a standby that has followed it so far.
struct FollowedShop {
  explicit FollowedShop(int sold = 3) {
    REQUIRE(shop.open() == "");
    sell(shop, sold);
    standby.emplace(shop);
    REQUIRE(standby->open() == "");
  }
  CopiedShop shop;
  std::optional<Standby> standby;
};

}  // namespace

TEST_CASE("a standby takes each change as it arrives, and goes on after a stop", "[follow]") {
  FollowedShop followed;
  CopiedShop& shop = followed.shop;
  Standby& standby = *followed.standby;
  for (int i = 0; i < 4; ++i) {
    sell(shop, 2);
    const auto state = standby.step();
    CHECK(state.waits_for == "");
    CHECK(state.head.seq.value == shop.entries());
    if (i != 1) continue;
    standby.follower.reset();
    CHECK(users_in(standby.data) == users_in(shop.data()));
    REQUIRE(standby.open() == "");
  }
  standby.follower.reset();
  CHECK(users_in(standby.data) == users_in(shop.data()));
}

TEST_CASE("a standby begins again from a newer base when changes are missing", "[follow]") {
  FollowedShop followed;
  CopiedShop& shop = followed.shop;
  Standby& standby = *followed.standby;
  standby.step();
  shop.crash();
  REQUIRE(shop.open() == "");
  sell(shop, 3);
  const auto state = standby.step();
  CHECK(state.waits_for == "");
  CHECK(state.head.seq.value == shop.entries());
  // After a restore of the shop, too: it is the shop that it follows.
  shop.stop();
  REQUIRE(store::restore(store::DataPaths(shop.data()), shop.copy(), {}).ok());
  REQUIRE(shop.open() == "");
  sell(shop, 2);
  CHECK(standby.step().head.seq.value == shop.entries());
  standby.follower.reset();
  CHECK(users_in(standby.data) == users_in(shop.data()));
}

TEST_CASE("a standby that is served becomes the shop, and the other one is known to be older",
          "[follow]") {
  FollowedShop followed;
  CopiedShop& shop = followed.shop;
  Standby& standby = *followed.standby;
  standby.step();
  standby.follower.reset();
  const auto same = standby.against(shop.copy());
  REQUIRE(same.ok());
  CHECK(same->one_way);
  // Commands do not make it a shop by accident.
  const auto opened = service::Engine::open({.data_dir = standby.data});
  REQUIRE_FALSE(opened.ok());
  CHECK(mentions(opened.error().message, "follows a copy"));
  const std::int64_t common = last_seq_in(standby.data);
  REQUIRE(standby.serve() == "");
  CHECK(last_seq_in(standby.data) == common + 1);
  CHECK(mentions(standby.open(), "has a shop of its own"));
  // The one it followed sells on: they fork.
  sell(shop, 2);
  const auto forked = standby.against(shop.data());
  REQUIRE(forked.ok());
  CHECK_FALSE(forked->one_way);
  CHECK(mentions(forked->sentence,
                 "fork at entry " + std::to_string(common + 1) + ": here it is database.restore"));
  CHECK(mentions(forked->sentence, "there user.create"));
  CHECK(mentions(forked->sentence, "Here it is restore epoch 1, there 0"));
  CHECK(mentions(standby.against(shop.copy())->sentence, "fork at entry"));
  shop.stop();
  // With the new shop's copy in the same directory, the old one is refused.
  CopiedShop next(8);
  next.use_copy(shop.copy());
  fs::copy(standby.data, next.data());
  REQUIRE(next.open() == "");
  REQUIRE(next.work(1) == 1);
  REQUIRE(next.wait_for_copy());
  next.stop();
  CHECK(mentions(shop.open(), "is from after a restore (epoch 1)"));
}

TEST_CASE("ledgers that cannot be compared are refused with a sentence", "[follow]") {
  FollowedShop followed(1);
  CopiedShop& shop = followed.shop;
  Standby& standby = *followed.standby;
  standby.follower.reset();
  CopiedShop other;
  REQUIRE(other.open() == "");
  other.stop();
  CHECK(mentions(standby.against(other.data()).error().message, "is another shop's"));
  CHECK(mentions(standby.against("/nowhere").error().message, "There is no /nowhere"));
  CHECK(mentions(standby.against(shop.key()).error().message, "is no backup"));
}
