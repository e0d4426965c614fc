#include "src/api/gate/waiting_room.h"

#include <condition_variable>
#include <utility>

namespace coupon::api {

struct WaitingRoom::Waiter {
  const Lines& lines;
  Line* at;  // whose bucket was empty
  bool answered = false;
  std::optional<Refusal> refusal = {};
  std::condition_variable changed = {};
};

WaitingRoom::WaitingRoom(core::RateLimiter& limiter, const core::Clock& clock,
                         std::chrono::milliseconds patience)
    : limiter_(limiter), clock_(clock), patience_(patience) {}

WaitingRoom::Turn WaitingRoom::enter(std::vector<Bucket> buckets) {
  Turn turn;
  turn.room_ = this;
  turn.lines_.reserve(buckets.size());
  std::unique_lock lock(mutex_);
  for (Bucket& bucket : buckets) {
    const auto [line, is_new] = lines_.try_emplace(bucket.key);
    if (is_new) line->second.bucket = std::move(bucket);
    ++line->second.users;
    turn.lines_.push_back(&line->second);
  }
  auto refusal = take(turn.lines_);
  if (refusal && refusal->empty->in_flight > 0) {
    refusal = wait(lock, turn.lines_, *refusal->empty);
  }
  turn.heard_ = !refusal;
  if (refusal) {
    turn.refused_until_ = refusal->until;
    leave(std::exchange(turn.lines_, {}));
  }
  return turn;
}

void WaitingRoom::Turn::end(bool failed) {
  if (lines_.empty()) return;
  const Lines lines = std::exchange(lines_, {});
  const std::lock_guard lock(room_->mutex_);
  if (heard_) room_->finish(lines, failed);
  room_->leave(lines);
}

void WaitingRoom::finish(const Lines& lines, bool failed) {
  const core::UnixMs now = clock_();
  for (Line* line : lines) {
    --line->in_flight;
    if (!failed) limiter_.give_back(line->bucket.key, line->bucket.rate, now);
  }
  for (Line* line : lines) serve(*line);
}

std::optional<WaitingRoom::Refusal> WaitingRoom::take(const Lines& lines) {
  // Read under the mutex: the limiter takes an earlier time for a clock that was set back.
  const core::UnixMs now = clock_();
  for (auto line = lines.begin(); line != lines.end(); ++line) {
    const core::Verdict verdict = limiter_.take((*line)->bucket.key, (*line)->bucket.rate, now);
    if (verdict.allowed) continue;
    for (auto taken = lines.begin(); taken != line; ++taken) {
      limiter_.give_back((*taken)->bucket.key, (*taken)->bucket.rate, now);
    }
    return Refusal{*line, now + verdict.retry_after_s * core::kMsPerSecond};
  }
  for (Line* line : lines) ++line->in_flight;
  return std::nullopt;
}

std::optional<WaitingRoom::Refusal> WaitingRoom::wait(std::unique_lock<std::mutex>& lock,
                                                      const Lines& lines, Line& line) {
  Waiter me{.lines = lines, .at = &line};
  line.waiting.push_back(&me);
  ++waiting_;
  me.changed.wait_for(lock, patience_, [&] { return me.answered; });
  --waiting_;
  if (me.answered) return me.refusal;
  me.at->waiting.remove(&me);
  return take(lines);  // time may have refilled what nobody gave back
}

// Answers whom it can of those who wait at a line where one has finished. Who finishes takes for
// those who wait: nobody who comes later gets ahead of them, and nobody is woken for nothing.
void WaitingRoom::serve(Line& line) {
  while (!line.waiting.empty()) {
    Waiter& first = *line.waiting.front();
    first.refusal = take(first.lines);
    if (first.refusal && first.refusal->empty->in_flight > 0) {
      Line& empty = *first.refusal->empty;
      if (&empty == &line) return;
      first.at = &empty;
      empty.waiting.splice(empty.waiting.end(), line.waiting, line.waiting.begin());
      continue;
    }
    line.waiting.pop_front();
    first.answered = true;
    first.changed.notify_one();
  }
}

void WaitingRoom::leave(const Lines& lines) {
  for (Line* line : lines) {
    if (--line->users == 0) lines_.erase(lines_.find(line->bucket.key));
  }
}

std::size_t WaitingRoom::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_;
}

}  // namespace coupon::api
