// Goal: operations share a batch, never a fate. Method: batches whose make-up and order are known,
// with one or several operations poisoned in every way an operation can go wrong.
#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <stdexcept>

#include "coupond/store/writer.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/one_batch.h"
#include "tests/support/temp_dir.h"
#include "tests/support/text.h"

using namespace coupon;
using namespace coupon::test;

namespace {

Result<Seq> good(Tx& tx, core::CampaignId campaign, const std::string& actor) {
  tx.count(campaign, {.rolled_back = 1});
  return tx.append({.operation = "test", .actor = actor, .campaign_id = campaign, .units = 1});
}

// The ways to go wrong after having done something. Each must vanish without a trace.
constexpr int kPoisons = 7;
Result<Seq> poisoned(Tx& tx, core::CampaignId campaign, int kind) {
  static_cast<void>(good(tx, campaign, "poisoned"));
  tx.attempt([&] { return good(tx, campaign, "poisoned").ok(); });
  switch (kind) {
    case 0:
      return Reason::kEnded;
    case 1:
      throw std::runtime_error("poison");
    case 2:
      throw std::bad_alloc();
    case 3:  // a CHECK
      tx.db().exec("UPDATE campaigns SET issued = -1");
      break;
    case 4:  // a trigger
      tx.db().exec("DELETE FROM ledger");
      break;
    case 5:  // an unfinished statement, and a table that is not there
      tx.attempt([&]() -> bool {
        store::Query open(tx.db(), "SELECT seq FROM ledger");
        open.next();
        tx.db().exec("SELECT * FROM nowhere");
        return true;
      });
      break;
    default:  // too large for a row
      tx.db().exec("INSERT INTO meta VALUES ('poison', zeroblob(2000000000))");
      break;
  }
  return Seq{0};
}

// The next batch's outcomes, with poison at the marked places.
struct Mixed {
  std::vector<Result<Seq>> outcomes;
  std::int64_t good = 0;
};
Mixed run_mixed(EngineFixture& fixture, core::CampaignId campaign, const std::vector<int>& poison) {
  Mixed mixed;
  std::vector<Body> bodies;
  for (const int kind : poison) {
    if (kind < 0) {
      ++mixed.good;
      bodies.push_back([campaign](Tx& tx) { return good(tx, campaign, "good"); });
    } else {
      bodies.push_back([campaign, kind](Tx& tx) { return poisoned(tx, campaign, kind); });
    }
  }
  mixed.outcomes = test::run_as_one_batch(fixture.writer(), bodies);
  return mixed;
}

// Checks one batch against what each of its operations would have got alone.
void check_isolated(EngineFixture& fixture, core::CampaignId campaign,
                    const std::vector<int>& poison) {
  const Seq before = fixture.writer().committed_seq();
  const auto had = fixture.counters().find(campaign)->campaign.counters.rolled_back;
  const Mixed mixed = run_mixed(fixture, campaign, poison);
  std::int64_t wrong = 0;
  std::int64_t expected_seq = before.value;
  for (std::size_t i = 0; i < poison.size(); ++i) {
    const auto& outcome = mixed.outcomes[i];
    if (poison[i] < 0) {
      if (!outcome.ok() || outcome->value != ++expected_seq) ++wrong;
    } else {
      const Reason reason = poison[i] == 0 ? Reason::kEnded : Reason::kInternal;
      if (outcome.ok() || outcome.error().reason != reason) ++wrong;
    }
  }
  CHECK(wrong == 0);
  CHECK(fixture.writer().committed_seq().value == before.value + mixed.good);
  CHECK(fixture.counters().find(campaign)->campaign.counters.rolled_back == had + mixed.good);
}

void check_file(EngineFixture& fixture) {
  CHECK(fixture.number("SELECT count(*) FROM ledger WHERE actor = 'poisoned'") == 0);
  CHECK(fixture.number("SELECT count(*) FROM ledger WHERE actor = 'good'") ==
        fixture.number("SELECT sum(rolled_back) FROM campaigns"));
  CHECK(fixture.number(
            "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'") == 1);
  CHECK(fixture.fatals().empty());
}

}  // namespace

