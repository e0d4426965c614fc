#include "src/api/gate/gate.h"

#include "coupond/core/trim.h"
#include "coupond/service/sessions.h"

namespace coupon::api {
namespace {

using core::Error;
using core::Reason;
using core::Result;
using http::Auth;
using service::Caller;

std::string_view trimmed(std::string_view text) { return core::trimmed(text, " "); }

std::string_view without_scheme(std::string_view value) {
  constexpr std::string_view kScheme = "Bearer";
  if (!http::equal_ignoring_case(value.substr(0, kScheme.size()), kScheme)) return value;
  const std::string_view rest = value.substr(kScheme.size());
  return rest.empty() || rest.starts_with(' ') ? trimmed(rest) : value;
}

// Whether nothing of the request shall happen. kInvalidRequest where that is not clear.
Result<bool> wants_dry_run(const http::Endpoint& endpoint, const http::Request& request) {
  std::optional<bool> wanted;
  for (const auto& [name, value] : request.query) {
    if (name != "dry_run" || !endpoint.takes_key()) continue;
    const bool yes = value == "true";
    if ((!yes && value != "false") || wanted.value_or(yes) != yes) {
      const char* problem =
          wanted ? "is given twice with different values" : "must be true or false";
      return Error{.reason = Reason::kInvalidRequest,
                   .message = std::string("dry_run ") + problem,
                   .fields = {{"dry_run", problem}}};
    }
    wanted = yes;
  }
  return wanted.value_or(false);
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
  if (request.local) return Caller::cli();
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
  switch (error.reason) {
    case Reason::kHeldByOther:
    case Reason::kHoldLimitReached:
    case Reason::kNotStarted:
    case Reason::kInactive:
      return false;  // passes by itself, or by one click of the owner
    default:
      break;
  }
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
  if (caller.kind == Caller::Kind::kCli) {
    // Everything, but for what is about the account of whoever asks: a command has none.
    allowed = endpoint.auth != Auth::kSession || !endpoint.scope.empty();
  } else if (caller.kind == Caller::Kind::kApiKey) {
    allowed = false;
    for (const std::string_view word : http::scopes_of(endpoint)) {
      const auto scope = service::parse_scope(word);
      allowed = allowed || (scope && caller.may(*scope));
    }
  } else if (endpoint.auth == Auth::kAdmin) {
    allowed = caller.role == domain::Role::kAdmin;
  } else if (endpoint.auth == Auth::kStaff) {
    allowed = caller.role != domain::Role::kUser;
  }
  if (allowed) return std::nullopt;
  return Error{.reason = Reason::kForbidden, .message = {}};
}

Gate::Gate(service::Engine& engine, Options options)
    : engine_(engine),
      limits_(options.rate_limits, engine.clock(), std::move(options.steady)),
      idempotency_(engine, limits_) {}

Endpoints Gate::group(http::Api& api, const http::Dialect& dialect) {
  return Endpoints(api, dialect, *this);
}

bool Gate::admits(const http::Endpoint& endpoint, const http::Request& head) const {
  const auto caller = identify(engine_, endpoint, head);
  return caller.ok() && !refusal_for(endpoint, *caller);
}

http::Reply Gate::admit(const http::Endpoint& endpoint, const http::Request& request,
                        const Endpoints::Next& next) {
  const auto caller = identify(engine_, endpoint, request);
  const Caller shown = caller.ok() ? *caller : Caller::anonymous();
  const auto admitted = [&]() -> Result<http::Reply> {
    if (!caller.ok()) return caller.error();
    if (auto refusal = refusal_for(endpoint, *caller)) return *std::move(refusal);
    if (auto refusal = limits_.enter(endpoint.rate, request, *caller)) return *std::move(refusal);
    const auto dry_run = wants_dry_run(endpoint, request);
    if (!dry_run.ok()) return dry_run.error();
    auto keyed = Idempotency::identify(endpoint, request, *caller);
    if (!keyed.ok()) return keyed.error();
    if (*dry_run) keyed->reset();  // nothing shall remain, no answer either
    return run(endpoint, request, *caller, *std::move(keyed), *dry_run, next);
  };
  auto answer = admitted();
  http::Reply reply =
      answer.ok() ? *std::move(answer) : http::refuse(endpoint, request, answer.error());
  limits_.show(endpoint.rate, request, shown, reply);
  if (reply.refused) refusals_.add(*reply.refused);
  return reply;
}

Result<http::Reply> Gate::run(const http::Endpoint& endpoint, const http::Request& request,
                              const Caller& caller, std::optional<KeyedRequest> keyed, bool dry_run,
                              const Endpoints::Next& next) {
  Call call{.engine = engine_,
            .endpoint = endpoint,
            .request = request,
            .caller = caller,
            .token = token_of(request).value_or(""),
            .limits = limits_,
            .idempotency = idempotency_,
            .refusals = refusals_,
            .keyed = std::move(keyed),
            .dry_run = dry_run};
  const auto answer = [&]() -> Result<http::Reply> {
    http::Reply reply = next(request, call);
    if (call.stored_reply) reply = *std::move(call.stored_reply);
    if (dry_run) mark_dry_run(reply);
    if (call.next_page && reply.status < 300) {
      reply.headers.emplace_back(
          "Link", "<" + request.target_path + "?" + *call.next_page + ">; rel=\"next\"");
    }
    return reply;
  };
  auto reply = call.keyed ? idempotency_.once(*call.keyed, answer) : answer();
  if (!reply.ok()) return reply;
  // Somebody else's code is no guess: it exists, even where the caller is not told.
  const auto counted = call.code_exists ? std::nullopt : reply->refused;
  if (auto late = limits_.leave(endpoint.rate, request, caller, counted)) return *std::move(late);
  return reply;
}

}  // namespace coupon::api
