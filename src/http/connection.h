// One client's socket with what has come and what has still to go. Never blocks, except
// flush_all(). Used by one thread at a time: the event loop, or the worker that has its request;
// `owner` says which and is the only member both may touch.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "coupond/core/descriptor.h"
#include "src/http/memory_budget.h"
#include "src/http/request_reader.h"

namespace coupon::http {

class Connection {
 public:
  enum class Phase {
    kReading,   // waits for a request or the rest of one
    kWriting,   // the kernel could not take the whole reply at once
    kDraining,  // has been told that we close; we listen until it has gone
  };
  // kParked: nobody's; the loop may take it at any time. kBusy: the loop's or a worker's.
  // kBusyWithEvent: and meanwhile something happened on the socket.
  enum class Owner { kParked, kBusy, kBusyWithEvent };
  enum class Received { kBytes, kNothing, kEnd };
  enum class Flushed { kAll, kPart, kBroken };

  // Takes the socket over; it must be non-blocking. `address` is the other end, `limit_key` whom
  // limits count (core::IpAddress::rate_key). `budget` must outlive this.
  Connection(core::Descriptor socket, std::string address, std::string limit_key,
             std::size_t body_bytes, MemoryBudget& budget);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int fd() const { return socket_.fd(); }
  const std::string& address() const { return address_; }
  const std::string& limit_key() const { return limit_key_; }

  // Moves what has arrived, at most `scratch`, to the reader. kNothing: an event will announce
  // more.
  Received receive(std::span<char> scratch);
  // Reads and throws away at most `scratch`.
  Received discard(std::span<char> scratch);
  // Sends as much of `out`, and then of `shared_out`, as the kernel takes.
  Flushed flush();
  // Sends all of it, waiting up to `timeout_ms` for the client, or until `stopping`.
  bool flush_all(int timeout_ms, const std::atomic<bool>& stopping);
  void send_continue();
  // Says that nothing more will come from us.
  void finish_sending();
  // The next close is a reset, so that a torn reply cannot be taken for a whole one.
  void cut();
  bool is_cut() const { return cut_; }
  // Forgets the request answered and waits for the next.
  void begin_next();
  // Tells the budget what this connection holds now: of a request that has come in part, or of a
  // reply that was taken in part.
  void charge();
  // Lets go of a request that was refused; its answer goes on.
  void drop_request();
  std::size_t charged_bytes() const { return charged_; }
  // Bytes moved of what is held, in the direction it goes: small for who is slow.
  std::size_t moved_bytes() const { return phase == Phase::kReading ? reader.held_bytes() : sent_; }
  bool all_sent() const { return out.empty() && shared_out == nullptr; }
  // The kernel may hold bytes, or the end of the stream, that no event will announce any more.
  bool unread_in_kernel() const { return unread_in_kernel_; }
  void note_unread() { unread_in_kernel_ = true; }

  std::atomic<Owner> owner{Owner::kBusy};
  Phase phase = Phase::kReading;
  RequestReader reader;
  std::string out;  // reply bytes
  // What follows `out`: a constant body, of which there is one copy for all who ask for it.
  std::shared_ptr<const std::string> shared_out;
  bool asks_limit = false;  // the worker is asked for the body's limit, not for a reply
  bool close_after_reply = false;
  std::int64_t deadline_ms = 0;  // steady clock; when the loop loses patience
  std::int64_t started_ms = 0;   // when the first byte of the current request came; 0: none yet
  std::int64_t complete_us = 0;  // when the last one came
  std::size_t drained_bytes = 0;
  std::size_t index = 0;  // the loop's place for it

 private:
  // recv() into scratch; updates unread_in_kernel_. Returns bytes, 0 for nothing now, -1 for end.
  int take(std::span<char> scratch);
  ssize_t send_rest();

  MemoryBudget& budget_;
  std::size_t charged_ = 0;
  const core::Descriptor socket_;
  const std::string address_;
  const std::string limit_key_;
  std::size_t sent_ = 0;  // of out and shared_out together
  bool unread_in_kernel_ = false;
  bool cut_ = false;
};

}  // namespace coupon::http
