// SignalWaiter: waits for the moment to stop, on a thread of its own: a signal, or ask_to_stop().
#pragma once

#include <functional>
#include <thread>

#include "coupond/core/descriptor.h"

namespace coupon::app {

class SignalWaiter {
 public:
  // `stop` is called once, on its thread, after a signal or ask_to_stop().
  explicit SignalWaiter(std::function<void()> stop);
  SignalWaiter(const SignalWaiter&) = delete;
  SignalWaiter& operator=(const SignalWaiter&) = delete;
  ~SignalWaiter();

  // It is time. Any thread, any number of times.
  void ask_to_stop() noexcept;

 private:
  void wait();

  const std::function<void()> stop_;
  const core::Descriptor stop_event_;  // an eventfd
  const core::Descriptor signals_;     // a signalfd
  std::thread thread_;
};

}  // namespace coupon::app
