// Mutex, MutexLock, ConditionVariable: the standard's, with the words by which clang checks at
// compile time (-Wthread-safety, in the long tests) that what a mutex guards is touched under it
// only. Members say COUPOND_GUARDED_BY(mutex_); a function that wants the lock held says
// COUPOND_REQUIRES(mutex_). To other compilers the words are nothing.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#ifdef __clang__
#define COUPOND_THREAD_SAFETY(word) __attribute__((word))
#else
#define COUPOND_THREAD_SAFETY(word)
#endif
#define COUPOND_GUARDED_BY(mutex) COUPOND_THREAD_SAFETY(guarded_by(mutex))
#define COUPOND_REQUIRES(mutex) COUPOND_THREAD_SAFETY(requires_capability(mutex))

namespace coupon::core {

class COUPOND_THREAD_SAFETY(capability("mutex")) Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

 private:
  friend class MutexLock;
  std::mutex mutex_;
};

// Holds the mutex to the end of its scope, but between unlock() and lock().
class COUPOND_THREAD_SAFETY(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) COUPOND_THREAD_SAFETY(acquire_capability(mutex))
      : lock_(mutex.mutex_) {}
  ~MutexLock() COUPOND_THREAD_SAFETY(release_capability()) = default;
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  void unlock() COUPOND_THREAD_SAFETY(release_capability()) { lock_.unlock(); }
  void lock() COUPOND_THREAD_SAFETY(acquire_capability()) { lock_.lock(); }

 private:
  friend class ConditionVariable;
  std::unique_lock<std::mutex> lock_;
};

// Wakes without cause, as the standard's does: wait in a loop over what is waited for. A loop, not
// a predicate, because clang does not look into one.
class ConditionVariable {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  void wait(MutexLock& lock) { changed_.wait(lock.lock_); }
  // False once the deadline has passed.
  bool wait_until(MutexLock& lock, Deadline deadline) {
    return changed_.wait_until(lock.lock_, deadline) == std::cv_status::no_timeout;
  }
  void notify_one() noexcept { changed_.notify_one(); }
  void notify_all() noexcept { changed_.notify_all(); }

 private:
  std::condition_variable changed_;
};

// From now on the steady clock's, which nobody sets.
inline ConditionVariable::Deadline deadline_in(std::chrono::nanoseconds wait) {
  return std::chrono::steady_clock::now() + wait;
}

}  // namespace coupon::core
