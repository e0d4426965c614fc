// Completion: one thread waits, another says once that it is done. The one that waits may destroy
// it as soon as wait() returns, although signal() has not: POSIX promises that of a semaphore, and
// of a mutex with a condition variable only while the mutex is held, where the waiter would wake
// to wait for it.
#pragma once

#include <semaphore.h>

#include <cerrno>

namespace coupon::store {

class Completion {
 public:
  Completion() { ::sem_init(&semaphore_, 0, 0); }
  ~Completion() { ::sem_destroy(&semaphore_); }
  Completion(const Completion&) = delete;
  Completion& operator=(const Completion&) = delete;

  void signal() { ::sem_post(&semaphore_); }
  void wait() {
    while (::sem_wait(&semaphore_) != 0 && errno == EINTR) {
    }
  }

 private:
  sem_t semaphore_;
};

}  // namespace coupon::store
