// Goal: what run() says is what happened. Method: operations whose effects can be counted, put into
// batches whose make-up is known, with failures of every kind in every place.
#include "coupond/store/writer.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <set>
#include <thread>

#include "coupond/store/campaigns.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/one_batch.h"

using namespace coupon;
using namespace coupon::test;

namespace {

// An operation that leaves one entry with that actor and one unit in the campaign's counters.
Body entry(core::CampaignId campaign, std::string actor) {
  return [campaign, actor](Tx& tx) -> Result<Seq> {
    tx.count(campaign, {.rolled_back = 1});
    return tx.append({.operation = "test", .actor = actor, .campaign_id = campaign, .units = 1});
  };
}

std::int64_t entries_by(EngineFixture& fixture, const std::string& actor) {
  return fixture.number("SELECT count(*) FROM ledger WHERE actor = '" + actor + "'");
}

std::int64_t rolled_back(EngineFixture& fixture) {
  return fixture.number("SELECT sum(rolled_back) FROM campaigns");
}

Result<Seq> run(EngineFixture& fixture, const Body& body) { return fixture.run<Seq>(body); }

}  // namespace

TEST_CASE("an operation that succeeds is in the file when run() returns", "[writer]") {
  EngineFixture fixture;
  const auto campaign = fixture.make_campaign(domain::Mode::kToken);
  const auto seq = run(fixture, entry(campaign, "one"));
  REQUIRE(seq.ok());
  CHECK(fixture.number("SELECT seq FROM ledger WHERE actor = 'one'") == seq->value);
  CHECK(rolled_back(fixture) == 1);
  CHECK(fixture.counters().find(campaign)->campaign.counters.rolled_back == 1);
  CHECK(fixture.counters().find(campaign)->as_of == *seq);
  CHECK(fixture.writer().committed_seq() == *seq);
  CHECK(fixture.writer().healthy());
}

TEST_CASE("a refused operation leaves nothing behind", "[writer]") {
  EngineFixture fixture(relaxed());
  const auto campaign = fixture.make_campaign(domain::Mode::kToken);
  const Seq before = fixture.writer().committed_seq();
  bool effect_called = false;
  const auto refused = run(fixture, [&](Tx& tx) -> Result<Seq> {
    static_cast<void>(entry(campaign, "refused")(tx));
    tx.on_commit([&] { effect_called = true; });
    return core::Error{.reason = Reason::kEnded, .message = "over", .number = 5};
  });
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().reason == Reason::kEnded);
  CHECK(refused.error().number == 5);
  CHECK(entries_by(fixture, "refused") == 0);
  CHECK(rolled_back(fixture) == 0);
  CHECK_FALSE(effect_called);
  CHECK(fixture.writer().committed_seq() == before);
}

TEST_CASE("a dry run tells what would happen and does nothing", "[writer]") {
  EngineFixture fixture(relaxed());
  const auto campaign = fixture.make_campaign(domain::Mode::kToken);
  const Seq before = fixture.writer().committed_seq();
  const auto dry =
      fixture.writer().run<Seq>("dry", entry(campaign, "dry"), store::Writer::Intent::kDryRun);
  REQUIRE(dry.ok());
  CHECK(dry->value == before.value + 1);
  CHECK(entries_by(fixture, "dry") == 0);
  CHECK(rolled_back(fixture) == 0);
  CHECK(run(fixture, entry(campaign, "wet")).value() == *dry);
}

