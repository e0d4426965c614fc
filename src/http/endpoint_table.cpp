#include <algorithm>

#include "coupond/http/openapi.h"

namespace coupon::http {
namespace {

std::string who(const Endpoint& endpoint) {
  std::string text;
  switch (endpoint.auth) {
    case Auth::kNone:
      return "anyone";
    case Auth::kOptional:
      text = "anyone";
      break;
    case Auth::kSession:
      text = "session";
      break;
    case Auth::kStaff:
      text = "staff";
      break;
    case Auth::kAdmin:
      text = "admin";
      break;
    case Auth::kRefresh:
      return "refresh token";
  }
  for (const std::string_view scope : scopes_of(endpoint)) {
    text.append(", key `").append(scope).append("`");
  }
  return text;
}

void append_row(std::string& out, const Endpoint& endpoint) {
  out += "| `" + endpoint.route + "`";
  for (const std::string& alias : endpoint.aliases) out += ", `" + alias + "`";
  out += " | " + who(endpoint) + " | ";
  std::string successes;
  for (const Answer& answer : endpoint.answers) {
    if (answer.status >= 400) continue;
    if (!successes.empty()) successes += ", ";
    successes += std::to_string(answer.status);
  }
  out += successes;
  out += " | " + endpoint.summary + " |\n";
}

}  // namespace

std::string endpoint_table(const Api& api) {
  std::vector<std::string> tags;
  for (const auto& endpoint : api.endpoints()) {
    const std::string& tag = endpoint->dialect->tag;
    if (std::find(tags.begin(), tags.end(), tag) == tags.end()) tags.push_back(tag);
  }
  std::string out;
  for (const std::string& tag : tags) {
    if (!out.empty()) out += '\n';
    out += "### " + tag + "\n\n| endpoint | who | success | what it does |\n|---|---|---|---|\n";
    for (const auto& endpoint : api.endpoints()) {
      if (endpoint->dialect->tag == tag) append_row(out, *endpoint);
    }
  }
  return out;
}

}  // namespace coupon::http
