#include <algorithm>
#include <chrono>
#include <future>
#include <span>
#include <utility>
#include <vector>

#include "coupond/core/assert.h"
#include "coupond/core/limits.h"
#include "coupond/service/change_codes.h"
#include "coupond/service/jobs.h"
#include "coupond/store/jobs.h"
#include "src/service/bulk.h"
#include "src/service/job_parameters.h"

namespace coupon::service {
namespace {

// Waiting for a full queue to drain, and for an owner to make room on a full disk.
constexpr std::int64_t kBusyPauseMs = 20;
constexpr std::int64_t kFullPauseMs = 1000;
// Parts forgotten by one operation, of about 32 KiB each.
constexpr std::int64_t kForgetParts = 16;

std::string told(const core::Error& error) {
  return error.message.empty() ? std::string(core::sentence(error.reason)) : error.message;
}

// The job goes on at the next start, or has been ended by somebody else: nothing to note.
bool is_interruption(Reason reason) {
  return reason == Reason::kShuttingDown || reason == Reason::kOutcomeUnknown ||
         reason == Reason::kJobFinished;
}

// Codes made ahead of their slices.
struct Lot {
  std::vector<FreshCode> codes;
  std::uint64_t end = 0;  // the source's index after them
};

// Sorted by hash: slices then fill neighbouring pages of the index instead of one page per code,
// which is what their cost is made of.
Lot make_lot(CodeSource& source, std::int64_t count) {
  Lot lot;
  lot.codes.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    auto code = source.next();
    if (!code) break;
    code->display = {};
    lot.codes.push_back(std::move(*code));
  }
  std::sort(lot.codes.begin(), lot.codes.end(),
            [](const FreshCode& a, const FreshCode& b) { return a.hash < b.hash; });
  lot.end = source.index();
  return lot;
}

}  // namespace

JobRunner::JobRunner(Engine& engine, Options options)
    : engine_(engine),
      options_(std::move(options)),
      slice_size_({.quiet_us = options_.quiet_slice_us,
                   .busy_us = options_.busy_slice_us,
                   .codes_max = options_.slice_codes_max}) {
  // Before anybody can send a new one.
  fail_half_received();
  thread_ = std::thread([this] { work(); });
}

JobRunner::~JobRunner() { stop(); }

void JobRunner::wake() {
  {
    const core::MutexLock lock(mutex_);
    woken_ = true;
  }
  changed_.notify_all();
}