TEST_CASE("an inner attempt that fails undoes itself alone", "[writer]") {
  EngineFixture fixture(relaxed());
  const auto campaign = fixture.make_campaign(domain::Mode::kToken);
  const auto seq = run(fixture, [&](Tx& tx) -> Result<Seq> {
    const auto first = entry(campaign, "outer")(tx);
    const bool kept = tx.attempt([&] {
      static_cast<void>(entry(campaign, "inner")(tx));
      tx.attempt([&] {
        static_cast<void>(entry(campaign, "innermost")(tx));
        return true;
      });
      return false;
    });
    if (kept || tx.last_seq() != *first) return Reason::kInternal;
    if (tx.campaign(campaign)->counters.rolled_back != 1) return Reason::kInternal;
    tx.attempt([&] { return entry(campaign, "second")(tx).ok(); });
    return tx.last_seq();
  });
  REQUIRE(seq.ok());
  CHECK(entries_by(fixture, "outer") == 1);
  CHECK(entries_by(fixture, "inner") + entries_by(fixture, "innermost") == 0);
  CHECK(entries_by(fixture, "second") == 1);
  CHECK(rolled_back(fixture) == 2);
}

TEST_CASE("a campaign changed by a refused operation is as before", "[writer]") {
  EngineFixture fixture(relaxed());
  const auto id = fixture.make_campaign(domain::Mode::kToken, {.max_issued = 5});
  const auto refused = run(fixture, [&](Tx& tx) -> Result<Seq> {
    domain::Campaign campaign = *tx.campaign(id);
    campaign.policy.max_issued = 99;
    tx.count(id, {.issued = 2});
    store::update_campaign(tx, campaign);
    if (tx.campaign(id)->policy.max_issued != 99) return Reason::kInternal;
    if (tx.campaign(id)->counters.issued != 2) return Reason::kInternal;
    return Reason::kEnded;
  });
  CHECK(refused.error().reason == Reason::kEnded);
  const auto seen = run(fixture, [&](Tx& tx) -> Result<Seq> {
    if (tx.campaign(id)->policy.max_issued != 5) return Reason::kInternal;
    return Seq{tx.campaign(id)->counters.issued};
  });
  CHECK(seen.value() == Seq{0});
}

TEST_CASE("a campaign made by a refused operation does not exist", "[writer]") {
  EngineFixture fixture(relaxed());
  core::CampaignId id;
  const auto refused = run(fixture, [&](Tx& tx) -> Result<Seq> {
    domain::Campaign campaign;
    id = campaign.id = store::next_campaign_id(tx);
    store::insert_campaign(tx, campaign);
    tx.count(id, {.issued = 1});
    return Reason::kEnded;
  });
  CHECK_FALSE(refused.ok());
  const auto seen =
      run(fixture, [&](Tx& tx) -> Result<Seq> { return Seq{tx.campaign(id) == nullptr ? 1 : 0}; });
  CHECK(seen.value() == Seq{1});
}

TEST_CASE("what a refused operation counted of a user is told, its effects are not", "[writer]") {
  EngineFixture fixture(relaxed());
  const auto id = fixture.make_campaign(domain::Mode::kToken, {.max_per_user = 3});
  const auto refused = run(fixture, [&](Tx& tx) -> Result<Seq> {
    tx.note_user(id, {7}, 3, false);
    tx.note_user(id, {8}, 3, true);
    tx.campaign_changed(id);
    return Reason::kEnded;
  });
  CHECK_FALSE(refused.ok());
  CHECK(fixture.counters().certain_refusal(id, {7})->reason == Reason::kUserCapReached);
  CHECK_FALSE(fixture.counters().certain_refusal(id, {8}).has_value());
}

TEST_CASE("a full queue refuses at once and executes nothing", "[writer]") {
  EngineFixture fixture({.writer = {.queue_limit = 3}});
  const auto campaign = fixture.make_campaign(domain::Mode::kToken);
  std::vector<std::thread> waiting;
  std::vector<Result<Seq>> outcomes(3, Reason::kInternal);
  Result<Seq> refused = Reason::kInternal;
  {
    test::Gate gate(fixture.writer());
    for (std::size_t i = 0; i < 3; ++i) {
      waiting.emplace_back([&, i] { outcomes[i] = run(fixture, entry(campaign, "waits")); });
    }
    while (fixture.writer().queue_depth() < 3) std::this_thread::yield();
    refused = run(fixture, entry(campaign, "refused"));
  }
  for (std::thread& thread : waiting) thread.join();
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().reason == Reason::kBusy);
  CHECK(entries_by(fixture, "refused") == 0);
  CHECK(entries_by(fixture, "waits") == 3);
  for (const auto& outcome : outcomes) CHECK(outcome.ok());
}

