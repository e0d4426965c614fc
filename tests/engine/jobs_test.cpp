#include "coupond/service/jobs.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "coupond/core/limits.h"
#include "coupond/store/jobs.h"
#include "tests/support/bulk_engine.h"
#include "tests/support/job_steps.h"

using namespace coupon;
using core::Reason;
using domain::Job;
using domain::JobState;
using service::Caller;
using service::JobRunner;
using test::JobEngine;
using test::must;
using test::Pause;

TEST_CASE("a generation job makes exactly what it was asked for", "[jobs]") {
  JobEngine engine;
  const auto campaign = engine.add_campaign(domain::Mode::kPool);
  const Job queued = must(engine.queue({campaign, 5000, {}}));
  CHECK(queued.state == JobState::kQueued);
  CHECK(queued.total == 5000);
  engine.run_all({.slice_codes_max = 700, .lot_codes = 1500});
  const Job job = engine.job(queued.id);
  CHECK(job.state == JobState::kDone);
  CHECK(job.done == 5000);
  CHECK(job.refused == 0);
  CHECK(engine.counters(campaign) == domain::Counters{.issued = 5000, .available = 5000});
  CHECK(engine.number("SELECT count(*) FROM coupons") == 5000);
  CHECK(engine.number("SELECT count(DISTINCT pool_slot) FROM coupons") == 5000);
  CHECK(engine.number("SELECT sum(units) FROM ledger WHERE actor = 'job:1'") == 5000);
  CHECK(engine.number("SELECT max(units) FROM ledger") <= 700);
}

TEST_CASE("jobs run one after the other, oldest first", "[jobs]") {
  JobEngine engine;
  const auto campaign = engine.add_campaign(domain::Mode::kCard);
  const Job first = must(engine.queue({campaign, 300, {}}));
  const Job second = must(engine.queue({campaign, 200, {}}));
  engine.run_all({});
  CHECK(engine.job(first.id).state == JobState::kDone);
  CHECK(engine.job(second.id).state == JobState::kDone);
  CHECK(engine.number("SELECT max(seq) FROM ledger WHERE actor = 'job:1'") <
        engine.number("SELECT min(seq) FROM ledger WHERE actor = 'job:2'"));
}

TEST_CASE("a job cut off at any slice goes on at the next start, none lost or doubled", "[jobs]") {
  JobEngine engine;
  const auto campaign = engine.add_campaign(domain::Mode::kPool);
  const Job job = must(engine.queue({campaign, 2000, {}}));
  int starts = 0;
  std::int64_t last = 0;
  while (domain::is_unfinished(engine.job(job.id).state)) {
    REQUIRE(++starts < 100);
    Pause pause(1 + starts % 3);
    JobRunner runner(*engine, pause.options({.slice_codes_max = 64, .lot_codes = 150}));
    pause.wait(engine, job.id);
    pause.kill(engine, runner);
    const std::int64_t done = engine.job(job.id).done;
    CHECK(done > last);
    CHECK(done == engine.number("SELECT count(*) FROM coupons"));
    last = done;
  }
  CHECK(starts > 5);
  CHECK(engine.job(job.id).done == 2000);
  CHECK(engine.number("SELECT count(*) FROM coupons") == 2000);
  CHECK(engine.counters(campaign) == domain::Counters{.issued = 2000, .available = 2000});
}

TEST_CASE("a job that fills a small space resumes where it stood", "[jobs]") {
  JobEngine engine;
  const auto campaign = engine.add_campaign(domain::Mode::kPool, {.code_pattern = "{NUMERIC:3}"});
  CHECK(engine.refusal({campaign, 1001, {}}) == Reason::kPatternExhausted);
  const Job job = must(engine.queue({campaign, 1000, {}}));
  int starts = 0;
  while (domain::is_unfinished(engine.job(job.id).state)) {
    REQUIRE(++starts < 100);
    Pause pause(2);
    JobRunner runner(*engine, pause.options({.slice_codes_max = 60, .lot_codes = 250}));
    pause.wait(engine, job.id);
    pause.kill(engine, runner);
  }
  CHECK(starts > 3);
  CHECK(engine.job(job.id).state == JobState::kDone);
  CHECK(engine.number("SELECT count(*) FROM coupons") == 1000);
  CHECK(engine.refusal({campaign, 1, {}}) == Reason::kPatternExhausted);
}

