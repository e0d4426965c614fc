// Steps that the tests of jobs and imports share.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>

#include "coupond/service/jobs.h"
#include "coupond/store/jobs.h"
#include "tests/support/bulk_engine.h"

namespace coupon::test {

struct JobEngine : BulkEngine {
  core::Result<domain::Job> queue(const service::GenerateRequest& request) {
    auto plan = service::plan_generation(**this, service::Caller::cli(), request);
    if (!plan) return plan.error();
    return queue(*plan);
  }
  core::Result<domain::Job> import(core::CampaignId campaign, std::string_view text,
                                   service::ImportFormat format = service::ImportFormat::kCsv) {
    auto received = service::receive_import(**this, service::Caller::cli(), campaign, text,
                                            {.format = format, .confirm = true});
    if (!received) return received.error();
    return queue(*received);
  }
  core::Result<domain::Job> queue(const domain::Job& job) {
    return run<domain::Job>([&](store::Tx& tx) { return service::queue_job(tx, job); });
  }
  core::Reason refusal(const service::GenerateRequest& request) {
    const auto queued = queue(request);
    if (queued) throw std::runtime_error("not refused");
    return queued.error().reason;
  }
  core::Result<domain::Job> cancel(std::int64_t id,
                                   const service::Caller& caller = service::Caller::cli()) {
    return run<domain::Job>([&](store::Tx& tx) { return service::cancel_job(tx, caller, id); });
  }
  core::Result<domain::Job> find(const service::Caller& caller, std::int64_t id) {
    return read<domain::Job>(
        [&](store::Connection& db) { return service::find_job(db, caller, id); });
  }
  domain::Job job(std::int64_t id) { return must(find(service::Caller::cli(), id)); }

  void wait_until_finished(std::int64_t id) {
    while (domain::is_unfinished(job(id).state)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
  // Runs whatever is queued until nothing is.
  void run_all(service::JobRunner::Options options) {
    service::JobRunner runner(**this, std::move(options));
    while (number("SELECT count(*) FROM jobs WHERE state IN ('queued', 'running')") > 0 ||
           number("SELECT count(*) FROM job_parts") > 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
};

// Stops a runner in its tracks after a number of slices, until it is released or destroyed.
class Pause {
 public:
  explicit Pause(int slices) : left_(slices) {}
  ~Pause() { release(); }

  service::JobRunner::Options options(service::JobRunner::Options options) {
    options.slice = [this](const domain::Job&, std::int64_t) {
      std::unique_lock lock(mutex_);
      --left_;
      changed_.notify_all();
      changed_.wait(lock, [&] { return left_ > 0 || released_; });
    };
    return options;
  }
  // Until that many slices are done, or the job is.
  void wait(JobEngine& engine, std::int64_t job) {
    std::unique_lock lock(mutex_);
    while (left_ > 0 && domain::is_unfinished(engine.job(job).state)) {
      changed_.wait_for(lock, std::chrono::milliseconds(2));
    }
  }
  // As a kill would: the engine is gone before the runner can do anything more, and opens again.
  void kill(JobEngine& engine, service::JobRunner& runner) {
    engine->stop();
    release();
    runner.stop();
    engine.restart();
  }
  void release() {
    const std::lock_guard lock(mutex_);
    released_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  int left_;
  bool released_ = false;
};

}  // namespace coupon::test
