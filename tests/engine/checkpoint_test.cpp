// Goal: an ordinary start trusts the signed checkpoint, reads only what lies beyond it, and refuses
// to serve when either is not as it must be.
#include "coupond/store/checkpoint.h"

#include <catch2/catch.hpp>
#include <map>

#include "tests/support/engine_fixture.h"
#include "tests/support/history.h"

using namespace coupon;
using store::LedgerCheck;
using test::EngineFixture;

namespace {

struct Engine {
  Engine() : fixture({.writer = {.durability = store::Durability::kRelaxed}}), history(fixture, 3) {
    history.set_up();
    history.run(300);
  }

  core::Result<LedgerCheck> check() {
    store::Connection connection(fixture.path(), store::Connection::Access::kReadOnly);
    return store::check_since_checkpoint(connection, test::test_verifier());
  }

  void write_checkpoint() {
    const auto checked = check();
    REQUIRE(checked.ok());
    store::CheckpointWriter checkpoint(*checked, test::test_signer());
    while (!step(checkpoint)) continue;
  }

  // Whether that was the last.
  bool step(store::CheckpointWriter& checkpoint) {
    const auto done =
        fixture.run<bool>([&](store::Tx& tx) { return core::Result<bool>(checkpoint.step(tx)); });
    REQUIRE(done.ok());
    return *done;
  }

  std::string refusal() {
    const auto checked = check();
    return checked ? "" : checked.error().message;
  }

  EngineFixture fixture;
  test::History history;
};

std::string tamper(Engine& engine, const std::string& sql) {
  engine.fixture.shell(
      "DROP TRIGGER IF EXISTS ledger_is_never_changed; DROP TRIGGER IF EXISTS ledger_is_never_cut;"
      "PRAGMA foreign_keys = OFF;" +
      sql);
  return engine.refusal();
}

}  // namespace

TEST_CASE("without a checkpoint everything is derived from the first entry on", "[checkpoint]") {
  Engine engine;
  const auto checked = engine.check();
  REQUIRE(checked.ok());
  CHECK(checked->trusted.value == 0);
  CHECK(checked->head.seq == engine.fixture.writer().committed_seq());
  CHECK(checked->sums.size() >= 5);
}

TEST_CASE("a checkpoint takes the place of what came before it", "[checkpoint]") {
  Engine engine;
  engine.write_checkpoint();
  const core::Seq first = engine.fixture.writer().committed_seq();
  CHECK(engine.check()->trusted == first);
  CHECK(engine.check()->head.seq == first);

  engine.history.run(200);
  CHECK(engine.check()->trusted == first);
  engine.write_checkpoint();
  CHECK(engine.check()->trusted == engine.fixture.writer().committed_seq());
  engine.fixture.stop();
  CHECK(engine.fixture.verify().ok());
}

TEST_CASE("what lies before the checkpoint is not read at a start", "[checkpoint]") {
  Engine engine;
  engine.write_checkpoint();
  engine.fixture.stop();
  // Neither is: that is what verify() is for.
  CHECK(tamper(engine, "UPDATE ledger SET actor = 'x' WHERE seq = 5") == "");
  CHECK_FALSE(engine.fixture.verify().ok());
}

TEST_CASE("an older check does not replace a newer checkpoint", "[checkpoint]") {
  Engine engine;
  const auto old = engine.check();
  engine.history.run(50);
  engine.write_checkpoint();
  store::CheckpointWriter late(*old, test::test_signer());
  CHECK(engine.step(late));
  CHECK(engine.check()->trusted == engine.fixture.writer().committed_seq());
}

