// Members that follow, take over, and know when they have no place in their cluster.
#include "coupond/cluster/standby.h"

#include <catch2/catch.hpp>

#include "coupond/store/cluster_note.h"
#include "coupond/store/inspect.h"
#include "coupond/store/restore.h"
#include "tests/support/fake_etcd.h"
#include "tests/support/live_engine.h"
#include "tests/support/shadow.h"
#include "tests/support/text.h"

using namespace coupon;
using cluster::Leader;
using cluster::Standby;
using test::mentions;

namespace {

// A data directory and what runs there, as Member and App put it together.
struct Machine {
  Machine(std::string directory, std::string member, const test::FakeEtcd& from)
      : data(std::move(directory)), name(std::move(member)), etcd(from.url()) {}
  ~Machine() { stop(); }

  // Empty, or why it has no place.
  std::string follow(bool begin = false) {
    stop();
    auto opened = Standby::open(store::DataPaths(data),
                                {.etcd = etcd, .name = name, .url = "at " + name, .begin = begin});
    if (!opened.ok()) return opened.error().message;
    standby = std::move(opened.value());
    return step();
  }
  std::string step() {
    for (int i = 0; i < 5; ++i) {
      const auto stepped = standby->step();
      if (!stepped.ok()) {
        stop();
        return stepped.error().message;
      }
      if ((leader = standby->take_lead())) return lead();
    }
    return {};
  }
  std::string lead() {
    standby.reset();
    auto opened = service::Engine::open({.data_dir = data,
                                         .writer = {.changes = leader.get()},
                                         .passwords = test::cheap_passwords(),
                                         .in_cluster = true});
    if (!opened.ok()) return opened.error().message;
    engine = std::move(opened.value());
    return {};
  }
  core::Result<core::Done> work() {
    return engine->writer().run<core::Done>("test", [&](store::Tx& tx) -> core::Result<core::Done> {
      tx.append({.operation = store::operation::kTakeover,
                 .actor = "system",
                 .units = 1,
                 .detail = name});
      return core::Done{};
    });
  }
  void stop() {
    engine.reset();
    leader.reset();
    standby.reset();
  }
  bool leads() const { return engine != nullptr; }

  const std::string data;
  const std::string name;
  const std::string etcd;
  std::unique_ptr<Standby> standby;
  std::unique_ptr<Leader> leader;
  std::unique_ptr<service::Engine> engine;
};

// Two machines with the same shop, the first of which leads.
struct Pair {
  Pair() {
    {
      const auto made = service::Engine::open({.data_dir = a.data});
      if (!made.ok()) throw std::runtime_error(made.error().message);
    }
    seed(b);
    why = a.follow();
  }
  void seed(const Machine& machine) {
    const std::string file = directory / "seed" + std::to_string(++seeds);
    const auto saved = store::back_up(store::DataPaths(a.data), file, {.with_key = true});
    if (!saved.ok()) throw std::runtime_error(saved.error().message);
    const auto done = store::restore(store::DataPaths(machine.data), file, {.as_member = true});
    if (!done.ok()) throw std::runtime_error(done.error().message);
  }

  test::FakeEtcd etcd;
  test::TempDir directory;
  int seeds = 0;
  Machine a{directory / "a", "a", etcd};
  Machine b{directory / "b", "b", etcd};
  std::string why;
};

}  // namespace

TEST_CASE("a standby takes each change, and leads with all of them when nobody else does") {
  Pair pair;
  REQUIRE(pair.why == "");
  REQUIRE(pair.a.leads());
  REQUIRE(pair.a.work().ok());
  REQUIRE(pair.b.follow() == "");
  CHECK_FALSE(pair.b.leads());
  CHECK(pair.b.standby->state().leader == "a");
  for (int i = 0; i < 100; ++i) REQUIRE(pair.a.work().ok());
  // Without its lease the first one still writes, until somebody else leads.
  pair.etcd.erase("/leader");
  REQUIRE(pair.b.step() == "");
  REQUIRE(pair.b.leads());
  const auto late = pair.a.work();
  REQUIRE_FALSE(late.ok());
  CHECK(late.error().reason == core::Reason::kShuttingDown);
  pair.a.stop();
  REQUIRE(pair.b.work().ok());
  REQUIRE(pair.a.follow() == "");
  CHECK(pair.a.standby->state().leader == "b");
  pair.b.engine->stop();
  REQUIRE(pair.a.step() == "");
  pair.b.stop();
  pair.a.stop();
  const std::string same = test::digests_in(pair.b.data);
  CHECK(test::digests_in(pair.a.data) == same);
  CHECK(mentions(same, "ledger: 10"));
}

