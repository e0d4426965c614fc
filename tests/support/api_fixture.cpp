#include "tests/support/api_fixture.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "coupond/core/signing.h"
#include "coupond/http/uri.h"
#include "coupond/service/sessions.h"
#include "tests/support/conformance.h"

namespace coupon::test {
namespace {

http::Request request_of(std::string_view method, std::string_view target, std::string_view token,
                         std::string_view body, ApiFixture::Headers headers) {
  http::Request request;
  request.method = method;
  const std::size_t mark = std::min(target.find('?'), target.size());
  request.target_path = target.substr(0, mark);
  const std::string_view query = target.substr(std::min(mark + 1, target.size()));
  if (!http::split_path(request.target_path, request.segments) ||
      !http::split_query(query, request.query)) {
    throw std::runtime_error("not a target: " + std::string(target));
  }
  request.headers = std::move(headers);
  if (!token.empty()) request.headers.emplace_back("Authorization", "Bearer " + std::string(token));
  if (!body.empty() && !request.header("Content-Type")) {
    request.headers.emplace_back("Content-Type", "application/json");
  }
  request.body = body;
  request.peer_address = "127.0.0.1";
  request.client_address = request.header("Client-Address").value_or("127.0.0.1");
  request.request_id = "test";
  return request;
}

}  // namespace

std::string ApiReply::header(std::string_view name) const {
  for (const auto& [key, value] : raw.headers) {
    if (http::equal_ignoring_case(key, name)) return value;
  }
  return {};
}

ApiFixture::ApiFixture(bool rate_limits)
    : jobs_(std::make_unique<service::JobRunner>(*engine_)),
      surface_(std::make_unique<api::HttpApi>(
          *engine_, *jobs_,
          api::Gate::Options{.rate_limits = rate_limits,
                             .steady = [this] { return clock().now().value; }},
          api::SystemSources{.metrics = [] { return std::string("metrics\n"); }})),
      admin_(make_person("admin", domain::Role::kAdmin)) {}

ApiReply ApiFixture::handle(std::string_view method, std::string_view target,
                            std::string_view token, std::string_view body, Headers headers) {
  http::Request request = request_of(method, target, token, body, std::move(headers));
  request.received_at = clock().now();
  ApiReply reply;
  reply.raw = surface_->handle(request);
  if (reply.raw.shared_body) reply.raw.body = *reply.raw.shared_body;
  reply.status = reply.raw.status;
  reply.body = nlohmann::json::parse(reply.raw.body, nullptr, false);
  if (reply.body.is_discarded()) reply.body = nullptr;
  return reply;
}

ApiReply ApiFixture::send(std::string_view method, std::string_view target, std::string_view token,
                          std::string_view body, Headers headers) {
  ApiReply reply = handle(method, target, token, body, std::move(headers));
  const std::string_view path = target.substr(0, target.find('?'));
  const http::Endpoint* endpoint = surface_->api().serving(method, path);
  if (endpoint != nullptr && !reply.raw.stream) {
    const auto problems =
        http::mismatches(*endpoint, reply.status, reply.raw.content_type, reply.raw.body);
    INFO(method << ' ' << target << " answered " << reply.status << ' ' << reply.raw.body);
    for (const std::string& problem : problems) FAIL_CHECK(problem);
  }
  return reply;
}

ApiFixture::Person ApiFixture::make_person(const std::string& name, domain::Role role) {
  const domain::User user = engine_.make_user(name + "@example.com", role);
  const auto session = engine_.run<service::Session>([&](store::Tx& tx) {
    return core::Result<service::Session>(service::start_session(tx, *engine_, user));
  });
  return {.id = user.id, .uuid = user.uuid, .email = user.email, .token = session->access_token};
}

store::Verifier ApiFixture::engine_verifier() {
  const core::Block<32> key = engine_->secrets().checkpoint_key().public_key;
  return [key](std::string_view message, const store::Signature& signature) {
    return core::signature_ok(key, message, signature);
  };
}

bool ApiFixture::is_sound() {
  const auto report = engine_->readers().read<store::AuditReport>(
      [&](store::Connection& db) -> core::Result<store::AuditReport> {
        return store::verify(db, {.verifier = engine_verifier(), .vault = &engine_->vault()});
      });
  if (!report.ok() || !report->ok()) {
    const std::string why = report.ok() ? *report->first_divergence : report.error().message;
    WARN(why);
    return false;
  }
  return true;
}

}  // namespace coupon::test
