// Makes the writer take certain operations in one batch, in order: a first operation holds the
// writer's thread until the others have gathered.
#pragma once

#include <cstddef>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "coupond/core/result.h"
#include "coupond/store/writer.h"

namespace coupon::test {

// The words of tests about batches.
using core::Reason;
using core::Result;
using core::Seq;
using store::Tx;
using Body = std::function<Result<Seq>(Tx&)>;

// Holds the writer's thread from construction until open().
class Gate {
 public:
  explicit Gate(store::Writer& writer) {
    auto is_in = entered_.get_future();
    caller_ = std::thread([this, &writer] {
      const auto body = [this](store::Tx&) -> core::Result<core::Done> {
        entered_.set_value();
        opened_.get_future().wait();
        return core::Done{};
      };
      static_cast<void>(writer.run<core::Done>("gate", body));
    });
    is_in.wait();
  }
  ~Gate() { open(); }
  void open() {
    if (!caller_.joinable()) return;
    opened_.set_value();
    caller_.join();
  }

 private:
  std::promise<void> entered_;
  std::promise<void> opened_;
  std::thread caller_;
};

// Runs the bodies as one batch, in this order, and gives back what became of each.
inline std::vector<core::Result<core::Seq>> run_as_one_batch(store::Writer& writer,
                                                             const std::vector<Body>& bodies) {
  std::vector<core::Result<core::Seq>> outcomes(bodies.size(), core::Reason::kInternal);
  std::vector<std::thread> callers;
  {
    Gate gate(writer);
    for (std::size_t i = 0; i < bodies.size(); ++i) {
      callers.emplace_back(
          [&, i] { outcomes[i] = writer.run<core::Seq>("in one batch", bodies[i]); });
      while (writer.queue_depth() <= i) std::this_thread::yield();
    }
  }
  for (std::thread& caller : callers) caller.join();
  return outcomes;
}

}  // namespace coupon::test