TEST_CASE("one poisoned operation in every place changes no other's outcome", "[writer]") {
  EngineFixture fixture(relaxed());
  const auto campaign = fixture.make_campaign(domain::Mode::kToken);
  for (const std::size_t size : {2U, 3U, 8U, 17U}) {
    for (std::size_t at = 0; at < size; ++at) {
      for (int kind = 0; kind < kPoisons; ++kind) {
        std::vector<int> poison(size, -1);
        poison[at] = kind;
        INFO("size " << size << ", poison " << kind << " at " << at);
        check_isolated(fixture, campaign, poison);
      }
    }
  }
  check_file(fixture);
}

TEST_CASE("many poisoned operations in random places change no other's outcome", "[writer]") {
  EngineFixture fixture(relaxed());
  const auto campaign = fixture.make_campaign(domain::Mode::kToken);
  const std::uint64_t seed = 20261120;
  test::SeededRandom random(seed);
  const int batches = long_run() ? 10'000 : 250;
  for (int batch = 0; batch < batches; ++batch) {
    std::vector<int> poison(2 + random.below(long_run() ? 255 : 100), -1);
    const std::uint64_t odds = 1 + random.below(8);
    for (int& kind : poison) {
      if (random.below(odds) == 0) kind = static_cast<int>(random.below(kPoisons));
    }
    INFO("seed " << seed << ", batch " << batch);
    check_isolated(fixture, campaign, poison);
  }
  check_file(fixture);
}

TEST_CASE("a statement that ends the transaction executes nothing of its batch", "[writer]") {
  EngineFixture fixture;
  const auto campaign = fixture.make_campaign(domain::Mode::kToken);
  const auto fine = [campaign](Tx& tx) { return good(tx, campaign, "good"); };
  const Body trap = [&](Tx& tx) -> Result<Seq> {
    tx.db().exec("INSERT OR ROLLBACK INTO ledger_head SELECT 2, 1, zeroblob(32), zeroblob(64)");
    return Seq{0};
  };
  const auto outcomes = test::run_as_one_batch(fixture.writer(), {fine, fine, trap, fine, fine});
  for (const auto& outcome : outcomes) {
    REQUIRE_FALSE(outcome.ok());
    CHECK(core::kind(outcome.error().reason) != core::Kind::kUnknown);
  }
  check_file(fixture);
  CHECK(fixture.number("SELECT count(*) FROM ledger WHERE actor = 'good'") == 0);
  const auto after = fixture.run<Seq>(fine);
  REQUIRE(after.ok());
  CHECK(after->value == 2);
  CHECK(fixture.counters().find(campaign)->campaign.counters.rolled_back == 1);
}

TEST_CASE("effects on commit come after the commit, once, in order", "[writer]") {
  EngineFixture fixture(relaxed());
  std::vector<int> called;
  const auto noting = [&](int i, bool keep) -> Body {
    return [&, i, keep](Tx& tx) -> Result<Seq> {
      tx.on_commit([&, i] { called.push_back(i); });
      if (!keep) return Reason::kEnded;
      return tx.append({.operation = "test", .actor = "cli"});
    };
  };
  static_cast<void>(test::run_as_one_batch(
      fixture.writer(), {noting(1, true), noting(2, false), noting(3, true), noting(4, true)}));
  CHECK(called == std::vector<int>{1, 3, 4});
}