TEST_CASE("what was done behind the cluster's back has no place in it") {
  Pair pair;
  REQUIRE(pair.a.work().ok());
  pair.a.stop();
  const store::DataPaths paths(pair.b.data);
  REQUIRE(store::forget_member(paths).ok());
  {
    auto alone = service::Engine::open({.data_dir = pair.b.data});
    REQUIRE(alone.ok());
  }
  SECTION("one change more than the log has") {
    Machine other(pair.a.data, "a", pair.etcd);
    REQUIRE(store::forget_member(store::DataPaths(pair.a.data)).ok());
    store::Connection connection(pair.a.data + "/coupond.db",
                                 store::Connection::Access::kReadWrite);
    connection.exec("UPDATE change_position SET position = position + 1");
    const std::string why = other.follow();
    CHECK(mentions(why, "something was done here that the cluster does not have"));
    CHECK(mentions(why, "--as-copy"));
  }
  SECTION("the same number of changes, and others") {
    pair.etcd.put("/base", "0 00");
    pair.etcd.erase("/log/");
    store::Connection(pair.b.data + "/coupond.db", store::Connection::Access::kReadOnly);
    CHECK(mentions(pair.b.follow(), "part before change 0"));
  }
}

TEST_CASE("a member for whom the log begins too late is told to be seeded") {
  Pair pair;
  REQUIRE(pair.b.follow() == "");
  pair.b.stop();
  for (int i = 0; i < 5; ++i) REQUIRE(pair.a.work().ok());
  pair.etcd.erase("/log/0000000000000000000");
  pair.etcd.erase("/log/");
  REQUIRE(pair.a.work().ok());
  const std::string why = pair.b.follow();
  CHECK(mentions(why, "the cluster's log begins with change 6"));
  pair.seed(pair.b);
  CHECK(pair.b.follow() == "");
  CHECK_FALSE(pair.b.leads());
}

TEST_CASE("an etcd that lost the shop is not begun anew unless the owner says so") {
  Pair pair;
  REQUIRE(pair.a.work().ok());
  pair.a.stop();
  pair.etcd.erase("coupond/");
  CHECK(mentions(pair.a.follow(), "knows nothing of this shop"));
  CHECK(pair.etcd.count("coupond/") == 0);
  CHECK(pair.a.follow(true) == "");
  CHECK(pair.a.leads());
  CHECK(pair.a.work().ok());
  // The other member lacks a change that is in no log.
  CHECK(mentions(pair.b.follow(), "the cluster's log begins with change"));
  CHECK(mentions(pair.b.follow(true), "leads this shop's cluster"));
}

TEST_CASE("a second shop does not slip into an etcd that holds one") {
  Pair pair;
  Machine other(pair.directory / "other", "c", pair.etcd);
  { REQUIRE(service::Engine::open({.data_dir = other.data}).ok()); }
  const std::int64_t before = pair.etcd.count("coupond/");
  CHECK(mentions(other.follow(), "holds another shop"));
  CHECK(pair.etcd.count("coupond/") == before);
  CHECK(other.follow(true) == "");
  CHECK(other.leads());
  CHECK(pair.a.work().ok());
}

TEST_CASE("versions do not mix in a cluster") {
  Pair pair;
  pair.etcd.put("/epoch", "1 99 a");
  CHECK(mentions(pair.b.follow(), "versions do not mix"));
  CHECK_FALSE(pair.b.leads());
}
