#include "src/http/request_queue.h"

namespace coupon::http {

void RequestQueue::wake_one_if_needed() {
  if (waking_ || sleepers_ == 0 || waiting_.empty()) return;
  waking_ = true;
  ready_.notify_one();
}

bool RequestQueue::push(Connection& connection) {
  const core::MutexLock lock(mutex_);
  if (closed_ || waiting_.size() >= capacity_) return false;
  waiting_.push_back(&connection);
  wake_one_if_needed();
  return true;
}

Connection* RequestQueue::pop() {
  core::MutexLock lock(mutex_);
  while (waiting_.empty()) {
    if (closed_) return nullptr;
    ++sleepers_;
    ready_.wait(lock);
    --sleepers_;
    waking_ = false;
  }
  Connection* next = waiting_.front();
  waiting_.pop_front();
  wake_one_if_needed();
  return next;
}

void RequestQueue::close() {
  const core::MutexLock lock(mutex_);
  closed_ = true;
  ready_.notify_all();
}

}  // namespace coupon::http