TEST_CASE("a batch is reported, with its operations when it was slow", "[writer]") {
  EngineFixture fixture(relaxed());
  const auto quick = [](Tx& tx) -> Result<Seq> {
    return tx.append({.operation = "test", .actor = "cli"});
  };
  static_cast<void>(test::run_as_one_batch(fixture.writer(), {quick, quick, quick}));
  CHECK(fixture.batches().back().operations == 3);
  CHECK(fixture.batches().back().committed);
  static_cast<void>(fixture.writer().run<Seq>("sleepy", [](Tx& tx) -> Result<Seq> {
    std::this_thread::sleep_for(std::chrono::milliseconds(101));
    return tx.append({.operation = "test", .actor = "cli"});
  }));
  REQUIRE(fixture.batches().back().slow_operations.size() == 1);
  CHECK(fixture.batches().back().slow_operations.front() == std::string("sleepy"));
}

TEST_CASE("a change of the file by somebody else is noticed by the next batch", "[writer]") {
  EngineFixture fixture;
  const auto campaign = fixture.make_campaign(domain::Mode::kToken, {.max_issued = 10});
  // The first round: before the writer's first batch of its life.
  fixture.restart();
  for (int round = 1; round <= 3; ++round) {
    const std::string cap = std::to_string(100 * round);
    fixture.shell("UPDATE campaigns SET max_issued = " + cap);
    const auto seen = fixture.run<Seq>([&](Tx& tx) -> Result<Seq> {
      static_cast<void>(good(tx, campaign, "good"));
      return Seq{*tx.campaign(campaign)->policy.max_issued};
    });
    CHECK(seen.value() == Seq{100 * round});
    CHECK(fixture.counters().find(campaign)->campaign.policy.max_issued == 100 * round);
  }
  CHECK(fixture.notices().size() == 3);
  CHECK(fixture.writer().healthy());
}

TEST_CASE("a ledger changed by somebody else is never signed", "[writer]") {
  EngineFixture fixture;
  const auto campaign = fixture.make_campaign(domain::Mode::kToken);
  static_cast<void>(fixture.run<Seq>([&](Tx& tx) { return good(tx, campaign, "good"); }));
  fixture.shell(
      "DROP TRIGGER ledger_is_never_cut;"
      "DELETE FROM ledger WHERE seq = (SELECT max(seq) FROM ledger)");
  const auto refused = fixture.run<Seq>([&](Tx& tx) { return good(tx, campaign, "after"); });
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().reason == Reason::kInternal);
  CHECK(fixture.fatals().size() == 1);
  CHECK_FALSE(fixture.writer().healthy());
  CHECK(fixture.number("SELECT count(*) FROM ledger WHERE actor = 'after'") == 0);
  CHECK_THAT(fixture.verify().first_divergence.value_or(""),
             Catch::Contains("the signed head says"));
}

TEST_CASE("counters changed behind a batch's back are not written over", "[writer]") {
  EngineFixture fixture;
  const auto campaign = fixture.make_campaign(domain::Mode::kToken);
  const auto outcome = fixture.run<Seq>([&](Tx& tx) -> Result<Seq> {
    static_cast<void>(good(tx, campaign, "good"));
    tx.db().exec("UPDATE campaigns SET rolled_back = 50");
    return tx.last_seq();
  });
  CHECK_FALSE(outcome.ok());
  CHECK(fixture.number("SELECT rolled_back FROM campaigns") == 0);
  CHECK(fixture.run<Seq>([&](Tx& tx) { return good(tx, campaign, "good"); }).ok());
}

