#include "src/app/housekeeper.h"

#include <chrono>

#include "coupond/app/describe.h"
#include "coupond/service/sessions.h"
#include "coupond/store/ballast.h"
#include "coupond/store/log_readers.h"

namespace coupon::app {
namespace {

// Often enough that a checkpoint, and so a stop, has seconds of work to read, not minutes.
constexpr std::chrono::seconds kTick{1};
constexpr int kCheckpointEvery = 15;  // ticks; at once after another program wrote the file
constexpr int kPurgeEvery = 4;        // checkpoints

}  // namespace

Housekeeper::Housekeeper(service::Engine& engine, core::Log& log)
    : engine_(engine), log_(log), thread_([this] { work(); }) {}

Housekeeper::~Housekeeper() {
  {
    const core::MutexLock lock(mutex_);
    stopping_ = true;
  }
  woken_.notify_all();
  thread_.join();
}

void Housekeeper::work() {
  store::keep_ballast(engine_.paths());
  std::int64_t seen = engine_.foreign_writes();
  int ticks = 0;
  int round = 0;
  auto next = core::deadline_in(kTick);
  core::MutexLock lock(mutex_);
  while (!stopping_) {
    if (woken_.wait_until(lock, next)) continue;
    next = core::deadline_in(kTick);
    const std::int64_t foreign = engine_.foreign_writes();
    if (++ticks < kCheckpointEvery && foreign == seen) continue;
    seen = foreign;
    ticks = 0;
    ++round;
    lock.unlock();
    if (const auto done = engine_.checkpoint(); !done.ok()) {
      log_.warn("checkpoint_failed", {{"why", describe(done.error())}});
    }
    store::keep_ballast(engine_.paths());
    end_who_pins_the_log();
    if (!engine_.has_its_file()) {
      log_.error("database_gone",
                 {{"file", engine_.paths().database},
                  {"what", "removed or replaced while it is served; see /readyz"}});
    }
    if (round % kPurgeEvery == 0) tidy_up();
    lock.lock();
  }
}

void Housekeeper::end_who_pins_the_log() {
  if (const auto ended = store::end_stopped_reader(engine_.paths(), store::kLongLogBytes)) {
    log_.warn("reader_ended", {{"who", *ended}, {"why", "stopped, it kept the log from ending"}});
  } else if (const auto pinned = store::pinned_log(engine_.paths(), store::kLongLogBytes)) {
    log_.warn("log_pinned", {{"what", *pinned}});
  }
}

void Housekeeper::tidy_up() {
  const auto purged = service::purge_expired(engine_, [this] {
    const core::MutexLock lock(mutex_);
    return !stopping_;
  });
  if (!purged.ok()) log_.warn("purge_failed", {{"why", describe(purged.error())}});
}

}  // namespace coupon::app
