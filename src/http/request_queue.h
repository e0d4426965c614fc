// The bounded line between the event loop and the workers. Any thread.
#pragma once

#include <cstddef>
#include <deque>

#include "coupond/core/mutex.h"

namespace coupon::http {

class Connection;

class RequestQueue {
 public:
  explicit RequestQueue(std::size_t capacity) : capacity_(capacity) {}

  // False when full or closed: nothing was queued.
  bool push(Connection& connection);
  // Waits for the next one; null once the queue is closed and empty.
  Connection* pop();
  void close();

 private:
  // Wakes one sleeper where there is work for one and none is on its way already. The one woken
  // calls the next, so handlers that block still get all workers, while those that take
  // microseconds are run by the few that are awake: waking costs more than they do.
  void wake_one_if_needed() COUPOND_REQUIRES(mutex_);

  const std::size_t capacity_;
  core::Mutex mutex_;
  core::ConditionVariable ready_;
  std::deque<Connection*> waiting_ COUPOND_GUARDED_BY(mutex_);
  std::size_t sleepers_ COUPOND_GUARDED_BY(mutex_) = 0;
  // A sleeper has been called and has not come yet.
  bool waking_ COUPOND_GUARDED_BY(mutex_) = false;
  bool closed_ COUPOND_GUARDED_BY(mutex_) = false;
};

}  // namespace coupon::http
