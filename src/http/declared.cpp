#include "src/http/declared.h"

#include <algorithm>

namespace coupon::http {
namespace {

// The body of problem.h, as a shape.
struct BadField {
  std::string field;
  std::string message;

  static Object<BadField> shape() {
    return {"BadField",
            "One field of the request and what is wrong with it.",
            {
                text("field", &BadField::field, "Its place: `count`, `rewards[2].days`.")
                    .example("count"),
                text("message", &BadField::message, "Goes on from the name.")
                    .example("must be an integer between 1 and 10000"),
            }};
  }
};

struct ProblemBody {
  std::string type, title, detail, code, request_id, error, message;
  std::int64_t status = 0;
  std::optional<std::vector<BadField>> errors;
  std::optional<core::UnixMs> retry_at;
  std::optional<std::int64_t> number;

  static Object<ProblemBody> shape() {
    using P = ProblemBody;
    return {
        "Problem",
        "Why a request was refused (RFC 9457).",
        {
            text("type", &P::type, "Always about:blank.").example("about:blank"),
            text("title", &P::title, "The status in words.").example("Conflict"),
            integer("status", &P::status, "The HTTP status.", {.min = 400, .max = 599}),
            text("detail", &P::detail, "The reason, for a person."),
            text("code", &P::code, "The reason, for a program: it never changes."),
            text("request_id", &P::request_id, "Name it when you report a fault.")
                .example("req-7f3a"),
            text("error", &P::error, "`detail` again."),
            text("message", &P::message, "`detail` again."),
            list("errors", &P::errors, "Every bad field, where that is the reason.").omit_empty(),
            timestamp("retry_at", &P::retry_at, "When the same request would pass.").omit_empty(),
            integer("number", &P::number, "The figure that `detail` is about.",
                    {.min = -kMaxJsonInteger})
                .omit_empty(),
        }};
  }
};

bool has_code(const std::vector<DeclaredRefusal>& refusals, std::string_view code) {
  return std::any_of(refusals.begin(), refusals.end(),
                     [&](const DeclaredRefusal& one) { return one.code == code; });
}

}  // namespace

std::map<int, std::vector<DeclaredRefusal>> declared_refusals(const Endpoint& endpoint) {
  std::map<int, std::vector<DeclaredRefusal>> refusals;
  const std::size_t own = endpoint.refusals.size();
  std::size_t index = 0;
  for (const Refusal& row : refusals_of(endpoint)) {
    const auto sentence =
        row.sentence.empty() ? std::string(core::sentence(row.reason)) : row.sentence;
    refusals[row.status].push_back({std::string(core::name(row.reason)), sentence, index++ < own});
  }
  const bool contradicts = endpoint.input != nullptr && !endpoint.dialect->strict;
  if (contradicts && !has_code(refusals[400], "invalid_request")) {
    refusals[400].push_back({"invalid_request", "A field is given twice, differently", false});
  }
  if (reads_body(endpoint)) {
    refusals[415].push_back({"unsupported_media_type", "The Content-Type is not accepted", false});
  }
  return refusals;
}

const Shape& problem_shape() { return shape_of<ProblemBody>(); }

const Shape& error_shape_of(const Endpoint& endpoint) {
  const Shape* own = endpoint.dialect->error_shape;
  return own != nullptr ? *own : problem_shape();
}

std::string_view error_type_of(const Endpoint& endpoint) {
  return endpoint.dialect->error_shape != nullptr ? kJson : kProblemJson;
}

bool reads_body(const Endpoint& endpoint) {
  if (!endpoint.body_types.empty()) return true;
  return endpoint.mutates() && !(endpoint.dialect->strict && endpoint.method == "DELETE");
}

bool reads_query(const Endpoint& endpoint) {
  return !endpoint.body_types.empty() || !reads_body(endpoint);
}

}  // namespace coupon::http
