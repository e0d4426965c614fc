#include "src/api/gate/gate.h"

#include "coupond/service/sessions.h"

namespace coupon::api {
namespace {

using core::Error;
using core::Reason;
using core::Result;
using http::Auth;
using service::Caller;

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::string_view without_scheme(std::string_view value) {
  constexpr std::string_view kScheme = "Bearer";
  if (!http::equal_ignoring_case(value.substr(0, kScheme.size()), kScheme)) return value;
  const std::string_view rest = value.substr(kScheme.size());
  return rest.empty() || rest.starts_with(' ') ? trimmed(rest) : value;
}

bool wants_dry_run(const http::Endpoint& endpoint, const http::Request& request) {
  return endpoint.takes_key() && request.query_value("dry_run") == "true";
}

bool is_bad_dry_run(const http::Endpoint& endpoint, const http::Request& request) {
  const auto value = endpoint.takes_key() ? request.query_value("dry_run") : std::nullopt;
  return value && *value != "true" && *value != "false";
}

// Says in a JSON object that nothing of it has happened.
void mark_dry_run(http::Reply& reply) {
  reply.headers.emplace_back("Dry-Run", "true");
  if (reply.status >= 300 || !reply.body.starts_with('{')) return;
  reply.body.insert(1, reply.body == "{}" ? R"("dry_run":true)" : R"("dry_run":true,)");
}

// Who calls, by the token shown; anonymous where that is all the endpoint asks for.
Result<Caller> identify(service::Engine& engine, const http::Endpoint& endpoint,
                        const http::Request& request) {
  if (endpoint.auth == Auth::kNone) return Caller::anonymous();
  const auto token = token_of(request);
  if (!token) {
    if (endpoint.auth == Auth::kOptional) return Caller::anonymous();
    return Reason::kNotAuthenticated;
  }
  if (endpoint.auth == Auth::kRefresh) return Caller::anonymous();  // the handler's to judge
  return service::authenticate(engine, *token);
}

}  // namespace

bool is_final(const Error& error) {
  switch (core::kind(error.reason)) {
    case core::Kind::kBusy:
    case core::Kind::kUnknown:
    case core::Kind::kStorageFull:
    case core::Kind::kInternal:
    case core::Kind::kRateLimited:
      return false;
    default:
      return true;
  }
}

std::optional<std::string_view> token_of(const http::Request& request) {
  std::string_view value = without_scheme(trimmed(request.header("Authorization").value_or("")));
  if (value.empty()) value = trimmed(request.header("token").value_or(""));
  if (value.empty()) return std::nullopt;
  return value;
}

std::optional<Error> refusal_for(const http::Endpoint& endpoint, const Caller& caller) {
  if (endpoint.auth == Auth::kNone || endpoint.auth == Auth::kRefresh) return std::nullopt;
  // Nobody is told less for saying who they are; the handler leaves out what needs the scope.
  if (endpoint.auth == Auth::kOptional) return std::nullopt;
  bool allowed = true;
  if (caller.kind == Caller::Kind::kApiKey) {
    const auto scope = service::parse_scope(endpoint.scope);
    allowed = scope && caller.may(*scope);
  } else if (endpoint.auth == Auth::kAdmin) {
    allowed = caller.role == domain::Role::kAdmin;
  } else if (endpoint.auth == Auth::kStaff) {
    allowed = caller.role != domain::Role::kUser;
  }
  if (allowed) return std::nullopt;
  return Error{.reason = Reason::kForbidden, .message = {}};
}

Gate::Gate(service::Engine& engine, Options options)
    : engine_(engine), rates_(options.rate_limits, engine.clock()), idempotency_(engine, rates_) {}

Endpoints Gate::group(http::Api& api, const http::Dialect& dialect) {
  return Endpoints(
      api, dialect,
      [this](const http::Endpoint& endpoint, http::Request& request, const Endpoints::Next& next) {
        http::Reply reply = admit(endpoint, request, next);
        if (reply.refused) refusals_.add(*reply.refused);
        return reply;
      });
}

http::Reply Gate::admit(const http::Endpoint& endpoint, const http::Request& request,
                        const Endpoints::Next& next) {
  auto caller = identify(engine_, endpoint, request);
  const bool limited = !endpoint.rate.empty();
  const Caller shown = limited && caller.ok() ? *caller : Caller::anonymous();
  http::Reply reply = caller.ok() ? admit_in_limits(endpoint, request, *std::move(caller), next)
                                  : http::refuse(endpoint, request, caller.error());
  if (limited) rates_.show(endpoint.rate, request, shown, reply);
  return reply;
}

http::Reply Gate::admit_in_limits(const http::Endpoint& endpoint, const http::Request& request,
                                  Caller caller, const Endpoints::Next& next) {
  if (auto refusal = refusal_for(endpoint, caller)) {
    return http::refuse(endpoint, request, *refusal);
  }
  auto taken = rates_.take(endpoint.rate, request, caller);
  if (taken.refusal()) return http::refuse(endpoint, request, *taken.refusal());
  http::Reply reply = admit_caller(endpoint, request, std::move(caller), next);
  taken.settle(reply.status);
  return reply;
}

bool Gate::admits(const http::Endpoint& endpoint, const http::Request& head) const {
  const auto caller = identify(engine_, endpoint, head);
  return caller.ok() && !refusal_for(endpoint, *caller);
}

http::Reply Gate::admit_caller(const http::Endpoint& endpoint, const http::Request& request,
                               Caller caller, const Endpoints::Next& next) {
  if (is_bad_dry_run(endpoint, request)) {
    return http::refuse(endpoint, request,
                        {.reason = Reason::kInvalidRequest,
                         .message = "dry_run must be true or false",
                         .fields = {{"dry_run", "must be true or false"}}});
  }
  const bool dry_run = wants_dry_run(endpoint, request);
  std::optional<KeyedRequest> keyed;
  if (!dry_run) {  // a rehearsal leaves nothing behind, no answer either
    auto identified = Idempotency::identify(endpoint, request, caller);
    if (!identified.ok()) return http::refuse(endpoint, request, identified.error());
    keyed = *std::move(identified);
  }
  Call call{.engine = engine_,
            .endpoint = endpoint,
            .request = request,
            .caller = std::move(caller),
            .token = token_of(request).value_or(""),
            .rates = rates_,
            .idempotency = idempotency_,
            .refusals = refusals_,
            .keyed = std::move(keyed),
            .dry_run = dry_run};
  if (call.keyed) {
    auto reply = idempotency_.once(*call.keyed, [&] {
      http::Reply answer = next(call);
      return Result<http::Reply>(std::move(call.stored_reply).value_or(std::move(answer)));
    });
    return reply.ok() ? *std::move(reply) : http::refuse(endpoint, request, reply.error());
  }
  http::Reply reply = next(call);
  if (dry_run) mark_dry_run(reply);
  return reply;
}

}  // namespace coupon::api
