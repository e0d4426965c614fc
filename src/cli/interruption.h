// From its construction on, SIGINT, SIGTERM and, unless it is ignored, SIGHUP do not end the
// program but are told here, so that it can tidy up. To be made before any thread is started:
// threads inherit it. One thread.
#pragma once

#include "coupond/core/descriptor.h"

namespace coupon::cli {

class Interruption {
 public:
  Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  // Whether one of them has come.
  bool asked();

 private:
  const core::Descriptor signals_;  // a signalfd
  bool asked_ = false;
};

}  // namespace coupon::cli