TEST_CASE("stop() finishes what is queued and refuses what comes later", "[writer]") {
  EngineFixture fixture;
  const auto campaign = fixture.make_campaign(domain::Mode::kToken);
  std::vector<std::thread> callers;
  std::vector<Result<Seq>> outcomes(10, Reason::kInternal);
  std::thread stopper;
  {
    test::Gate gate(fixture.writer());
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      callers.emplace_back([&, i] { outcomes[i] = run(fixture, entry(campaign, "queued")); });
    }
    while (fixture.writer().queue_depth() < outcomes.size()) std::this_thread::yield();
    stopper = std::thread([&] { fixture.stop(); });
  }
  stopper.join();
  for (std::thread& caller : callers) caller.join();
  for (const auto& outcome : outcomes) CHECK(outcome.ok());
  CHECK(entries_by(fixture, "queued") == 10);
  const auto late = run(fixture, entry(campaign, "late"));
  REQUIRE_FALSE(late.ok());
  CHECK(late.error().reason == Reason::kShuttingDown);
  CHECK(entries_by(fixture, "late") == 0);
  // Everything is in the one file.
  CHECK(std::filesystem::file_size(fixture.path() + "-wal") == 0);
}

TEST_CASE("whoever waits for the next entry is woken by it, and by the end", "[writer]") {
  EngineFixture fixture;
  const auto campaign = fixture.make_campaign(domain::Mode::kToken);
  constexpr std::int64_t kForever = 600'000;
  for (int i = 0; i < 20; ++i) {
    const Seq now = fixture.writer().committed_seq();
    std::thread waiter([&] { fixture.writer().wait_for_entry_after(now, kForever); });
    CHECK(run(fixture, entry(campaign, "awaited")).ok());
    waiter.join();
  }
  const Seq now = fixture.writer().committed_seq();
  std::thread waiter([&] { fixture.writer().wait_for_entry_after(now, kForever); });
  fixture.stop();
  waiter.join();
  fixture.writer().wait_for_entry_after({0}, kForever);
}

TEST_CASE("64 callers at once get what the file says they got", "[writer]") {
  EngineFixture fixture;
  const auto campaign = fixture.make_campaign(domain::Mode::kToken, {.max_issued = 777});
  constexpr int kCallers = 64;
  constexpr int kEach = 40;
  std::vector<std::vector<Result<Seq>>> outcomes(kCallers);
  std::vector<std::thread> callers;
  for (std::size_t c = 0; c < kCallers; ++c) {
    callers.emplace_back([&, c] {
      for (int i = 0; i < kEach; ++i) {
        outcomes[c].push_back(fixture.run<Seq>([&](Tx& tx) -> Result<Seq> {
          const auto& now = *tx.campaign(campaign);
          if (now.counters.issued >= now.policy.max_issued) return Reason::kCampaignCapReached;
          tx.count(campaign, {.issued = 1});
          return tx.append({.operation = "test", .actor = "caller", .units = 1});
        }));
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  std::set<std::int64_t> numbers;
  int refused = 0;
  for (const auto& list : outcomes) {
    for (const auto& outcome : list) {
      if (outcome.ok()) {
        numbers.insert(outcome->value);
      } else {
        CHECK(outcome.error().reason == Reason::kCampaignCapReached);
        ++refused;
      }
    }
  }
  CHECK(numbers.size() == 777);
  CHECK(refused == kCallers * kEach - 777);
  CHECK(entries_by(fixture, "caller") == 777);
  CHECK(fixture.number("SELECT issued FROM campaigns") == 777);
  CHECK(fixture.counters().certain_refusal(campaign, {1})->reason == Reason::kCampaignCapReached);
}
