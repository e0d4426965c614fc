// Goal: a clock that was wrong for a while is forgotten as soon as it is right. Method: one write
// under a clock that is 2 minutes, an hour or 200 days ahead, then the right time, with a restart
// and without; and a machine that wakes up in 1970.
#include <algorithm>
#include <catch2/catch.hpp>

#include "coupond/service/campaigns.h"
#include "coupond/service/coupons.h"
#include "coupond/service/readiness.h"
#include "coupond/service/sessions.h"
#include "coupond/store/coupons.h"
#include "coupond/store/idempotency.h"
#include "coupond/store/server_time.h"
#include "tests/support/live_engine.h"
#include "tests/support/text.h"

using namespace coupon;
using core::Reason;
using core::UnixMs;
using test::EngineFixture;
using test::LiveEngine;
using test::mentions;

namespace {

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = core::kMsPerDay;

std::string detail_of(LiveEngine& engine, const std::string& name) {
  for (const auto& check : service::readiness(*engine)) {
    if (check.name == name) return (check.ok ? "ok: " : "not ok: ") + check.detail;
  }
  return "there is no check " + name;
}

core::CampaignId make_campaign(LiveEngine& engine, UnixMs ends_at) {
  domain::Campaign campaign{.mode = domain::Mode::kClaim, .name = "SPRING"};
  campaign.policy.ends_at = ends_at;
  return engine
      .run<service::CampaignWritten>([&](store::Tx& tx) {
        return service::create_campaign(tx, service::Caller::cli(), campaign);
      })
      .value()
      .campaign.id;
}

core::Result<service::Issued> claim(LiveEngine& engine, core::CampaignId id, core::UserId user) {
  const service::Mint mint{.vault = engine->vault(), .random = engine->random()};
  return engine.run<service::Issued>([&](store::Tx& tx) -> core::Result<service::Issued> {
    const auto request = service::prepare_issue(mint, *tx.campaign(id), user);
    if (!request.ok()) return request.error();
    return service::issue(tx, service::Caller::cli(), mint, *request);
  });
}

// Logs in, and shows that the session is good for something.
void check_session(LiveEngine& engine, const std::string& email) {
  const auto session = service::log_in(*engine, email, LiveEngine::kPassword);
  REQUIRE(session.ok());
  CHECK(service::authenticate(*engine, session->access_token).ok());
  const auto next = service::refresh_session(*engine, session->refresh_token);
  REQUIRE(next.ok());
  CHECK(service::authenticate(*engine, next->access_token).ok());
}

}  // namespace