TEST_CASE("a checkpoint that is ended between its steps leaves the one or the other",
          "[checkpoint]") {
  Engine engine;
  engine.write_checkpoint();
  for (int steps = 1, last = 0; last == 0; ++steps) {
    engine.history.run(40);
    const core::Seq before = engine.check()->trusted;
    const auto checked = engine.check();
    REQUIRE(checked->changed.size() >= 2);
    store::CheckpointWriter checkpoint(*checked, test::test_signer(), 1);
    for (int i = 0; i < steps && last == 0; ++i) last = engine.step(checkpoint);
    INFO(steps);
    const auto found = engine.check();
    REQUIRE(found.ok());
    CHECK((found->trusted == before || found->trusted == checked->head.seq));
    CHECK((last == 0 || found->trusted == checked->head.seq));
  }
}

TEST_CASE("a checkpoint writes the campaigns that changed, and no others", "[checkpoint]") {
  Engine engine;
  engine.write_checkpoint();
  CHECK(engine.check()->changed.empty());
  const auto campaign = engine.fixture.make_campaign(domain::Mode::kPool, {});
  CHECK(engine.check()->changed == std::vector<std::int64_t>{campaign.value});
  engine.history.run(50);
  engine.write_checkpoint();
  // What is replaced goes.
  CHECK(engine.fixture.number(
            "SELECT count(*) - count(DISTINCT campaign_id) FROM checkpoint_campaigns") == 0);
}

TEST_CASE("a start refuses what does not add up, and says what", "[checkpoint]") {
  const std::map<std::string, std::string> cases{
      {"UPDATE campaigns SET redeemed = redeemed + 1 WHERE id = 3", "campaigns 3: redeemed"},
      {"UPDATE campaigns SET available = available + 1 WHERE id = 2", "campaigns 2: available"},
      {"DELETE FROM campaigns WHERE id = 4", "campaigns 4 is missing"},
      {"INSERT INTO campaigns (id, uuid, slug, mode, name, created_at, updated_at) VALUES (999, "
       "'u', 's', 'pool', 'n', 1, 1)",
       "campaigns 999 has no ledger entry"},
      {"UPDATE checkpoint SET seq = seq - 1", "checkpoint: the signature"},
      {"UPDATE checkpoint SET hash = zeroblob(32)", "checkpoint: the signature"},
      {"UPDATE checkpoint SET at = at + 1", "checkpoint: the signature"},
      {"UPDATE checkpoint_campaigns SET issued = issued - 1 WHERE campaign_id = 2",
       "checkpoint: the signature"},
      {"DELETE FROM checkpoint_campaigns WHERE campaign_id = 2", "checkpoint: the signature"},
      {"UPDATE ledger SET hash = zeroblob(32) WHERE seq = (SELECT seq FROM checkpoint)",
       "is not the one the signed checkpoint was made at"},
      {"UPDATE ledger SET actor = 'x' WHERE seq = (SELECT seq + 2 FROM checkpoint)", "its hash"},
      {"DELETE FROM ledger WHERE seq = (SELECT max(seq) FROM ledger)", "the signed head says"},
      {"DELETE FROM ledger WHERE seq > (SELECT seq FROM checkpoint)", "the signed head says"},
      {"DELETE FROM ledger WHERE seq = (SELECT seq + 3 FROM checkpoint)", "is missing"},
      {"UPDATE ledger_head SET signature = zeroblob(64)", "ledger_head: the signature"},
      {"DELETE FROM ledger_head", "ledger_head is empty"},
  };
  for (const auto& [sql, told] : cases) {
    Engine engine;
    engine.write_checkpoint();
    engine.history.run(60);
    engine.fixture.stop();
    REQUIRE(engine.refusal() == "");
    INFO(sql);
    CHECK_THAT(tamper(engine, sql), Catch::Contains(told));
  }
}

TEST_CASE("a checkpoint by another key is not trusted", "[checkpoint]") {
  Engine engine;
  engine.write_checkpoint();
  store::Connection connection(engine.fixture.path(), store::Connection::Access::kReadOnly);
  const auto checked = store::check_since_checkpoint(
      connection, [](std::string_view, const store::Signature&) { return false; });
  REQUIRE_FALSE(checked.ok());
  CHECK(checked.error().reason == core::Reason::kInternal);
}
