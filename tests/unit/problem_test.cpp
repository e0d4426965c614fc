#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "coupond/http/problem.h"

namespace coupon::http {
namespace {

Request request_at(std::int64_t now_ms) {
  Request request;
  request.request_id = "r-1";
  request.received_at = core::UnixMs{now_ms};
  return request;
}

std::string header(const Reply& reply, std::string_view name) {
  for (const auto& [key, value] : reply.headers) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace

TEST_CASE("a problem says the same sentence under every name clients look for", "[unit]") {
  const Reply reply = problem_reply(
      request_at(0), {.reason = core::Reason::kCampaignCapReached, .message = "Only \"77\".\n"});
  CHECK(reply.status == 409);
  CHECK(reply.content_type == "application/problem+json");
  const auto body = nlohmann::json::parse(reply.body);
  CHECK(body["type"] == "about:blank");
  CHECK(body["title"] == "Conflict");
  CHECK(body["status"] == 409);
  CHECK(body["code"] == "campaign_cap_reached");
  CHECK(body["request_id"] == "r-1");
  for (const char* name : {"detail", "error", "message"}) CHECK(body[name] == "Only \"77\".\n");
  CHECK(body.size() == 8);
}

TEST_CASE("an error without a message gets its reason's sentence", "[unit]") {
  const Reply reply =
      problem_reply(request_at(0), {.reason = core::Reason::kNotFound, .message = {}});
  CHECK(nlohmann::json::parse(reply.body)["detail"] == core::sentence(core::Reason::kNotFound));
}

TEST_CASE("bad fields, a figure and a time are in the body", "[unit]") {
  core::Error error{.reason = core::Reason::kInvalidRequest, .message = "Bad."};
  error.fields = {{"email", "is required"}, {"count", "must be an integer"}};
  error.number = 77;
  error.retry_at = core::UnixMs{1'700'000'000'000};
  const auto body = nlohmann::json::parse(problem_reply(request_at(0), error).body);
  CHECK(body["errors"].size() == 2);
  CHECK(body["errors"][1]["field"] == "count");
  CHECK(body["errors"][1]["message"] == "must be an integer");
  CHECK(body["number"] == 77);
  CHECK(body["retry_at"] == "2023-11-14T22:13:20Z");
}

TEST_CASE("Retry-After is whole seconds after which the request passes", "[unit]") {
  core::Error error{.reason = core::Reason::kRateLimited, .message = {}};
  CHECK(header(problem_reply(request_at(1000), error), "Retry-After") == "1");
  const std::pair<std::int64_t, const char*> cases[] = {
      {1001, "1"}, {2000, "1"}, {2001, "2"}, {61'000, "60"}, {500, "1"}};
  for (const auto& [retry_at_ms, expected] : cases) {
    error.retry_at = core::UnixMs{retry_at_ms};
    CHECK(header(problem_reply(request_at(1000), error), "Retry-After") == expected);
  }
  error = {.reason = core::Reason::kNotFound, .message = {}};
  CHECK(header(problem_reply(request_at(1000), error), "Retry-After").empty());
}

TEST_CASE("an endpoint may choose another status, and 401 names the scheme", "[unit]") {
  const core::Error error{.reason = core::Reason::kUserCapReached, .message = {}};
  const Reply reply = problem_reply(request_at(0), error, 429);
  CHECK(reply.status == 429);
  CHECK(nlohmann::json::parse(reply.body)["status"] == 429);
  const Reply no_session =
      problem_reply(request_at(0), {.reason = core::Reason::kNotAuthenticated, .message = {}});
  CHECK(no_session.status == 401);
  CHECK(header(no_session, "WWW-Authenticate") == "Bearer");
}

TEST_CASE("each kind of refusal has its status", "[unit]") {
  using core::Kind;
  const std::pair<Kind, int> expected[] = {
      {Kind::kInvalid, 400},  {Kind::kUnauthenticated, 401}, {Kind::kForbidden, 403},
      {Kind::kNotFound, 404}, {Kind::kConflict, 409},        {Kind::kExhausted, 409},
      {Kind::kTooEarly, 403}, {Kind::kTooLate, 410},         {Kind::kRateLimited, 429},
      {Kind::kBusy, 503},     {Kind::kUnknown, 503},         {Kind::kStorageFull, 507},
      {Kind::kInternal, 500}};
  for (const auto& [kind, status] : expected) CHECK(default_status(kind) == status);
}

}  // namespace coupon::http
