// The data directory of a cluster's member: seeded by a backup, and nobody's but the cluster's.
#include <catch2/catch.hpp>

#include "coupond/store/cluster_note.h"
#include "coupond/store/inspect.h"
#include "coupond/store/replica.h"
#include "coupond/store/restore.h"
#include "tests/support/live_engine.h"
#include "tests/support/shadow.h"

using namespace coupon;

namespace {

bool mentions(const core::Error& error, const std::string& part) {
  return error.message.find(part) != std::string::npos;
}

core::Result<std::unique_ptr<service::Engine>> open(const std::string& data, bool in_cluster) {
  return service::Engine::open({.data_dir = data, .in_cluster = in_cluster});
}

}  // namespace

TEST_CASE("a backup restored as a copy is the same row for row, and only the cluster opens it") {
  test::LiveEngine shop;
  shop.make_user("a@example.com");
  const std::string file = shop.directory() / "seed.backup";
  REQUIRE(store::back_up(shop->paths(), file, {.with_key = true}).ok());
  const std::string data = shop.directory() / "member";
  const store::DataPaths paths(data);
  const auto restored = store::restore(paths, file, {.as_member = true});
  REQUIRE(restored.ok());
  CHECK(restored->epoch == 0);
  CHECK(test::digests_in(data) == test::digests_in(shop->paths().directory));
  CHECK(store::is_member(paths, 0));
  const auto alone = open(data, false);
  REQUIRE_FALSE(alone.ok());
  CHECK(mentions(alone.error(), "--cluster-forget"));
  CHECK(test::digests_in(data) == test::digests_in(shop->paths().directory));
  CHECK(open(data, true).ok());
  // A restore begins an epoch of its own, which no cluster is in.
  REQUIRE(store::restore(paths, file, {}).ok());
  CHECK(open(data, false).ok());
  REQUIRE(store::note_member(paths, 1).ok());
  CHECK_FALSE(open(data, false).ok());
  REQUIRE(store::forget_member(paths).ok());
  CHECK(open(data, false).ok());
}

TEST_CASE("a replica owns its directory, and leaves it as an engine wants it") {
  test::LiveEngine shop;
  const std::string file = shop.directory() / "seed.backup";
  REQUIRE(store::back_up(shop->paths(), file, {.with_key = true}).ok());
  const std::string data = shop.directory() / "member";
  REQUIRE(store::restore(store::DataPaths(data), file, {.as_member = true}).ok());
  {
    const auto replica = store::Replica::open(store::DataPaths(data), {.prepare = true});
    REQUIRE(replica.ok());
    CHECK(replica.value()->head().seq == shop->writer().committed_seq());
    CHECK(mentions(open(data, true).error(), "in use by"));
    CHECK(replica.value()->sync().ok());
  }
  CHECK(store::exists(store::DataPaths(data).clean_stop));
  CHECK(open(data, true).ok());
}