void JobRunner::stop() {
  {
    const core::MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool JobRunner::pause_unless_stopping(std::int64_t ms) {
  core::MutexLock lock(mutex_);
  const auto end = core::deadline_in(std::chrono::milliseconds(ms));
  while (!stopping_ && changed_.wait_until(lock, end)) continue;
  return !stopping_;
}

void JobRunner::work() {
  while (true) {
    {
      core::MutexLock lock(mutex_);
      while (!stopping_ && !woken_) changed_.wait(lock);
      if (stopping_) return;
      woken_ = false;
    }
    take_back_all();
    run_all();
    forget_parts();
  }
}

void JobRunner::run_all() {
  std::int64_t last = 0;
  while (!stopping_) {
    const auto job = engine_.readers().read<Job>([](store::Connection& db) -> Result<Job> {
      auto next = store::next_job(db);
      if (!next) return Reason::kUnknownJob;
      return std::move(*next);
    });
    if (!job && job.error().reason != Reason::kUnknownJob) {
      options_.notice("the next job cannot be read: " + told(job.error()));
    }
    // The same one again: it could not even be failed, so leave it for the next wake or start.
    if (!job || job->id == last) return;
    last = job->id;
    current_ = job->id;
    run(*job);
    current_ = 0;
  }
}

void JobRunner::run(const Job& job) {
  Result<Done> outcome = Reason::kInternal;
  try {
    switch (job.kind) {
      case domain::JobKind::kGenerate:
        outcome = run_generation(job);
        break;
      case domain::JobKind::kImport:
        outcome = run_import(job);
        break;
      case domain::JobKind::kChange:
        outcome = run_change(job);
        break;
    }
  } catch (const std::exception& error) {
    options_.notice("job " + std::to_string(job.id) + ": " + error.what());
  }
  if (!outcome && !stopping_ && !is_interruption(outcome.error().reason)) {
    fail(job.id, told(outcome.error()));
  }
}

Result<Done> JobRunner::run_generation(Job job) {
  auto parameters = GenerationParameters::parse(job.parameters);
  if (!parameters) return Reason::kInternal;
  auto source = CodeSource::open(engine_.vault(), engine_.random(), parameters->pattern,
                                 parameters->walk(engine_.secrets()));
  if (!source) return source.error();
  const auto lot_of = [&](std::int64_t codes) {
    return make_lot(*source, std::min(codes, options_.lot_codes));
  };

  std::future<Lot> next;  // made while the one before is being stored
  while (job.done < job.total) {
    const std::int64_t missing = job.total - job.done;
    Lot lot = next.valid() ? next.get() : lot_of(missing);
    for (FreshCode& code : lot.codes) code.value = parameters->value;
    if (lot.codes.empty()) return pattern_exhausted();
    const auto size = static_cast<std::int64_t>(lot.codes.size());
    if (missing > size) next = std::async(std::launch::async, lot_of, missing - size);
    parameters->index = lot.end;
    const std::string after_lot = parameters->to_text();
    for (std::int64_t at = 0; at < size;) {
      const std::int64_t count = std::min(slice_size_.codes(), size - at);
      const auto codes = std::span(lot.codes).subspan(static_cast<std::size_t>(at),
                                                      static_cast<std::size_t>(count));
      at += count;
      const auto stored = slice(job.id, count, [&](store::Tx& tx, Job& row) -> Result<Done> {
        const auto some = store_new_codes(tx, Caller::job(row.id), row.campaign_id, codes);
        if (!some) return some.error();
        for (const LeftOut& left : some->left_out) {
          if (left.reason == Reason::kCampaignCapReached) return left.reason;
        }
        note_lot(tx, row.id, some->generated);
        row.done += some->generated.count;
        if (at == size) row.parameters = after_lot;
        return Done{};
      });
      if (!stored) return stored.error();
      job = *stored;
    }
  }
  return Done{};
}

// One operation that goes forward by `codes`.
Result<Job> JobRunner::slice(std::int64_t id, std::int64_t codes, const SliceBody& body) {
  COUPOND_ASSERT(codes > 0);
  const auto job = write<Job>("job.slice", [&](store::Tx& tx) -> Result<Job> {
    slice_size_.begin(tx);
    auto row = store::find_job(tx.db(), id);
    if (!row || !domain::is_unfinished(row->state)) return Reason::kJobFinished;
    const std::int64_t before = row->done;
    if (auto done = body(tx, *row); !done) return done.error();
    COUPOND_ASSERT(before <= row->done && row->done <= before + codes);
    row->state = row->done == row->total ? JobState::kDone : JobState::kRunning;
    store::update_job(tx, *row);
    slice_size_.end(engine_.writer());
    return std::move(*row);
  });
  if (!job) return job.error();
  options_.slice(*job, slice_size_.adapt(codes));
  return job;
}

// Waits where waiting helps. The body may run more than once, but only its last run counts.
template <class T, class Body>
Result<T> JobRunner::write(const char* name, const Body& body) {
  std::int64_t waited_ms = 0;
  while (!stopping_) {
    auto outcome = engine_.writer().run<T>(name, body);
    if (outcome) {
      note_trouble(current_, {});
      return outcome;
    }
    const Reason reason = outcome.error().reason;
    if (reason != Reason::kBusy && reason != Reason::kStorageFull && reason != Reason::kCopyGone) {
      return outcome;
    }
    waited_ms += reason == Reason::kBusy ? kBusyPauseMs : kFullPauseMs;
    if (waited_ms >= kFullPauseMs) {
      std::string what(name);
      what += " waits: ";
      note_trouble(current_, what + told(outcome.error()));
    }
    pause_unless_stopping(reason == Reason::kBusy ? kBusyPauseMs : kFullPauseMs);
  }
  return Reason::kShuttingDown;
}

void JobRunner::fail(std::int64_t id, const std::string& message) {
  const auto failed = write<Done>("job.fail", [&](store::Tx& tx) -> Result<Done> {
    auto job = store::find_job(tx.db(), id);
    if (!job || !domain::is_unfinished(job->state)) return Reason::kJobFinished;
    job->state = JobState::kFailed;
    job->message = message;
    store::update_job(tx, *job);
    return Done{};
  });
  const std::string name = "job " + std::to_string(id);
  if (failed) return options_.notice(name + " failed: " + message);
  if (stopping_ || is_interruption(failed.error().reason)) return;
  note_trouble(id, message + "; and it cannot be marked as failed: " + told(failed.error()));
}

void JobRunner::fail_half_received() {
  const auto half_received = [&]() -> std::int64_t {
    const auto id =
        engine_.readers().read<std::int64_t>([](store::Connection& db) -> Result<std::int64_t> {
          const auto job = store::half_received_job(db);
          return job ? job->id : 0;
        });
    return id ? *id : 0;
  };
  std::int64_t last = 0;
  while (const std::int64_t id = half_received()) {
    if (stopping_ || id == last) return;
    last = id;
    take_back_now(id, "The server stopped before it was received in full");
  }
}

void JobRunner::take_back(std::int64_t upload, const core::Error& why) {
  {
    const core::MutexLock lock(mutex_);
    failed_uploads_.emplace_back(upload, told(why));
  }
  wake();
}

void JobRunner::take_back_all() {
  std::vector<std::pair<std::int64_t, std::string>> uploads;
  {
    const core::MutexLock lock(mutex_);
    uploads.swap(failed_uploads_);
  }
  for (const auto& [id, why] : uploads) take_back_now(id, why);
}

void JobRunner::take_back_now(std::int64_t upload, const std::string& why) {
  const auto begun = write<Done>("upload.take_back", [&](store::Tx& tx) -> Result<Done> {
    return begin_taking_back(tx, upload, why);
  });
  const std::string name = "job " + std::to_string(upload);
  if (begun) return options_.notice(name + " failed: " + why);
  if (stopping_ || is_interruption(begun.error().reason)) return;
  note_trouble(upload, why + "; and it cannot be taken back: " + told(begun.error()));
}

// Lines of imports that have ended early.
void JobRunner::forget_parts() {
  const auto useless = [&]() -> std::int64_t {
    const auto id = engine_.readers().read<std::int64_t>([](store::Connection& db) {
      return Result<std::int64_t>(store::job_with_useless_parts(db));
    });
    return id ? *id : 0;
  };
  while (const std::int64_t job = stopping_ ? 0 : useless()) {
    const auto forgotten = write<Done>("job.forget", [&](store::Tx& tx) -> Result<Done> {
      store::delete_job_parts(tx, job, kForgetParts);
      return Done{};
    });
    if (!forgotten) {
      if (!stopping_) {
        options_.notice("the lines of job " + std::to_string(job) +
                        " cannot be forgotten: " + told(forgotten.error()));
      }
      return;
    }
  }
}

}  // namespace coupon::service
