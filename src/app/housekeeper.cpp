#include "src/app/housekeeper.h"

#include <chrono>

#include "coupond/app/describe.h"
#include "coupond/service/sessions.h"
#include "coupond/store/ballast.h"

namespace coupon::app {
namespace {

// Often enough that a checkpoint, and so a stop, has seconds of work to read, not minutes.
constexpr std::chrono::seconds kCheckpointEvery{15};
constexpr int kPurgeEvery = 4;  // checkpoints

}  // namespace

Housekeeper::Housekeeper(service::Engine& engine, core::Log& log)
    : engine_(engine), log_(log), thread_([this] { work(); }) {}

Housekeeper::~Housekeeper() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  woken_.notify_all();
  thread_.join();
}

void Housekeeper::work() {
  store::keep_ballast(engine_.paths());
  std::unique_lock lock(mutex_);
  for (int round = 1; !woken_.wait_for(lock, kCheckpointEvery, [&] { return stopping_; });
       ++round) {
    lock.unlock();
    if (const auto done = engine_.checkpoint(); !done.ok()) {
      log_.warn("checkpoint_failed", {{"why", describe(done.error())}});
    }
    store::keep_ballast(engine_.paths());
    if (!engine_.has_its_file()) {
      log_.error("database_gone",
                 {{"file", engine_.paths().database},
                  {"what", "removed or replaced while it is served; see /readyz"}});
    }
    if (round % kPurgeEvery == 0) tidy_up();
    lock.lock();
  }
}

void Housekeeper::tidy_up() {
  const auto purged = service::purge_expired(engine_, [this] {
    const std::lock_guard lock(mutex_);
    return !stopping_;
  });
  if (!purged.ok()) log_.warn("purge_failed", {{"why", describe(purged.error())}});
}

}  // namespace coupon::app
