// The bounded line between the event loop and the workers. Any thread.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>

namespace coupon::http {

class Connection;

class RequestQueue {
 public:
  explicit RequestQueue(std::size_t capacity) : capacity_(capacity) {}

  // False when full or closed: nothing was queued.
  bool push(Connection& connection) {
    {
      const std::lock_guard lock(mutex_);
      if (closed_ || waiting_.size() >= capacity_) return false;
      waiting_.push_back(&connection);
    }
    ready_.notify_one();
    return true;
  }

  // Waits for the next one; null once the queue is closed and empty.
  Connection* pop() {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
    if (waiting_.empty()) return nullptr;
    Connection* next = waiting_.front();
    waiting_.pop_front();
    return next;
  }

  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    ready_.notify_all();
  }

 private:
  const std::size_t capacity_;
  std::mutex mutex_;  // guards waiting_, closed_
  std::condition_variable ready_;
  std::deque<Connection*> waiting_;
  bool closed_ = false;
};

}  // namespace coupon::http