TEST_CASE("a full disk refuses the whole batch, and is over when there is space", "[writer]") {
  EngineFixture fixture;
  const auto campaign = fixture.make_campaign(domain::Mode::kToken);
  const auto limit = [&](std::int64_t more_pages) {
    const std::int64_t pages = fixture.number("PRAGMA page_count");
    return fixture.run<Seq>([pages, more_pages](Tx& tx) -> Result<Seq> {
      tx.db().exec("PRAGMA max_page_count = " + std::to_string(pages + more_pages));
      return Seq{0};
    });
  };
  const auto fine = [campaign](Tx& tx) { return good(tx, campaign, "good"); };
  const Body large = [](Tx& tx) -> Result<Seq> {
    store::Query(tx.db(), "INSERT OR REPLACE INTO meta VALUES ('large', hex(zeroblob(100000)))")
        .run();
    return Seq{0};
  };
  REQUIRE(limit(2).ok());
  const auto outcomes = test::run_as_one_batch(fixture.writer(), {fine, large, fine});
  for (const auto& outcome : outcomes) {
    REQUIRE_FALSE(outcome.ok());
    CHECK(outcome.error().reason == Reason::kStorageFull);
  }
  CHECK(fixture.writer().storage_full());
  CHECK_FALSE(fixture.writer().healthy());
  CHECK(fixture.number("SELECT count(*) FROM ledger WHERE actor = 'good'") == 0);

  REQUIRE(limit(1000).ok());
  CHECK(fixture.run<Seq>(large).ok());
  CHECK(fixture.run<Seq>(fine).ok());
  CHECK(fixture.writer().healthy());
  CHECK(fixture.notices().size() == 2);
  check_file(fixture);
}

TEST_CASE("nothing is written on top of a log that could not be taken over", "[writer]") {
  EngineFixture fixture;
  const auto campaign = fixture.make_campaign(domain::Mode::kToken);
  const auto fine = [campaign](Tx& tx) { return good(tx, campaign, "good"); };
  auto reader = fixture.open(store::Connection::Access::kReadOnly);
  reader.exec("BEGIN");
  CHECK(store::Query(reader, "SELECT * FROM users").next() == false);
  REQUIRE(fixture.run<Seq>(fine).ok());
  fixture.restart();
  const auto refused = fixture.run<Seq>(fine);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().reason == Reason::kBusy);
  reader.exec("ROLLBACK");
  CHECK(fixture.run<Seq>(fine).ok());
  CHECK(fixture.number("SELECT count(*) FROM ledger WHERE actor = 'good'") == 2);
}

TEST_CASE("a writer driven by its caller does each batch at once, on the caller's thread",
          "[writer]") {
  EngineFixture fixture({.writer = {.drive = store::Writer::Drive::kCaller}});
  const auto campaign = fixture.make_campaign(domain::Mode::kToken);
  std::vector<std::string> outcomes;
  const auto operation = [&](const std::string& actor, bool keep) {
    return store::Writer::Operation{
        .name = "test",
        .execute =
            [&, actor, keep](Tx& tx) {
              tx.append({.operation = "test", .actor = actor, .campaign_id = campaign});
              outcomes.push_back(actor);
              return keep;
            },
        .fail = [&](const core::Error& error) { outcomes.emplace_back(core::name(error.reason)); }};
  };
  auto kept = operation("kept", true);
  auto refused = operation("refused", false);
  fixture.writer().run_batch({&kept, &refused});
  CHECK(outcomes == std::vector<std::string>{"kept", "refused"});
  CHECK(fixture.number("SELECT count(*) FROM ledger WHERE operation = 'test'") == 1);
  CHECK(fixture.batches().back().operations == 2);
  // With nothing to do, all is moved into the file; the log's room stays, and is written over.
  fixture.writer().run_batch({});
  const auto log_bytes = std::filesystem::file_size(fixture.path() + "-wal");
  CHECK(log_bytes > 0);
  const test::TempDir aside;
  std::filesystem::copy_file(fixture.path(), aside / "alone.db");
  {
    store::Connection alone(aside / "alone.db", store::Connection::Access::kReadOnly);
    store::Query entries(alone, "SELECT count(*) FROM ledger WHERE operation = 'test'");
    entries.next();
    CHECK(entries.integer(0) == 1);
  }
  auto another = operation("another", true);
  fixture.writer().run_batch({&another});
  CHECK(std::filesystem::file_size(fixture.path() + "-wal") == log_bytes);
  fixture.writer().stop();
  CHECK(std::filesystem::file_size(fixture.path() + "-wal") == 0);
  CHECK(fixture.run<Seq>([](Tx&) -> Result<Seq> { return Seq{}; }).error().reason ==
        Reason::kShuttingDown);
}
