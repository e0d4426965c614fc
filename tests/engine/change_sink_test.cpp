// A sink that says who may write: what the writer does when it says no, and when it does not know.
#include <catch2/catch.hpp>

#include "coupond/store/change_record.h"
#include "tests/support/engine_fixture.h"

using namespace coupon;
using core::Reason;
using test::EngineFixture;
using Stored = store::ChangeSink::Stored;

namespace {

// Says what it is told to, and notes what it was asked.
class Judge : public store::ChangeSink {
 public:
  Stored append(const store::ChangeRecord& record) override {
    asked += "append " + std::to_string(record.position) + " ";
    return answer;
  }
  void committed() override { asked += "committed "; }
  bool take_back() override {
    asked += "take back ";
    return false;
  }
  Stored confirm() override {
    asked += "confirm ";
    return answer;
  }
  core::Error refusal() const override {
    return {.reason = Reason::kShuttingDown, .message = "Another one leads."};
  }

  Stored answer = Stored::kYes;
  std::string asked;
};

struct Shop {
  Shop() {
    test::make_database(path);
    fixture = std::make_unique<EngineFixture>(EngineFixture::Options{
        .writer = {.drive = store::Writer::Drive::kCaller, .changes = &judge}, .path = path});
    user = fixture->make_user(100);
    judge.asked.clear();
  }
  core::Result<core::Done> give(std::int64_t credit) {
    return fixture->run<core::Done>(
        [&](store::Tx& tx) { return test::give_credit(tx, user, credit); });
  }
  core::Result<core::Done> refused() {
    return fixture->run<core::Done>(
        [](store::Tx&) -> core::Result<core::Done> { return Reason::kUserCapReached; });
  }
  std::int64_t credit() { return fixture->number("SELECT credit FROM balances"); }
  std::int64_t position() { return fixture->number("SELECT position FROM change_position"); }

  test::TempDir directory;
  const std::string path = directory / "coupond.db";
  Judge judge;
  std::unique_ptr<EngineFixture> fixture;
  core::UserId user;
};

}  // namespace

TEST_CASE("what a sink does not take is not executed, and the next one takes its number") {
  Shop shop;
  shop.judge.answer = Stored::kNotOurs;
  const auto done = shop.give(7);
  REQUIRE_FALSE(done.ok());
  CHECK(done.error().reason == Reason::kShuttingDown);
  CHECK(done.error().message == "Another one leads.");
  CHECK(shop.credit() == 100);
  CHECK(shop.position() == 1);
  CHECK(shop.judge.asked == "append 2 ");
  CHECK(shop.fixture->fatals().empty());
  shop.judge.answer = Stored::kYes;
  CHECK(shop.give(5).ok());
  CHECK(shop.credit() == 105);
  CHECK(shop.judge.asked == "append 2 append 2 committed ");
  CHECK(shop.fixture->verify().ok());
}

TEST_CASE("where nobody can tell whether a sink took a change, the process leaves") {
  Shop shop;
  shop.judge.answer = Stored::kUnknown;
  const auto done = shop.give(7);
  REQUIRE_FALSE(done.ok());
  CHECK(done.error().reason == Reason::kOutcomeUnknown);
  CHECK(shop.fixture->fatals().size() == 1);
  shop.judge.answer = Stored::kYes;
  CHECK(shop.give(5).error().reason == Reason::kShuttingDown);
  CHECK(shop.credit() == 100);
  CHECK(shop.judge.asked == "append 2 ");
}

TEST_CASE("a refusal is told only when the sink confirms it, and is no change") {
  Shop shop;
  CHECK(shop.refused().error().reason == Reason::kUserCapReached);
  CHECK(shop.judge.asked == "confirm ");
  for (const Stored no : {Stored::kNotOurs, Stored::kUnknown}) {
    shop.judge.answer = no;
    CHECK(shop.refused().error().reason == Reason::kShuttingDown);
  }
  // What was only tried is told likewise.
  const auto tried = shop.fixture->writer().run<core::Done>(
      "test", [](store::Tx&) -> core::Result<core::Done> { return core::Done{}; },
      store::Writer::Intent::kDryRun);
  CHECK(tried.error().reason == Reason::kShuttingDown);
  CHECK(shop.fixture->fatals().empty());
  shop.judge.answer = Stored::kYes;
  CHECK(shop.give(5).ok());
  CHECK(shop.position() == 2);
}

TEST_CASE("a batch with a change and a refusal asks once for both") {
  Shop shop;
  std::vector<Reason> told;
  store::Writer::Operation change{
      .name = "test",
      .execute =
          [&](store::Tx& tx) {
            store::Query(tx.db(), "UPDATE users SET name = 'x' WHERE id = ?1", shop.user).run();
            return true;
          },
      .fail = [&](const core::Error& error) { told.push_back(error.reason); }};
  store::Writer::Operation refusal{
      .name = "test",
      .execute = [](store::Tx&) { return false; },
      .fail = [&](const core::Error& error) { told.push_back(error.reason); }};
  shop.judge.answer = Stored::kNotOurs;
  shop.fixture->writer().run_batch({&change, &refusal});
  CHECK(shop.judge.asked == "append 2 ");
  CHECK(told == std::vector<Reason>{Reason::kShuttingDown, Reason::kShuttingDown});
}
