// Uploads of more codes than one operation stores: all or none, in slices, and what becomes of one
// that does not come to its end.
#include "coupond/service/upload.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "coupond/service/coupons.h"
#include "tests/support/job_steps.h"
#include "tests/support/one_batch.h"

using namespace coupon;
using core::Reason;
using domain::JobState;
using domain::Mode;
using service::Caller;
using test::must;

namespace {

std::string code_number(int i) { return "MANY-" + std::to_string(i); }

service::CodeList list_of(int count) {
  service::CodeList list;
  for (int i = 0; i < count; ++i) list.add(code_number(i));
  return list;
}

struct UploadFixture : test::JobEngine {
  // As the book service does, on the caller's thread.
  core::Result<service::Uploaded> upload(core::CampaignId campaign, const service::CodeList& list) {
    const auto job = service::store_upload(**this, runner(), Caller::cli(), campaign, list);
    if (!job) return job.error();
    return run<service::Uploaded>(
        [&](store::Tx& tx) { return service::finish_upload(tx, job->id); });
  }
  service::JobRunner& runner() {
    if (!runner_) runner_ = std::make_unique<service::JobRunner>(**this);
    return *runner_;
  }
  // As a kill would. An upload that is under way still calls the runner.
  void end() {
    (*this)->stop();
    runner().stop();
  }
  void restart() {
    runner_.reset();
    test::JobEngine::restart();
  }
  void wait_for_jobs() {
    runner();
    while (number("SELECT count(*) FROM jobs WHERE state IN ('receiving','queued','running')")) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
  std::int64_t available() { return number("SELECT sum(available) FROM campaigns"); }
  std::int64_t job_in(const char* state) {
    std::string sql = "SELECT count(*) FROM jobs WHERE state = '";
    sql.append(state).append("'");
    return number(sql.c_str());
  }
  std::string divergence() {
    return must(read<std::string>([&](store::Connection& db) {
      const auto report = store::verify(db, store::audit_options((*this)->secrets()));
      return core::Result<std::string>(report.first_divergence.value_or(""));
    }));
  }
  core::Result<core::Done> store_code(core::CampaignId campaign, const std::string& code) {
    return run<core::Done>([&](store::Tx& tx) -> core::Result<core::Done> {
      service::CodeList list;
      list.add(code);
      const auto stored = service::upload(tx, Caller::cli(), (*this)->vault(), campaign, list);
      if (!stored) return stored.error();
      return core::Done{};
    });
  }

 private:
  std::unique_ptr<service::JobRunner> runner_;
};

void wait_for_depth(store::Writer& writer, std::size_t depth) {
  while (writer.queue_depth() < depth) std::this_thread::yield();
}

}  // namespace

TEST_CASE("an upload of many codes is numbered, counted, and a job", "[upload]") {
  UploadFixture engine;
  const auto campaign = engine.add_campaign(Mode::kPool);
  const auto stored = must(engine.upload(campaign, list_of(2500)));
  CHECK(stored.count == 2500);
  CHECK(stored.issued == 2500);
  CHECK(engine.counters(campaign) == domain::Counters{.issued = 2500, .available = 2500});
  CHECK(engine.number("SELECT max(units) FROM ledger") <= 1000);
  CHECK(engine.job_in("done") == 1);
  CHECK(engine.number("SELECT units FROM job_lots") == 2500);
}

TEST_CASE("a bad row in the middle of a long upload refuses all of it", "[upload]") {
  UploadFixture engine;
  const auto campaign = engine.add_campaign(Mode::kPool, {.max_issued = 3000});
  must(engine.store_code(campaign, "TAKEN"));
  const auto refused = [&](const char* odd_one) {
    service::CodeList list = list_of(1800);
    list.add(odd_one);
    list.add("LAST");
    const auto stored = engine.upload(campaign, list);
    REQUIRE_FALSE(stored.ok());
    return stored.error();
  };
  CHECK(refused("many 7").message == "These codes cannot be stored: many 7 (it comes twice)");
  CHECK(refused("ta-ken").message ==
        "These codes cannot be stored: ta-ken (it is in campaign summer)");
  const auto no_code = refused("b\x01");
  CHECK(no_code.reason == Reason::kInvalidRequest);
  CHECK(no_code.fields.at(0).field == "codes[1800]");
  CHECK(engine.upload(campaign, list_of(3000)).error().reason == Reason::kCampaignCapReached);
  CHECK(engine.available() == 1);
  CHECK(engine.number("SELECT count(*) FROM jobs") == 0);
  CHECK(must(engine.upload(campaign, list_of(2999))).issued == 3000);
}

TEST_CASE("another write waits for one slice of an upload at the most", "[upload]") {
  UploadFixture engine;
  const auto campaign = engine.add_campaign(Mode::kPool);
  const service::CodeList list = list_of(8000);
  engine.runner();
  auto& writer = engine->writer();
  auto upload = std::async(std::launch::async, [&] { return engine.upload(campaign, list); });
  const auto is_done = [&] {
    return upload.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  };
  int between = 0;
  while (!is_done()) {
    test::Gate gate(writer);
    const std::int64_t before = engine.counters(campaign).issued;
    // The upload's next slice is in the queue, and another's write comes after it. Not when the
    // slice and what holds the writer came into one batch.
    for (int i = 0; i < 200 && writer.queue_depth() < 1 && !is_done(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    if (writer.queue_depth() < 1) continue;
    auto other = std::async(std::launch::async, [&] {
      return must(engine.run<std::int64_t>([&](store::Tx& tx) -> core::Result<std::int64_t> {
        return tx.campaign(campaign)->counters.issued;
      }));
    });
    wait_for_depth(writer, 2);
    gate.open();
    CHECK(other.get() - before <= 1000);
    ++between;
  }
  CHECK(must(upload.get()).count == 8000);
  CHECK(between >= 2);
}

TEST_CASE("a code stored by somebody else meanwhile takes a long upload back", "[upload]") {
  UploadFixture engine;
  const auto campaign = engine.add_campaign(Mode::kPool);
  const auto other = engine.add_campaign(Mode::kPool, {}, "Other");
  const service::CodeList list = list_of(5000);
  engine.runner();
  {
    test::Gate gate(engine->writer());
    // Looked at, and to be begun; the other code comes before the first slice.
    auto upload = std::async(std::launch::async, [&] { return engine.upload(campaign, list); });
    wait_for_depth(engine->writer(), 1);
    auto rival =
        std::async(std::launch::async, [&] { return engine.store_code(other, code_number(3500)); });
    wait_for_depth(engine->writer(), 2);
    gate.open();
    CHECK(rival.get().ok());
    const auto refused = upload.get();
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().reason == Reason::kDuplicateCode);
    CHECK(refused.error().message ==
          "These codes cannot be stored: MANY-3500 (it is in campaign other)");
  }
  engine.wait_for_jobs();
  CHECK(engine.available() == 1);
  const auto freed = engine.number("SELECT count(*) FROM coupons WHERE state = 'freed'");
  CHECK(freed > 2500);  // all slices before the one with the code
  CHECK(freed <= 3500);
  CHECK(engine.job_in("failed") == 1);
  CHECK(engine.job_in("done") == 1);
  CHECK(engine.job(1).message ==
        "These codes cannot be stored: MANY-3500 (it is in campaign other). What was stored is "
        "taken back");
  // As nothing of it is left, all the others can be stored.
  CHECK(must(engine.upload(campaign, list_of(3500))).issued == freed + 3500);
  CHECK(engine.divergence().empty());
}

TEST_CASE("an upload cut off by a kill is taken back at the next start", "[upload]") {
  UploadFixture engine;
  const auto campaign = engine.add_campaign(Mode::kPool);
  const auto user = engine.make_user("ann@example.com");
  const service::CodeList list = list_of(60'000);
  engine.runner();
  auto upload = std::async(std::launch::async, [&] { return engine.upload(campaign, list); });
  while (engine.counters(campaign).issued < 2000) std::this_thread::yield();
  // One of its codes is given out before it is complete: that stays.
  const auto hash = engine->vault().hash(*core::canonical(code_number(7)));
  const service::Mint mint{engine->vault(), engine->random()};
  must(engine.run<service::Issued>(
      [&](store::Tx& tx) { return service::assign(tx, Caller::cli(), mint, hash, user.id); }));
  engine.end();
  CHECK_FALSE(upload.get().ok());
  engine.restart();
  const auto stored = engine.counters(campaign).issued;
  CHECK(stored >= 2000);
  CHECK(stored < 60'000);
  engine.wait_for_jobs();
  CHECK(engine.available() == 0);
  CHECK(engine.counters(campaign).assigned == 1);
  CHECK(engine.number("SELECT count(*) FROM coupons WHERE state = 'freed'") == stored - 1);
  CHECK(engine.job(1).state == JobState::kFailed);
  CHECK(engine.job(1).message ==
        "The server stopped before it was received in full. What was stored is taken back");
  CHECK(engine.job(2).state == JobState::kDone);
  CHECK(engine.divergence().empty());
}
