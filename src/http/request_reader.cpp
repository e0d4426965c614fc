#include "src/http/request_reader.h"

#include <algorithm>

#include "coupond/http/uri.h"

namespace coupon::http {
namespace {

constexpr Refusal kBadEscape{400, "malformed_request",
                             "The path or query has a bad escape, a control character or text "
                             "that is not UTF-8."};
constexpr Refusal kBodyTooLarge{413, "body_too_large",
                                "The request's body is too large, or too large for whoever sends "
                                "it."};
constexpr Refusal kNoRoomForBody{503, "busy", "Too many large uploads at once; try again."};

// An idle connection keeps no more than this; a burst of large requests must not cost for ever.
constexpr std::size_t kIdleBufferBytes = 4096;

}  // namespace

RequestReader::Step RequestReader::next() {
  if (!head_done_) {
    const Step step = read_head();
    if (step != Step::kComplete) return step;
  }
  return read_body();
}

RequestReader::Step RequestReader::refuse(const Refusal& refusal) {
  refusal_ = refusal;
  keep_alive_ = false;
  return Step::kRefused;
}

RequestReader::Step RequestReader::read_head() {
  if (auto refusal = scanner_.scan(input_)) return refuse(*refusal);
  if (scanner_.size() == 0) return Step::kNeedMore;

  Head head;
  const auto refusal = parse_head(std::string_view(input_).substr(0, scanner_.size()), head);
  const bool decoded = fill_request(head);
  if (refusal) return refuse(*refusal);
  if (!decoded) return refuse(kBadEscape);
  if (auto too_large = admit_body(head.content_length)) return refuse(*too_large);
  keep_alive_ = head.keep_alive;
  continue_due_ = head.expects_continue;
  body_missing_ = head.content_length;
  input_.erase(0, scanner_.size());
  head_done_ = true;
  return Step::kComplete;
}

bool RequestReader::fill_request(const Head& head) {
  request_.method = head.method;
  request_.http_1_0 = head.http_1_0;
  request_.target_path = head.path;
  request_.headers.assign(head.fields.begin(), head.fields.end());
  return split_path(head.path, request_.segments) && split_query(head.query, request_.query);
}

std::optional<Refusal> RequestReader::admit_body(std::size_t bytes) {
  if (bytes <= policy_.body_bytes) return std::nullopt;
  const std::size_t own_limit = policy_.limit_of ? policy_.limit_of(request_) : 0;
  if (bytes > std::max(own_limit, policy_.body_bytes)) return kBodyTooLarge;
  large_bytes_ = bytes;
  if (policy_.large_bytes_now.fetch_add(bytes) + bytes > policy_.large_bytes_total) {
    return_large_body();
    return kNoRoomForBody;
  }
  return std::nullopt;
}

RequestReader::Step RequestReader::read_body() {
  const std::size_t bytes = std::min(body_missing_, input_.size());
  if (bytes > 0 && request_.body.empty()) request_.body.reserve(body_missing_);
  request_.body.append(input_, 0, bytes);
  input_.erase(0, bytes);
  body_missing_ -= bytes;
  return body_missing_ == 0 ? Step::kComplete : Step::kNeedMore;
}

bool RequestReader::take_continue() {
  // A client that has begun to send the body does not wait any more (RFC 9110, 10.1.1).
  const bool due = head_done_ && continue_due_ && body_missing_ > 0 && request_.body.empty();
  if (head_done_) continue_due_ = false;
  return due;
}

void RequestReader::return_large_body() {
  if (large_bytes_ > 0) policy_.large_bytes_now.fetch_sub(large_bytes_);
  large_bytes_ = 0;
}

void RequestReader::reset() {
  return_large_body();
  request_ = Request{};
  scanner_ = HeadScanner{};
  head_done_ = false;
  keep_alive_ = true;
  continue_due_ = false;
  if (input_.capacity() > kIdleBufferBytes && input_.empty()) input_.shrink_to_fit();
}

}  // namespace coupon::http