TEST_CASE("codes that came to exist in the meantime are replaced by others", "[jobs]") {
  JobEngine engine;
  const auto campaign = engine.add_campaign(domain::Mode::kPool, {.code_pattern = "{NUMERIC:3}"});
  const Job job = must(engine.queue({campaign, 600, {}}));
  must(service::generate(*engine, Caller::cli(), {campaign, 400, {}}));
  engine.run_all({.slice_codes_max = 50, .lot_codes = 100});
  CHECK(engine.job(job.id).state == JobState::kDone);
  CHECK(engine.number("SELECT count(*) FROM coupons") == 1000);
}

TEST_CASE("a job whose space somebody else has filled fails and keeps what it stored", "[jobs]") {
  JobEngine engine;
  const auto campaign = engine.add_campaign(domain::Mode::kPool, {.code_pattern = "{NUMERIC:3}"});
  const Job job = must(engine.queue({campaign, 600, {}}));
  must(service::generate(*engine, Caller::cli(), {campaign, 500, {}}));
  engine.run_all({});
  const Job failed = engine.job(job.id);
  CHECK(failed.state == JobState::kFailed);
  CHECK(failed.done == 500);
  CHECK(failed.message == core::sentence(Reason::kPatternExhausted));
  CHECK(engine.number("SELECT count(*) FROM coupons") == 1000);
}

TEST_CASE("a job that meets the campaign's cap fails and stays below it", "[jobs]") {
  JobEngine engine;
  const auto campaign = engine.add_campaign(domain::Mode::kPool, {.max_issued = 1000});
  CHECK(engine.refusal({campaign, 1001, {}}) == Reason::kCampaignCapReached);
  const Job job = must(engine.queue({campaign, 1000, {}}));
  must(service::generate(*engine, Caller::cli(), {campaign, 1, {}}));
  engine.run_all({.slice_codes_max = 100});
  const Job failed = engine.job(job.id);
  CHECK(failed.state == JobState::kFailed);
  CHECK(failed.message == core::sentence(Reason::kCampaignCapReached));
  CHECK(engine.counters(campaign).issued == failed.done + 1);
}

TEST_CASE("a cancelled job stops after the slice it is in and keeps its codes", "[jobs]") {
  JobEngine engine;
  const auto campaign = engine.add_campaign(domain::Mode::kPool);
  const Job job = must(engine.queue({campaign, 5000, {}}));
  Pause pause(3);
  JobRunner runner(*engine, pause.options({.slice_codes_max = 50}));
  pause.wait(engine, job.id);
  const Job cancelled = must(engine.cancel(job.id));
  CHECK(cancelled.state == JobState::kCancelled);
  pause.release();
  const Job next = must(engine.queue({campaign, 10, {}}));
  runner.wake();
  engine.wait_until_finished(next.id);
  CHECK(engine.job(job.id).done == cancelled.done);
  CHECK(engine.counters(campaign).issued == cancelled.done + 10);
  const auto again = engine.cancel(job.id);
  REQUIRE_FALSE(again.ok());
  CHECK(again.error().reason == Reason::kJobFinished);
}

TEST_CASE("what names a job's codes in the file is not the order they come in", "[jobs]") {
  JobEngine engine;
  const auto campaign = engine.add_campaign(domain::Mode::kPool, {.code_pattern = "{NUMERIC:3}"});
  const Job first = must(engine.queue({campaign, 10, {}}));
  const Job second = must(engine.queue({campaign, 10, {}}));
  CHECK(first.parameters != second.parameters);
  CHECK(first.parameters.find("\"seed\":\"") != std::string::npos);
}

TEST_CASE("jobs are for administrators, and reading them for who may read", "[jobs]") {
  JobEngine engine;
  const auto campaign = engine.add_campaign(domain::Mode::kPool);
  const auto staff = Caller::user({1}, domain::Role::kStaff);
  const auto user = Caller::user({2}, domain::Role::kUser);
  const auto planned = service::plan_generation(*engine, staff, {campaign, 5000, {}});
  REQUIRE_FALSE(planned.ok());
  CHECK(planned.error().reason == Reason::kForbidden);
  const Job job = must(engine.queue({campaign, 5000, {}}));
  CHECK(engine.find(staff, job.id).ok());
  CHECK(engine.find(user, job.id).error().reason == Reason::kForbidden);
  CHECK(engine.find(staff, 99).error().reason == Reason::kUnknownJob);
  CHECK(engine.cancel(job.id, staff).error().reason == Reason::kForbidden);
}
