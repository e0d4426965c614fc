// What the event loop does with one connection, phase by phase.
#include <algorithm>

#include "coupond/http/problem.h"
#include "src/http/event_loop.h"

namespace coupon::http {
namespace {

using Phase = Connection::Phase;
using Received = Connection::Received;
using Step = RequestReader::Step;

// How much a client may still send after we said that we close. Listening on spares it a reset,
// which would take our reply from it.
constexpr std::size_t kDrainBytes = 4 * 1024 * 1024;

constexpr WireRefusal kQueueFull{503, "busy", "The server is busy; try again in a moment."};

}  // namespace

void EventLoop::drive(Connection& connection) {
  for (;;) {
    if (connection.is_cut()) return close(connection);
    if (connection.phase == Phase::kDraining) return drain(connection);
    const bool changed =
        connection.phase == Phase::kReading ? read_request(connection) : write_reply(connection);
    if (!changed) return;
  }
}

bool EventLoop::read_request(Connection& connection) {
  for (;;) {
    if (stopping_.load()) {
      close(connection);
      return false;
    }
    const Step step = connection.reader.next();
    if (step == Step::kComplete) return hand_over(connection);
    if (step == Step::kAskLimit) {
      connection.asks_limit = true;
      connection.reader.request().local = is_local();
      return push(connection);
    }
    if (step == Step::kRefused) {
      refuse(connection, connection.reader.refusal());
      return true;
    }
    if (connection.started_ms == 0 && connection.reader.started()) connection.started_ms = now_ms_;
    if (connection.reader.take_continue()) connection.send_continue();
    connection.charge();
    if (connection.reader.large_body_bytes() > 0 && budget_.is_over()) {
      large_waiting_.push_back(&connection);
      return false;
    }
    const Received received = connection.receive(scratch_);
    if (received == Received::kBytes) continue;
    if (received == Received::kEnd) {
      close(connection);
    } else {
      park(connection, request_deadline(connection));
    }
    return false;
  }
}

std::int64_t EventLoop::request_deadline(const Connection& connection) const {
  if (connection.started_ms == 0) return now_ms_ + options_.idle_timeout_ms;
  // By what has come, not by what was announced: who sends nothing gains no time.
  const std::size_t large_body_s =
      connection.reader.large_body_bytes() / options_.large_body_bytes_per_s;
  return connection.started_ms + options_.request_deadline_ms +
         static_cast<std::int64_t>(large_body_s) * 1000;
}

bool EventLoop::hand_over(Connection& connection) {
  Request& request = connection.reader.request();
  request.peer_address = connection.address();
  request.local = is_local();
  request.request_id = ids_.of(request);
  request.received_at = clock_();
  const bool believed = options_.trusted_proxies.resolve(request);
  if (!believed && !told_of_distrusted_) {
    told_of_distrusted_ = true;
    if (hooks_.on_distrusted) hooks_.on_distrusted(connection.address());
  }
  connection.complete_us = steady_us();
  return push(connection);
}

bool EventLoop::push(Connection& connection) {
  // Once queued it is a worker's.
  if (queue_.push(connection)) return false;
  refuse(connection, kQueueFull);
  return true;
}

void EventLoop::refuse(Connection& connection, const WireRefusal& refusal) {
  const Request& request = connection.reader.request();
  const std::string request_id = ids_.of(request);
  Reply reply = problem_reply(request_id, refusal.status, refusal.code, refusal.detail);
  if (refusal.status == 503) reply.headers.emplace_back("Retry-After", "1");
  options_.allowed_origins.mark(request, reply);
  ReplyContext context{.request_id = request_id, .now = clock_()};
  if (request.method == "HEAD") context.method = "HEAD";
  responder_.write(reply, context, connection.out, {});
  connection.close_after_reply = true;
  connection.phase = Phase::kWriting;
  connection.deadline_ms = now_ms_ + options_.write_timeout_ms;
  if (hooks_.on_refusal) hooks_.on_refusal(connection.address(), refusal.status, refusal.code);
}

bool EventLoop::write_reply(Connection& connection) {
  switch (connection.flush()) {
    case Connection::Flushed::kBroken:
      close(connection);
      return false;
    case Connection::Flushed::kPart:
      connection.charge();
      // The deadline is the reply's, set when writing began: a trickle does not extend it.
      park(connection, connection.deadline_ms);
      return false;
    case Connection::Flushed::kAll:
      break;
  }
  if (connection.close_after_reply) {
    connection.finish_sending();
    connection.phase = Phase::kDraining;
    connection.deadline_ms = now_ms_ + options_.drain_timeout_ms;
  } else {
    connection.begin_next();
  }
  return true;
}

void EventLoop::drain(Connection& connection) {
  for (;;) {
    const Received received = connection.discard(scratch_);
    if (received == Received::kNothing) return park(connection, connection.deadline_ms);
    if (received == Received::kEnd || connection.drained_bytes > kDrainBytes) {
      return close(connection);
    }
  }
}

}  // namespace coupon::http
