#include "coupond/http/router.h"

#include <algorithm>
#include <map>
#include <span>
#include <stdexcept>

#include "coupond/http/problem.h"

namespace coupon::http {
namespace {

struct Route {
  std::string method;
  std::string name;
  Handler handler;
};

// What stands at the end of a path.
struct Site {
  std::vector<Route> routes;

  const Route* find(std::string_view method) const {
    const auto it = std::ranges::find(routes, method, &Route::method);
    return it == routes.end() ? nullptr : &*it;
  }
};

std::string allowed_methods(const Site& site) {
  std::string allow;
  for (const Route& route : site.routes) {
    allow += route.method + ", ";
    if (route.method == "GET" && !site.find("HEAD")) allow += "HEAD, ";
  }
  return site.find("OPTIONS") ? allow.substr(0, allow.size() - 2) : allow + "OPTIONS";
}

Reply with_allow(Reply reply, const Site& site) {
  reply.headers.emplace_back("Allow", allowed_methods(site));
  return reply;
}

Reply not_found(const Request& request) {
  return problem_reply(request.request_id, 404, "not_found", "There is nothing at this path.");
}

bool is_placeholder(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

// "/a/" is "/a".
void drop_last_slash(std::vector<std::string>& segments) {
  if (!segments.empty() && segments.back().empty()) segments.pop_back();
}

std::vector<std::string> pattern_segments(std::string_view pattern) {
  const auto malformed = [&] {
    return std::logic_error("malformed route pattern: " + std::string(pattern));
  };
  if (pattern.empty() || pattern.front() != '/') throw malformed();
  std::vector<std::string> segments;
  if (pattern == "/") return segments;
  while (!pattern.empty()) {
    pattern.remove_prefix(1);
    const std::size_t end = std::min(pattern.find('/'), pattern.size());
    const std::string_view segment = pattern.substr(0, end);
    const bool braces = segment.find_first_of("{}") != std::string_view::npos;
    if (braces != is_placeholder(segment)) throw malformed();
    segments.emplace_back(segment);
    pattern.remove_prefix(end);
  }
  return segments;
}

}  // namespace

struct Router::Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
  std::unique_ptr<Node> placeholder;
  Site site;

  Node& child(const std::string& segment) {
    auto& slot = is_placeholder(segment) ? placeholder : literals[segment];
    if (!slot) slot = std::make_unique<Node>();
    return *slot;
  }

  // The site under `rest`, or null. Goes back to the placeholder where the literal leads nowhere,
  // so the cost is bounded by the routes declared, not by what is asked for.
  const Site* find(std::span<const std::string> rest, std::vector<std::string>& params) const {
    if (rest.empty()) return site.routes.empty() ? nullptr : &site;
    const auto literal = literals.find(rest.front());
    if (literal != literals.end()) {
      if (const Site* found = literal->second->find(rest.subspan(1), params)) return found;
    }
    if (!placeholder || rest.front().empty()) return nullptr;
    params.push_back(rest.front());
    if (const Site* found = placeholder->find(rest.subspan(1), params)) return found;
    params.pop_back();
    return nullptr;
  }
};

Router::Router() : root_(std::make_unique<Node>()) {}
Router::~Router() = default;

void Router::add(std::string_view method, std::string_view pattern, Handler handler,
                 std::string name) {
  std::vector<std::string> segments = pattern_segments(pattern);
  drop_last_slash(segments);
  if (name.empty()) name = pattern;
  Node* node = root_.get();
  for (const std::string& segment : segments) node = &node->child(segment);
  if (node->site.find(method)) {
    throw std::logic_error("route declared twice: " + std::string(method) + " " + name);
  }
  node->site.routes.push_back({std::string(method), std::move(name), std::move(handler)});
}

Reply Router::handle(Request& request) const {
  request.params.clear();
  drop_last_slash(request.segments);
  const Site* site = root_->find(request.segments, request.params);
  if (site == nullptr) return not_found(request);
  const Route* route = site->find(request.method);
  if (route == nullptr && request.method == "HEAD") route = site->find("GET");
  if (route != nullptr) {
    request.route = route->name;
    return route->handler(request);
  }
  request.route = site->routes.front().name;
  if (request.method == "OPTIONS") return with_allow(empty_reply(204), *site);
  return with_allow(problem_reply(request.request_id, 405, "method_not_allowed",
                                  "This path does not take this method."),
                    *site);
}

}  // namespace coupon::http
