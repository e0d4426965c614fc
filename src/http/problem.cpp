#include "coupond/http/problem.h"

#include <algorithm>

#include "coupond/core/flat_json.h"
#include "coupond/core/time_text.h"

namespace coupon::http {
namespace {

void append_string(std::string& out, std::string_view text) {
  out.push_back('"');
  core::append_json_escaped(out, text);
  out.push_back('"');
}

void append_member(std::string& out, std::string_view name, std::string_view value) {
  out.push_back(',');
  append_string(out, name);
  out.push_back(':');
  append_string(out, value);
}

void append_fields(std::string& out, const std::vector<core::FieldProblem>& fields) {
  out += ",\"errors\":[";
  for (const auto& [field, message] : fields) {
    if (out.back() == '}') out.push_back(',');
    out += "{\"field\":";
    append_string(out, field);
    append_member(out, "message", message);
    out.push_back('}');
  }
  out.push_back(']');
}

// The body without its closing brace.
std::string begin_body(std::string_view request_id, int status, std::string_view code,
                       std::string_view detail) {
  std::string out = "{\"type\":\"about:blank\"";
  append_member(out, "title", reason_phrase(status));
  out += ",\"status\":" + std::to_string(status);
  append_member(out, "detail", detail);
  append_member(out, "code", code);
  append_member(out, "request_id", request_id);
  append_member(out, "error", detail);
  append_member(out, "message", detail);
  return out;
}

Reply finish(int status, std::string body) {
  body.push_back('}');
  return {.status = status, .content_type = std::string(kProblemJson), .body = std::move(body)};
}

// Whole seconds from now on, rounded up: a client that waits them passes.
std::int64_t retry_after_s(core::UnixMs now, std::optional<core::UnixMs> retry_at) {
  if (!retry_at) return 1;
  const std::int64_t wait_ms = retry_at->value - now.value;
  return std::max<std::int64_t>(1, (wait_ms + core::kMsPerSecond - 1) / core::kMsPerSecond);
}

bool passes_with_time(core::Kind kind) {
  return kind == core::Kind::kRateLimited || kind == core::Kind::kBusy ||
         kind == core::Kind::kUnknown;
}

}  // namespace

int default_status(core::Kind kind) {
  switch (kind) {
    case core::Kind::kInvalid:
      return 400;
    case core::Kind::kUnauthenticated:
      return 401;
    case core::Kind::kForbidden:
      return 403;
    case core::Kind::kNotFound:
      return 404;
    case core::Kind::kConflict:
      return 409;
    case core::Kind::kExhausted:
      return 409;
    case core::Kind::kTooEarly:
      return 403;
    case core::Kind::kTooLate:
      return 410;
    case core::Kind::kRateLimited:
      return 429;
    case core::Kind::kBusy:
      return 503;
    case core::Kind::kUnknown:
      return 503;
    case core::Kind::kStorageFull:
      return 507;
    case core::Kind::kInternal:
      return 500;
  }
  return 500;
}

Reply problem_reply(std::string_view request_id, int status, std::string_view code,
                    std::string_view detail) {
  return finish(status, begin_body(request_id, status, code, detail));
}

Reply problem_reply(const Request& request, const core::Error& error) {
  return problem_reply(request, error, default_status(core::kind(error.reason)));
}

Reply problem_reply(const Request& request, const core::Error& error, int status) {
  const std::string_view detail =
      error.message.empty() ? core::sentence(error.reason) : std::string_view(error.message);
  std::string body = begin_body(request.request_id, status, core::name(error.reason), detail);
  if (!error.fields.empty()) append_fields(body, error.fields);
  if (error.retry_at) append_member(body, "retry_at", core::to_rfc3339(*error.retry_at));
  if (error.number) body += ",\"number\":" + std::to_string(*error.number);
  Reply reply = finish(status, std::move(body));
  if (status == 401) reply.headers.emplace_back("WWW-Authenticate", "Bearer");
  if (error.retry_at || passes_with_time(core::kind(error.reason))) {
    reply.headers.emplace_back("Retry-After",
                               std::to_string(retry_after_s(request.received_at, error.retry_at)));
  }
  return reply;
}

}  // namespace coupon::http
