#include "coupond/service/caller.h"

#include <algorithm>
#include <array>
#include <utility>

namespace coupon::service {
namespace {

constexpr std::array kScopes{Scope::kRead, Scope::kIssue, Scope::kRedeem, Scope::kAdmin,
                             Scope::kTill};

Scopes scopes_of(domain::Role role) {
  switch (role) {
    case domain::Role::kUser:
      return {};
    case domain::Role::kStaff:
      return Scopes().with(Scope::kRead).with(Scope::kIssue).with(Scope::kRedeem);
    case domain::Role::kAdmin:
      return Scopes().with(Scope::kAdmin);
  }
  return {};
}

Caller trusted(Caller::Kind kind, std::string actor) {
  return {.kind = kind, .scopes = Scopes().with(Scope::kAdmin), .actor = std::move(actor)};
}

}  // namespace

std::string_view name(Scope scope) {
  switch (scope) {
    case Scope::kRead:
      return "read";
    case Scope::kIssue:
      return "issue";
    case Scope::kRedeem:
      return "redeem";
    case Scope::kAdmin:
      return "admin";
    case Scope::kTill:
      return "till";
  }
  return "";
}

std::optional<Scope> parse_scope(std::string_view text) {
  for (const Scope scope : kScopes) {
    if (name(scope) == text) return scope;
  }
  return std::nullopt;
}

std::string Scopes::to_text() const {
  std::string text;
  for (const Scope scope : kScopes) {
    if ((bits_ & bit(scope)) == 0) continue;
    if (!text.empty()) text += ' ';
    text += name(scope);
  }
  return text;
}

std::optional<Scopes> Scopes::parse(std::string_view text) {
  Scopes scopes;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    const auto scope = parse_scope(text.substr(0, end));
    if (!scope) return std::nullopt;
    scopes = scopes.with(*scope);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return scopes;
}

Caller Caller::user(core::UserId id, domain::Role role) {
  return {.kind = Kind::kUser,
          .user_id = id,
          .role = role,
          .scopes = scopes_of(role),
          .actor = "user:" + std::to_string(id.value)};
}

Caller Caller::api_key(std::int64_t id, Scopes scopes) {
  return {
      .kind = Kind::kApiKey, .scopes = scopes, .key_id = id, .actor = "key:" + std::to_string(id)};
}

Caller Caller::cli() { return trusted(Kind::kCli, "cli"); }
Caller Caller::system() { return trusted(Kind::kSystem, "system"); }
Caller Caller::job(std::int64_t id) { return trusted(Kind::kJob, "job:" + std::to_string(id)); }

}  // namespace coupon::service
