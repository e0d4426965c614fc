#include "coupond/http/endpoint.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <tuple>

#include "coupond/http/problem.h"
#include "src/http/route_text.h"

namespace coupon::http {
namespace {

using core::Reason;

[[noreturn]] void refuse_declaration(const Endpoint& endpoint, const std::string& why) {
  throw std::logic_error("endpoint " + endpoint.id + " (" + endpoint.route + "): " + why);
}

int invalid_status_of(const Endpoint& endpoint) {
  return endpoint.invalid_status != 0 ? endpoint.invalid_status : endpoint.dialect->invalid_status;
}

const Refusal* row_of(const Endpoint& endpoint, Reason reason) {
  for (const Refusal& row : endpoint.refusals) {
    if (row.reason == reason) return &row;
  }
  return nullptr;
}

int status_of(const Endpoint& endpoint, Reason reason) {
  if (const Refusal* row = row_of(endpoint, reason)) return row->status;
  if (reason == Reason::kIdempotencyMismatch) return 422;  // As the header's draft has it.
  if (reason == Reason::kInvalidRequest) return invalid_status_of(endpoint);
  return default_status(core::kind(reason));
}

std::string fill_number(std::string sentence, std::int64_t number) {
  constexpr std::string_view kPlace = "{number}";
  const std::string digits = std::to_string(number);
  for (std::size_t at = 0; (at = sentence.find(kPlace, at)) != std::string::npos;) {
    sentence.replace(at, kPlace.size(), digits);
    at += digits.size();
  }
  return sentence;
}

// What follows from the declaration without a row of its own.
std::vector<Reason> implied_reasons(const Endpoint& endpoint) {
  std::vector<Reason> reasons;
  const auto imply = [&](std::initializer_list<Reason> more) {
    reasons.insert(reasons.end(), more);
  };
  if (endpoint.input != nullptr || endpoint.dialect->strict) imply({Reason::kInvalidRequest});
  if (endpoint.mutates()) imply({Reason::kInvalidJson});
  if (endpoint.auth != Auth::kNone) imply({Reason::kInvalidToken});
  if (endpoint.auth != Auth::kNone && endpoint.auth != Auth::kOptional) {
    imply({Reason::kNotAuthenticated});
  }
  // A role that is too low, or an API key where none, or another scope, is asked for.
  if (endpoint.auth != Auth::kNone && endpoint.auth != Auth::kRefresh) {
    imply({Reason::kForbidden});
  }
  if (endpoint.takes_key()) imply({Reason::kIdempotencyRunning, Reason::kIdempotencyMismatch});
  if (!endpoint.rate.empty()) imply({Reason::kRateLimited});
  imply({Reason::kBusy, Reason::kShuttingDown, Reason::kInternal});
  if (endpoint.mutates()) {
    imply({Reason::kOutcomeUnknown, Reason::kStorageFull, Reason::kCopyGone});
  }
  return reasons;
}

}  // namespace

std::vector<std::string_view> scopes_of(const Endpoint& endpoint) {
  std::vector<std::string_view> words;
  std::string_view rest = endpoint.scope;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    words.push_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return words;
}

Reply refuse(const Endpoint& endpoint, const Request& request, const core::Error& error) {
  const int status = status_of(endpoint, error.reason);
  const Refusal* row = row_of(endpoint, error.reason);
  core::Error shown = error;
  if (row != nullptr && !row->sentence.empty()) {
    shown.message = fill_number(row->sentence, error.number.value_or(0));
  } else if (shown.message.empty()) {
    shown.message = core::sentence(error.reason);
  }
  const Dialect& dialect = *endpoint.dialect;
  Reply reply = dialect.render ? dialect.render(request, shown, status)
                               : problem_reply(request, shown, status);
  reply.refused = error.reason;
  return reply;
}

std::vector<Refusal> refusals_of(const Endpoint& endpoint) {
  std::vector<Refusal> all = endpoint.refusals;
  for (const Reason reason : implied_reasons(endpoint)) {
    if (row_of(endpoint, reason) != nullptr) continue;
    all.push_back({status_of(endpoint, reason), reason, std::string(core::sentence(reason))});
  }
  return all;
}

Reply answer(const Endpoint& endpoint, const core::Done&) { return empty_reply(endpoint.success); }

void Api::check(const Endpoint& endpoint) const {
  constexpr std::array kMethods = {"GET", "POST", "PUT", "PATCH", "DELETE"};
  if (std::find(kMethods.begin(), kMethods.end(), endpoint.method) == kMethods.end()) {
    refuse_declaration(endpoint, "a route is a method, a space and a path");
  }
  if (endpoint.id.empty() || find(endpoint.id) != nullptr) {
    refuse_declaration(endpoint, "needs an id of its own");
  }
  if (endpoint.answers.empty()) refuse_declaration(endpoint, "declares no answer");
  for (const std::string& name : endpoint.path_names) {
    if (endpoint.input == nullptr || endpoint.input->find(name) == nullptr) {
      refuse_declaration(endpoint, "its input has no field for {" + name + "}");
    }
  }
  for (const std::string& alias : endpoint.aliases) {
    if (placeholders(split_route(alias).second) != endpoint.path_names) {
      refuse_declaration(endpoint, "alias " + alias + " has other placeholders");
    }
  }
  for (const Refusal& row : endpoint.refusals) {
    if (row.status < 400 || row.status > 599)
      refuse_declaration(endpoint, "refuses with a success");
  }
}

const Endpoint& Api::add(Endpoint endpoint, const std::function<Handler(const Endpoint&)>& make) {
  std::tie(endpoint.method, endpoint.path) = split_route(endpoint.route);
  endpoint.path_names = placeholders(endpoint.path);
  for (std::string& alias : endpoint.aliases) {
    if (alias.starts_with('/')) alias.insert(0, endpoint.method + " ");
  }
  check(endpoint);
  endpoints_.push_back(std::make_unique<const Endpoint>(std::move(endpoint)));
  handlers_.push_back(make(*endpoints_.back()));
  return *endpoints_.back();
}

const Endpoint* Api::find(std::string_view id) const {
  for (const auto& endpoint : endpoints_) {
    if (endpoint->id == id) return endpoint.get();
  }
  return nullptr;
}

const Endpoint* Api::serving(std::string_view method, std::string_view path) const {
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  const Endpoint* best = nullptr;
  std::string best_precedence;
  const auto consider = [&](const Endpoint& endpoint, std::string_view verb, std::string pattern) {
    if (pattern.size() > 1 && pattern.ends_with('/')) pattern.pop_back();
    if (verb != method || !path_matches(pattern, path)) return;
    std::string order = precedence(pattern);
    if (best != nullptr && best_precedence <= order) return;
    best = &endpoint;
    best_precedence = std::move(order);
  };
  for (const auto& endpoint : endpoints_) {
    consider(*endpoint, endpoint->method, endpoint->path);
    for (const std::string& alias : endpoint->aliases) {
      const auto [verb, pattern] = split_route(alias);
      consider(*endpoint, verb, pattern);
    }
  }
  return best;
}

void Api::mount(Router& router) const {
  for (std::size_t i = 0; i < endpoints_.size(); ++i) {
    const Endpoint& endpoint = *endpoints_[i];
    router.add(endpoint.method, endpoint.path, handlers_[i], endpoint.path);
    for (const std::string& alias : endpoint.aliases) {
      const auto [method, path] = split_route(alias);
      router.add(method, path, handlers_[i], endpoint.path);
    }
  }
}

}  // namespace coupon::http
