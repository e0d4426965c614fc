#include "coupond/http/allowed_origins.h"

#include <algorithm>
#include <string_view>

namespace coupon::http {
namespace {

// What the services' and our own clients send and read.
constexpr char kRequestHeaders[] =
    "Authorization, Content-Type, Idempotency-Key, Token, X-Request-Id";
constexpr char kReplyHeaders[] =
    "Dry-Run, Idempotent-Replayed, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id";
// How long a browser may remember: as long as all of them will.
constexpr char kMaxAgeSeconds[] = "600";

bool is_host_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == ':' ||
         c == '[' || c == ']';
}

// A scheme and a host, in lower case, perhaps a port; no path, not even a slash.
bool is_origin(std::string_view text) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!text.starts_with(scheme)) continue;
    text.remove_prefix(scheme.size());
    return !text.empty() && std::ranges::all_of(text, is_host_char);
  }
  return false;
}

}  // namespace

core::Result<AllowedOrigins> AllowedOrigins::parse(const std::vector<std::string>& origins) {
  AllowedOrigins allowed;
  for (const std::string& origin : origins) {
    if (origin == "*") {
      allowed.all_ = true;
    } else if (is_origin(origin)) {
      allowed.origins_.push_back(origin);
    } else {
      return core::Error{.reason = core::Reason::kInvalidRequest,
                         .message = "\"" + origin +
                                    "\" is not an origin: https://HOST or http://HOST:PORT, in "
                                    "lower case, without a slash at the end."};
    }
  }
  return allowed;
}

void AllowedOrigins::mark(const Request& request, Reply& reply) const {
  if (!all_ && origins_.empty()) return;
  const auto add = [&reply](const char* name, std::string value) {
    reply.headers.emplace_back(name, std::move(value));
  };
  if (!all_) add("Vary", "Origin");
  const auto origin = request.header("Origin");
  if (!origin || (!all_ && std::ranges::find(origins_, *origin) == origins_.end())) return;
  add("Access-Control-Allow-Origin", all_ ? "*" : std::string(*origin));
  add("Access-Control-Expose-Headers", kReplyHeaders);
  if (request.method != "OPTIONS") return;
  const auto allow = std::ranges::find(reply.headers, "Allow", &NameValue::first);
  if (allow == reply.headers.end()) return;
  const std::string methods = allow->second;
  add("Access-Control-Allow-Methods", methods);
  add("Access-Control-Allow-Headers", kRequestHeaders);
  add("Access-Control-Max-Age", kMaxAgeSeconds);
}

}  // namespace coupon::http
