// A demo's past: there is one, it follows the ledger's order, and the clock is right after it.
#include "coupond/service/demo.h"

#include <catch2/catch.hpp>

#include "tests/support/live_engine.h"

using namespace coupon;

namespace {

constexpr char kUses[] = "SELECT count(*) FROM ledger WHERE operation = 'coupon.redeem'";
constexpr char kDays[] = R"(
  SELECT count(DISTINCT at / 86400000) FROM ledger WHERE operation = 'coupon.redeem')";
// Entries that are older than the one before them.
constexpr char kBackwards[] = R"(
  SELECT count(*) FROM ledger AS a JOIN ledger AS b ON b.seq = a.seq + 1 WHERE b.at < a.at)";
// Whether somebody found a clock that had been fast put right.
constexpr char kPutRight[] = "SELECT count(*) FROM meta WHERE name = 'clock_right_since'";
constexpr char kEnded[] = R"(
  SELECT count(*) FROM campaigns, (SELECT max(at) AS last FROM ledger)
   WHERE slug LIKE 'store-%' AND ends_at <= last)";

class Demo {
 public:
  service::Engine& open() {
    engine_.reset();
    service::Engine::Options options{.data_dir = directory_ / "data"};
    options.demo = true;
    options.passwords = test::cheap_passwords();
    options.clock = demo_clock_.as_clock();
    auto opened = service::Engine::open(std::move(options));
    if (!opened.ok()) throw std::runtime_error(opened.error().message);
    engine_ = *std::move(opened);
    return *engine_;
  }
  bool load() { return service::load_demo(*engine_, &demo_clock_).ok(); }
  std::int64_t number(const char* sql) {
    return engine_->readers()
        .read<std::int64_t>([&](store::Connection& db) -> core::Result<std::int64_t> {
          store::Query query(db, sql);
          query.next();
          return query.integer(0);
        })
        .value();
  }
  test::FakeClock& clock() { return clock_; }
  service::DemoClock& demo_clock() { return demo_clock_; }

 private:
  test::TempDir directory_;
  test::FakeClock clock_;
  service::DemoClock demo_clock_{clock_.as_clock()};
  std::unique_ptr<service::Engine> engine_;
};

}  // namespace

TEST_CASE("a new demo has three days of past and a right clock", "[demo]") {
  Demo demo;
  demo.demo_clock().go_back();
  demo.open();
  REQUIRE(demo.load());
  CHECK(demo.number(kUses) == 18);
  CHECK(demo.number(kDays) >= 3);
  CHECK(demo.number(kBackwards) == 0);
  CHECK(demo.number(kEnded) == 0);
  CHECK(demo.demo_clock().as_clock()() == demo.clock().now());
  CHECK(demo.number("SELECT max(at) FROM ledger") == demo.clock().now().value);
  CHECK(demo.number(kPutRight) == 0);
}

TEST_CASE("a demo of an earlier version goes on from its last entry", "[demo]") {
  Demo demo;
  demo.open();  // now, as earlier versions did
  const std::int64_t age = GENERATE(std::int64_t{0}, std::int64_t{3'600'000}, 40 * core::kMsPerDay);
  CAPTURE(age);
  demo.clock().advance(age);
  demo.open();
  REQUIRE(demo.load());
  CHECK(demo.number(kUses) == 18);
  CHECK(demo.number(kBackwards) == 0);
  CHECK(demo.number(kPutRight) == 0);
  CHECK(demo.number(kEnded) == 0);
  CHECK(demo.demo_clock().as_clock()() == demo.clock().now());
  // The next start adds nothing to it.
  demo.clock().advance(core::kMsPerDay);
  demo.open();
  REQUIRE(demo.load());
  CHECK(demo.number(kUses) == 18);
  CHECK(demo.number(kBackwards) == 0);
}
