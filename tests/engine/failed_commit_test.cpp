// Goal: what a batch did before its commit failed is nowhere to be seen, and no answer rests on it.
// Method: a disk whose sync fails at the commit. The outcome is unknown then (the pages may be in
// the file), so memory must go on saying what was known before.
#include <catch2/catch.hpp>

#include "tests/support/engine_fixture.h"
#include "tests/support/fault_vfs.h"
#include "tests/support/one_batch.h"

using namespace coupon;
using namespace coupon::test;

namespace {

constexpr char kPath[] = "/coupond.db";

// An engine with one campaign, on a disk of which every sync fails from now on.
class FailingCommit {
 public:
  FailingCommit() {
    test::make_database(kPath, disk_.name());
    fixture_ = std::make_unique<EngineFixture>(
        EngineFixture::Options{.writer = {.vfs = disk_.name()}, .path = kPath});
    campaign_ = fixture_->make_campaign(domain::Mode::kToken, {.max_issued = 1});
    disk_.plan({.io = FaultVfs::kSync, .at = 1, .for_ever = true});
  }
  ~FailingCommit() { disk_.plan({}); }

  EngineFixture& fixture() { return *fixture_; }
  core::CampaignId campaign() const { return campaign_; }

  // Takes a unit of the campaign, or refuses when it is taken.
  Body taking() const {
    return [campaign = campaign_](Tx& tx) -> Result<Seq> {
      if (tx.campaign(campaign)->counters.issued == 1) return Reason::kCampaignCapReached;
      tx.count(campaign, {.issued = 1, .assigned = 1});
      return tx.append({.operation = "test", .actor = "cli", .campaign_id = campaign, .units = 1});
    };
  }

 private:
  FaultVfs disk_;
  std::unique_ptr<EngineFixture> fixture_;
  core::CampaignId campaign_;
};

}  // namespace

TEST_CASE("what a failed commit would have changed is shown to nobody", "[writer]") {
  FailingCommit scene;
  EngineFixture& fixture = scene.fixture();
  const Seq before = fixture.writer().committed_seq();
  const auto known = fixture.counters().find(scene.campaign());
  const auto failed = fixture.run<Seq>(scene.taking());
  REQUIRE_FALSE(failed.ok());
  CHECK(failed.error().reason == Reason::kOutcomeUnknown);
  CHECK(fixture.fatals().size() == 1);

  CHECK(fixture.writer().committed_seq() == before);
  const auto after = fixture.counters().find(scene.campaign());
  CHECK((after == nullptr) == (known == nullptr));
  if (after) CHECK(after->campaign.counters.issued == 0);
  CHECK(fixture.counters().certain_refusal(scene.campaign(), {1}) == std::nullopt);
}

TEST_CASE("a refusal that rests on a failed commit is not given", "[writer]") {
  FailingCommit scene;
  const auto outcomes =
      test::run_as_one_batch(scene.fixture().writer(), {scene.taking(), scene.taking()});
  for (const auto& outcome : outcomes) {
    REQUIRE_FALSE(outcome.ok());
    CHECK(outcome.error().reason == Reason::kOutcomeUnknown);
  }
}