TEST_CASE("one write under a fast clock does no harm once the clock is right", "[clock]") {
  const std::int64_t ahead = GENERATE(2 * kMinute, kHour, 200 * kDay);
  const bool restarted = GENERATE(false, true);
  CAPTURE(ahead, restarted);
  LiveEngine engine;
  const auto ada = engine.make_user("ada@example.com");
  const auto campaign = make_campaign(engine, engine.clock().now() + 100 * kDay);

  engine.clock().advance(ahead);
  engine.make_user("fast@example.com");
  const auto fast = service::log_in(*engine, "fast@example.com", LiveEngine::kPassword);
  REQUIRE(fast.ok());
  engine.clock().advance(1'000 - ahead);
  if (restarted) engine.restart();

  // Told before the next entry, and no reason not to serve.
  CHECK(mentions(detail_of(engine, "clock"), "ok: LOOK: the clock says"));
  CHECK(mentions(detail_of(engine, "clock"), "behind the ledger's last entry"));
  CHECK(service::all_ok(service::readiness(*engine)));
  CHECK((*engine).clock()() == engine.clock().now());

  check_session(engine, "ada@example.com");
  CHECK(service::authenticate(*engine, fast->access_token).ok());
  engine.make_user("new@example.com");
  check_session(engine, "new@example.com");
  CHECK(engine.number("SELECT at FROM ledger ORDER BY seq DESC LIMIT 1") ==
        engine.clock().now().value);
  CHECK_FALSE(mentions(detail_of(engine, "clock"), "LOOK"));
  CHECK(claim(engine, campaign, ada.id).ok());
  engine.restart();
  check_session(engine, "ada@example.com");
}

TEST_CASE("a session opened under a fast clock ends in real time", "[clock]") {
  const std::int64_t ahead = GENERATE(2 * kMinute, kHour, 200 * kDay);
  const bool restarted = GENERATE(false, true);
  CAPTURE(ahead, restarted);
  LiveEngine engine;
  engine.make_user("ada@example.com");
  engine.clock().advance(ahead);
  engine.make_user("fast@example.com");  // an entry that says how fast it was
  const auto fast = service::log_in(*engine, "ada@example.com", LiveEngine::kPassword);
  REQUIRE(fast.ok());
  CHECK(service::authenticate(*engine, fast->access_token).ok());
  engine.clock().advance(-ahead);
  if (restarted) engine.restart();
  engine.make_user("new@example.com");  // finds the clock put right
  if (restarted) engine.restart();
  CHECK(service::authenticate(*engine, fast->access_token).ok());
  // Its long half could live as long as the clock was wrong.
  CHECK_FALSE(service::refresh_session(*engine, fast->refresh_token).ok());

  engine.clock().advance(kHour - kMinute);
  CHECK(service::authenticate(*engine, fast->access_token).ok());
  engine.clock().advance(2 * kMinute);
  CHECK_FALSE(service::authenticate(*engine, fast->access_token).ok());
  // Nor does it come back when its day has come; those of that day are good.
  engine.clock().advance(std::max<std::int64_t>(0, ahead - kHour) + kMinute);
  CHECK_FALSE(service::authenticate(*engine, fast->access_token).ok());
  check_session(engine, "ada@example.com");
}

TEST_CASE("decisions and explanations are by one clock, also while a step is smoothed", "[clock]") {
  LiveEngine engine;
  const auto ada = engine.make_user("ada@example.com");
  const UnixMs end = engine.clock().now() + 30'000;
  const auto campaign = make_campaign(engine, end);
  engine.clock().advance(30'000);
  engine.make_user("late@example.com");
  engine.clock().advance(-5'000);
  // The last entry was made at the campaign's end: it has ended, for whoever asks.
  CHECK((*engine).clock()() == end);
  const auto refused = claim(engine, campaign, ada.id);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().reason == Reason::kEnded);
}

TEST_CASE("a hold made under a fast clock lasts no longer than its campaign lets it", "[clock]") {
  const std::int64_t ahead = GENERATE(2 * kMinute, kHour, 200 * kDay);
  EngineFixture fixture;
  const auto user = fixture.make_user();
  const auto campaign = fixture.make_campaign(domain::Mode::kPool, {.hold_ttl_s = 300});
  const auto code = fixture.make_codes(campaign, 1).front().hash;
  const service::Mint mint{.vault = fixture.vault(), .random = core::system_random};
  REQUIRE(fixture
              .run<service::Issued>([&](store::Tx& tx) {
                return service::assign(tx, service::Caller::cli(), mint, code, user);
              })
              .ok());
  const auto hold = [&] {
    return fixture.run<service::Held>([&](store::Tx& tx) {
      return service::hold(tx, service::Caller::cli(), {.code = code, .user_id = user});
    });
  };
  fixture.clock().advance(ahead);
  REQUIRE(hold().ok());
  fixture.clock().advance(-ahead);
  if (GENERATE(false, true)) fixture.restart();

  const auto still = hold();
  REQUIRE_FALSE(still.ok());
  CHECK(still.error().reason == Reason::kHeldByOther);
  CHECK(still.error().retry_at <= fixture.clock().now() + 300'000);
  fixture.clock().advance(300'000);
  CHECK(hold().ok());
  const auto report = fixture.verify();
  INFO(report.first_divergence.value_or(""));
  CHECK(report.ok());
}

TEST_CASE("a reply kept under a fast clock is kept for a day from when the clock is right",
          "[clock]") {
  EngineFixture fixture;
  fixture.clock().advance(200 * kDay);
  core::Digest key{};
  key[0] = 1;
  const auto keep = [&](store::Tx& tx) -> core::Result<core::Done> {
    store::insert_reply(
        tx, {.key_hash = key, .request = {}, .sealed = "sealed", .created_at = tx.now()});
    tx.append({.operation = "test", .actor = "cli"});
    return core::Done{};
  };
  REQUIRE(fixture.run<core::Done>(keep).ok());
  fixture.clock().advance(-200 * kDay);
  REQUIRE(fixture
              .run<core::Seq>([](store::Tx& tx) -> core::Result<core::Seq> {
                return tx.append({.operation = "test", .actor = "cli"});
              })
              .ok());
  CHECK(fixture.number("SELECT created_at FROM idempotency") == fixture.clock().now().value);
}

TEST_CASE("the audit accepts times that go back, and counts them", "[clock]") {
  EngineFixture fixture;
  fixture.make_user();
  fixture.clock().advance(-kHour);
  fixture.make_user();
  fixture.clock().advance(-kMinute);
  fixture.make_user();
  const auto report = fixture.verify();
  INFO(report.first_divergence.value_or(""));
  CHECK(report.ok());
  CHECK(report.steps_back == 1);
  CHECK(report.longest_step_back_ms == kHour);
}

TEST_CASE("a machine that wakes up in 1970 serves, and says so", "[clock]") {
  LiveEngine engine;
  engine.make_user("ada@example.com");
  const std::int64_t now = engine.clock().now().value;
  engine.clock().advance(12'000 - now);
  if (GENERATE(false, true)) engine.restart();
  CHECK(mentions(detail_of(engine, "clock"), "1970-01-01T00:00:12Z, before this program was made"));
  CHECK(mentions(detail_of(engine, "clock"), "behind the ledger's last entry"));
  engine.make_user("early@example.com");
  check_session(engine, "early@example.com");
  check_session(engine, "ada@example.com");
  CHECK(mentions(detail_of(engine, "clock"), "before this program was made"));
  engine.clock().advance(now);
  engine.restart();
  check_session(engine, "early@example.com");
  CHECK_FALSE(mentions(detail_of(engine, "clock"), "LOOK"));
}

TEST_CASE("a stolen refresh token is not taken for a repetition because of the clock", "[clock]") {
  LiveEngine engine;
  engine.make_user("ada@example.com");
  engine.clock().advance(200 * kDay);
  const auto first = service::log_in(*engine, "ada@example.com", LiveEngine::kPassword);
  REQUIRE(first.ok());
  REQUIRE(service::refresh_session(*engine, first->refresh_token).ok());
  engine.clock().advance(-200 * kDay);
  CHECK_FALSE(service::refresh_session(*engine, first->refresh_token).ok());
}

TEST_CASE("a clock is odd when it is far behind the ledger or before us, else not", "[clock]") {
  constexpr UnixMs kNow{1'790'000'000'000};
  CHECK_FALSE(store::odd_clock(kNow, {0}));
  CHECK_FALSE(store::odd_clock(kNow, kNow + kMinute));
  CHECK(
      mentions(store::odd_clock(kNow, kNow + 200 * kDay + 4 * kHour).value(), "200 d 4 h behind"));
  CHECK(mentions(store::odd_clock({0}, {0}).value(), "1970-01-01T00:00:00Z, before"));
}
