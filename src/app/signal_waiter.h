// SignalWaiter: waits for the moment to stop, on a thread of its own: a signal, or somebody's word.
#pragma once

#include <functional>
#include <thread>

namespace coupon::app {

class SignalWaiter {
 public:
  // `stop` is called once, on the watch's thread, after a signal or tell().
  explicit SignalWaiter(std::function<void()> stop);
  SignalWaiter(const SignalWaiter&) = delete;
  SignalWaiter& operator=(const SignalWaiter&) = delete;
  ~SignalWaiter();

  // It is time. Any thread, any number of times.
  void tell() noexcept;

 private:
  void wait();

  const std::function<void()> stop_;
  const int told_;     // an eventfd
  const int signals_;  // a signalfd
  std::thread thread_;
};

}  // namespace coupon::app
