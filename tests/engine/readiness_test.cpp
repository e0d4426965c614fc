// Goal: /readyz tells the truth both ways, and names what is wrong.
#include "coupond/service/readiness.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <future>
#include <thread>

#include "tests/support/live_engine.h"
#include "tests/support/text.h"

using namespace coupon;
using core::Done;
using core::Result;
using test::LiveEngine;
using test::mentions;

namespace {

service::Check check_named(LiveEngine& engine, const std::string& name) {
  for (auto& check : service::readiness(*engine)) {
    if (check.name == name) return check;
  }
  throw std::runtime_error("there is no check " + name);
}

// Until it is so, for a minute at most.
template <class Condition>
bool comes(const Condition& condition) {
  for (int i = 0; i < 600 && !condition(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return condition();
}

void shell(LiveEngine& engine, const std::string& sql) {
  store::Connection other((*engine).paths().database, store::Connection::Access::kReadWrite);
  other.exec(sql);
}

}  // namespace

TEST_CASE("the first write after a long pause is not taken for a stuck disk", "[readiness]") {
  LiveEngine engine;
  engine.make_user("ada@example.com");
  engine.clock().advance(10 * core::kMsPerDay);
  bool ready = false;
  const auto seen = engine.run<Done>([&](store::Tx&) -> Result<Done> {
    ready = service::all_ok(service::readiness(*engine));
    return Done{};
  });
  CHECK(seen.ok());
  CHECK(ready);
}

TEST_CASE("an operation that hangs makes the server not ready until it is over", "[readiness]") {
  LiveEngine engine;
  std::promise<void> disk;
  std::thread caller([&] {
    static_cast<void>(engine.run<Done>([&](store::Tx&) -> Result<Done> {
      disk.get_future().wait();
      return Done{};
    }));
  });
  const bool noticed = comes([&] { return !check_named(engine, "writer").ok; });
  const std::string detail = check_named(engine, "writer").detail;
  disk.set_value();
  caller.join();
  CHECK(noticed);
  CHECK(mentions(detail, "the disk does not answer"));
  CHECK(comes([&] { return check_named(engine, "writer").ok; }));
}

TEST_CASE("a table that another program adds is named at once, with and without load",
          "[readiness]") {
  const bool load = GENERATE(false, true);
  LiveEngine engine;
  shell(engine, "CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER)");
  if (load) engine.make_user("ada@example.com");
  REQUIRE(comes([&] { return !check_named(engine, "schema").ok; }));
  CHECK(mentions(check_named(engine, "schema").detail, "table _litestream_seq was added"));
  shell(engine, "DROP TABLE _litestream_seq; DROP TRIGGER ledger_is_never_cut");
  if (load) engine.make_user("eve@example.com");
  CHECK(comes([&] {
    return check_named(engine, "schema")
        .detail.starts_with("trigger ledger_is_never_cut is missing");
  }));
}

TEST_CASE("a database that contradicts its ledger while it runs is not ready", "[readiness]") {
  LiveEngine engine;
  engine.make_user("ada@example.com");
  shell(engine,
        "INSERT INTO campaigns (uuid, slug, mode, name, created_at, updated_at) VALUES "
        "('u', 'smuggled', 'pool', 'smuggled', 1, 1)");
  CHECK_FALSE((*engine).checkpoint().ok());
  CHECK_FALSE(check_named(engine, "ledger").ok);
  CHECK(mentions(check_named(engine, "ledger").detail, "campaigns "));
  shell(engine, "DELETE FROM campaigns WHERE slug = 'smuggled'");
  CHECK((*engine).checkpoint().ok());
  CHECK(check_named(engine, "ledger").ok);
}
