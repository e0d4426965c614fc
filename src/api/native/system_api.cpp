#include "src/api/native/system_api.h"

#include "coupond/service/readiness.h"
#include "coupond_version.h"
#include "src/api/words.h"

namespace coupon::api {
namespace {

using http::Answer;
using http::answer_of;
using http::Object;
using http::Reply;

struct Liveness {
  std::string status = "ok";
  std::string version = std::string(kVersion);
  static Object<Liveness> shape() {
    return {"Liveness",
            "The process answers.",
            {
                text("status", &Liveness::status, "Always \"ok\"."),
                text("version", &Liveness::version, "The program's version."),
            }};
  }
};

struct ReadinessCheck {
  std::string name;
  bool ok = true;
  std::string detail;
  static Object<ReadinessCheck> shape() {
    return {
        "ReadinessCheck",
        "One thing that was looked at.",
        {
            text("name", &ReadinessCheck::name, "What.").example("writer"),
            boolean("ok", &ReadinessCheck::ok, "Whether it is fit."),
            text("detail", &ReadinessCheck::detail, "How it stands.").example("committed entry 7"),
        }};
  }
};

struct Readiness {
  std::string status;
  std::vector<ReadinessCheck> checks;
  static Object<Readiness> shape() {
    return {"Readiness",
            "Whether the server can do its work.",
            {
                text("status", &Readiness::status, "\"ready\" or \"not_ready\"."),
                list("checks", &Readiness::checks, "Every check, good ones too."),
            }};
  }
};

Result<Liveness> live(Call&) { return Liveness{}; }

Result<Reply> ready(Call& call, const std::atomic<bool>& distrusted, const SystemSources& sources) {
  auto checks = service::readiness(call.engine);
  if (sources.checks) {
    for (service::Check& check : sources.checks()) checks.push_back(std::move(check));
  }
  const bool good = service::all_ok(checks);
  Readiness out{.status = good ? "ready" : "not_ready", .checks = {}};
  for (const service::Check& check : checks) {
    out.checks.push_back({.name = check.name, .ok = check.ok, .detail = check.detail});
  }
  if (distrusted) {
    out.checks.push_back({.name = "proxy",
                          .ok = true,
                          .detail = "ignored X-Forwarded-For from an address that is no "
                                    "--trusted-proxy"});
  }
  return http::json_reply(good ? 200 : 503, http::to_json(out));
}

Result<Reply> keys(Call& call) { return http::json_reply(200, call.engine.tokens().jwks_json()); }

void add_metrics(Endpoints& system, std::function<std::string()> metrics) {
  constexpr const char* kType = "text/plain; version=0.0.4; charset=utf-8";
  system.add({.route = "GET /metrics",
              .id = "getMetrics",
              .summary = "Figures for Prometheus",
              .auth = Auth::kNone,
              .answers = {Answer{.doc = "Text format 0.0.4.", .content_type = "text/plain"}}},
             [metrics = std::move(metrics)](Call&) -> Result<Reply> {
               return http::text_reply(200, metrics(), kType);
             });
}

}  // namespace

const http::Dialect& system_dialect() {
  static const http::Dialect dialect{
      .tag = "System", .doc = "The state of the server, for machines.", .strict = true};
  return dialect;
}

void add_system_endpoints(Endpoints& system, const std::atomic<bool>& distrusted,
                          SystemSources sources) {
  if (sources.metrics) add_metrics(system, sources.metrics);
  system.add({.route = "GET /healthz",
              .id = "getLiveness",
              .summary = "Is the process alive?",
              .auth = Auth::kNone},
             live);
  system.add(
      {.route = "GET /readyz",
       .id = "getReadiness",
       .summary = "Is the server fit to work?",
       .auth = Auth::kNone,
       .answers = {answer_of<Readiness>(200, "It is."), answer_of<Readiness>(503, "It is not.")}},
      [&distrusted, sources = std::move(sources)](Call& call) {
        return ready(call, distrusted, sources);
      });
  system.add({.route = "GET /.well-known/jwks.json",
              .id = "getTokenKeys",
              .summary = "Public key of coupon tokens",
              .doc = "A JSON web key set (RFC 7517) with which a till verifies tokens offline.",
              .auth = Auth::kNone,
              .answers = {Answer{.doc = "The keys.", .content_type = "application/json"}}},
             keys);
}

}  // namespace coupon::api
