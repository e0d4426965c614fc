#include "src/http/request_reader.h"

#include <algorithm>

#include "coupond/http/uri.h"

namespace coupon::http {
namespace {

constexpr WireRefusal kBadEscape{400, "malformed_request",
                                 "The path or query has a bad escape, a control character or text "
                                 "that is not UTF-8."};
constexpr WireRefusal kBodyTooLarge{413, "body_too_large",
                                    "The request's body is too large, or too large for whoever "
                                    "sends it."};
constexpr WireRefusal kBadChunk{400, "malformed_request",
                                "The chunks of the request's body are malformed."};

// A buffer that is empty keeps no more than this: of what is counted as held, nothing comes twice.
constexpr std::size_t kIdleBufferBytes = 4096;

}  // namespace

RequestReader::Step RequestReader::next() {
  if (!head_done_) {
    const Step step = read_head();
    if (step != Step::kComplete) return step;
  }
  return chunks_ ? read_chunks() : read_body();
}

RequestReader::Step RequestReader::refuse(const WireRefusal& refusal) {
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
  keep_alive_ = head.keep_alive;
  continue_due_ = head.expects_continue;
  body_missing_ = head.content_length;
  if (head.chunked) chunks_.emplace();
  head_bytes_ = scanner_.size();
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

std::size_t RequestReader::most() const { return std::max(body_limit_.value_or(0), body_bytes_); }

RequestReader::Step RequestReader::read_body() {
  if (body_missing_ > most() - request_.body.size()) {
    return body_limit_ ? refuse(kBodyTooLarge) : Step::kAskLimit;
  }
  const std::size_t bytes = std::min(body_missing_, input_.size());
  if (bytes > 0 && request_.body.empty()) request_.body.reserve(body_missing_);
  request_.body.append(input_, 0, bytes);
  input_.erase(0, bytes);
  body_missing_ -= bytes;
  drop_spare_input();
  return body_missing_ == 0 ? Step::kComplete : Step::kNeedMore;
}

RequestReader::Step RequestReader::read_chunks() {
  std::string_view rest = input_;
  const ChunkedBody::Step step = chunks_->take(rest, request_.body, most());
  input_.erase(0, input_.size() - rest.size());
  drop_spare_input();
  switch (step) {
    case ChunkedBody::Step::kNeedMore:
      return Step::kNeedMore;
    case ChunkedBody::Step::kMalformed:
      return refuse(kBadChunk);
    case ChunkedBody::Step::kOverLimit:
      return body_limit_ ? refuse(kBodyTooLarge) : Step::kAskLimit;
    case ChunkedBody::Step::kEnd:
      break;
  }
  chunks_.reset();
  tell_length();
  return Step::kComplete;
}

void RequestReader::tell_length() {
  for (auto& [name, value] : request_.headers) {
    if (!equal_ignoring_case(name, "Transfer-Encoding")) continue;
    name = "Content-Length";
    value = std::to_string(request_.body.size());
  }
}

bool RequestReader::take_continue() {
  // A client that has begun to send the body does not wait any more (RFC 9110, 10.1.1).
  const bool has_body = body_missing_ > 0 || chunks_;
  const bool due = head_done_ && continue_due_ && has_body && request_.body.empty();
  if (head_done_) continue_due_ = false;
  return due;
}

void RequestReader::reset() {
  request_ = Request{};
  scanner_ = HeadScanner{};
  head_bytes_ = 0;
  body_limit_.reset();
  chunks_.reset();
  head_done_ = false;
  keep_alive_ = true;
  continue_due_ = false;
  drop_spare_input();
}

void RequestReader::drop_spare_input() {
  if (input_.capacity() > kIdleBufferBytes && input_.empty()) input_.shrink_to_fit();
}

}  // namespace coupon::http
