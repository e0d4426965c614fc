// Housekeeper: what has to be done now and then, on a thread of its own: forget sessions and stored
// replies that have run out, sign checkpoints of the ledger, and keep the ballast.
#pragma once

#include <thread>

#include "coupond/core/log.h"
#include "coupond/core/mutex.h"
#include "coupond/service/engine.h"

namespace coupon::app {

class Housekeeper {
 public:
  Housekeeper(service::Engine& engine, core::Log& log);
  Housekeeper(const Housekeeper&) = delete;
  Housekeeper& operator=(const Housekeeper&) = delete;
  // Finishes the slice it is at.
  ~Housekeeper();

 private:
  void work();
  void end_who_pins_the_log();
  void tidy_up();

  service::Engine& engine_;
  core::Log& log_;
  core::Mutex mutex_;
  core::ConditionVariable woken_;
  bool stopping_ COUPOND_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace coupon::app
