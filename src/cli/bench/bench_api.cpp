#include "src/cli/bench/bench_api.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "coupond/core/net.h"
#include "coupond/http/client.h"

namespace coupon::cli {
namespace {

using core::Reason;
using core::Result;
using http::Json;
using std::chrono::steady_clock;

// Of a reply: more than a thousand codes.
constexpr http::JsonLimits kReply{.bytes_max = 1 << 20};

core::Error refuse(Reason reason, std::string message) {
  return {.reason = reason, .message = std::move(message)};
}

// "localhost" may be either; the server listens at one of them.
std::string address_of(const std::string& host, int port) {
  if (host != "localhost") return host;
  auto client = http::Client::of_url("http://127.0.0.1:" + std::to_string(port));
  return client.value().send({.target = "/healthz"}).ok() ? "127.0.0.1" : "::1";
}

std::string sentence_of(const Result<Json>& body) {
  if (!body.ok() || !body->is_object() || !body->contains("message")) return "it does not say why.";
  const Json& message = body->at("message");
  return message.is_string() ? message.get<std::string>() : message.dump();
}

}  // namespace

Result<BenchPlace> find_place(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  const auto target = http::parse_url(url);
  if (!target.ok() || !target->path.empty()) {
    return refuse(Reason::kInvalidRequest,
                  "--url takes an address like http://127.0.0.1:8080, not \"" + url + "\".");
  }
  BenchPlace place{.url = url, .address = {}, .port = target->port};
  const auto address = core::IpAddress::parse(target->host);
  if (target->host != "localhost" && (!address || !address->is_loopback())) {
    return refuse(Reason::kInvalidRequest,
                  "bench puts load on servers of this machine only: --url takes localhost, "
                  "127.0.0.1 or [::1] as its host, not " +
                      target->host + ".");
  }
  place.address = address ? address->to_string() : address_of(target->host, place.port);
  return place;
}

Result<Json> BenchApi::call(std::string_view method_and_path, const std::string& token,
                            const Json& body) const {
  auto client = http::Client::of_url(place_.url, {.silence_max = std::chrono::seconds(60)});
  const std::size_t blank = method_and_path.find(' ');
  http::ClientRequest request{.method = std::string(method_and_path.substr(0, blank)),
                              .target = std::string(method_and_path.substr(blank + 1))};
  // What the environment gave need not be UTF-8; then it is refused, as it should be.
  if (!body.is_null()) request.body = body.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (!token.empty()) request.headers.emplace_back("Authorization", "Bearer " + token);
  const auto answer = client.value().send(request);
  if (!answer.ok()) return refuse(Reason::kInternal, "No coupond answers at " + place_.url + ".");
  if (answer->status == 204) return Json();
  auto json = http::parse_json(answer->body, kReply);
  if (json.ok() && answer->status / 100 == 2) return json;
  return refuse(answer->status == 401 ? Reason::kInvalidCredentials : Reason::kInternal,
                place_.url + " refuses " + std::string(method_and_path) + ": " + sentence_of(json));
}

Result<BenchApi::Session> BenchApi::session_of(const Result<Json>& reply) const {
  if (!reply.ok()) return reply.error();
  if (!reply->is_object() || !reply->contains("refresh_token")) {
    return refuse(Reason::kInternal, "What answers at " + place_.url + " is not coupond.");
  }
  return Session{.token = reply->at("access_token").get<std::string>(),
                 .refresh_token = reply->at("refresh_token").get<std::string>(),
                 .good_until = steady_clock::now() +
                               std::chrono::seconds(reply->at("expires_in").get<std::int64_t>()),
                 .is_admin = reply->at("user").at("role") == "admin"};
}

Result<BenchApi::Session> BenchApi::log_in(const std::string& email,
                                           const std::string& password) const {
  return session_of(
      call("POST /api/v1/auth/login", {}, {{"email", email}, {"password", password}}));
}

Result<core::Done> BenchApi::keep(Session& session, std::chrono::duration<double> how_long) const {
  if (steady_clock::now() + how_long < session.good_until) return core::Done{};
  auto renewed =
      session_of(call("POST /api/v1/auth/refresh", {}, {{"refresh_token", session.refresh_token}}));
  if (!renewed.ok()) return renewed.error();
  session = *std::move(renewed);
  return core::Done{};
}

}  // namespace coupon::cli
