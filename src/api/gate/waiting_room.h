// WaitingRoom: limits on failures that refuse nobody else. A request takes one from each of its
// buckets before it is heard, so that no burst of failures gets past the limit, and gives them back
// when it was no failure. If a bucket is empty, the requests still being heard may yet give back
// what they took: whoever comes meanwhile waits for them, first come first, and is refused only
// when failures alone have emptied the bucket, or nothing has come back within `patience`.
//
// Whoever waits keeps a worker of the server busy. That cannot lock up: nobody waits while holding
// anything of a bucket, and those waited for have workers of their own, on which they finish.
// Safe on any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "coupond/core/clock.h"
#include "coupond/core/rate_limiter.h"

namespace coupon::api {

struct Bucket {
  std::string key;  // as the limiter knows it
  core::RateLimit rate;
};

class WaitingRoom {
 public:
  // `limiter` and `clock` must outlive this; nobody else takes from the buckets named here.
  WaitingRoom(core::RateLimiter& limiter, const core::Clock& clock,
              std::chrono::milliseconds patience);
  WaitingRoom(const WaitingRoom&) = delete;
  WaitingRoom& operator=(const WaitingRoom&) = delete;

 private:
  struct Waiter;
  // A bucket and who has to do with it now.
  struct Line {
    Bucket bucket;
    std::size_t users = 0;            // turns that point here
    std::size_t in_flight = 0;        // those of them that are being heard
    std::list<Waiter*> waiting = {};  // until something comes back to this bucket
  };
  using Lines = std::vector<Line*>;

 public:
  // A request that is being heard, or was refused. Must not outlive the room.
  class Turn {
   public:
    Turn() = default;
    Turn(Turn&& other) noexcept = default;
    Turn& operator=(Turn&&) = delete;
    // Whatever threw: no failure of the request, and nobody shall wait for it any longer.
    ~Turn() { end(false); }

    // When to come again; nothing if the request may be heard.
    const std::optional<core::UnixMs>& refused_until() const { return refused_until_; }
    // The request is answered. Only the first call counts.
    void end(bool failed);

   private:
    friend class WaitingRoom;
    WaitingRoom* room_ = nullptr;
    Lines lines_ = {};  // empty when it is over
    bool heard_ = false;
    std::optional<core::UnixMs> refused_until_ = {};
  };

  // Takes from all buckets or none. Waits while those in flight decide.
  Turn enter(std::vector<Bucket> buckets);

  // How many wait.
  std::size_t waiting() const;

 private:
  struct Refusal {
    Line* empty;
    core::UnixMs until;
  };

  // All of these: under the mutex.
  std::optional<Refusal> take(const Lines& lines);
  std::optional<Refusal> wait(std::unique_lock<std::mutex>& lock, const Lines& lines, Line& line);
  void finish(const Lines& lines, bool failed);
  void serve(Line& line);
  void leave(const Lines& lines);

  core::RateLimiter& limiter_;
  const core::Clock& clock_;
  const std::chrono::milliseconds patience_;
  mutable std::mutex mutex_;                     // guards all below
  std::unordered_map<std::string, Line> lines_;  // by key; only those in use
  std::size_t waiting_ = 0;
};

}  // namespace coupon::api
