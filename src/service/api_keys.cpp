#include "coupond/service/api_keys.h"

#include "coupond/core/bytes.h"
#include "coupond/core/limits.h"
#include "coupond/service/accounts.h"
#include "coupond/store/users.h"

namespace coupon::service {
namespace {

using core::invalid_field;
using core::Reason;
using core::Result;

constexpr std::size_t kHintBytes = 4;

std::string make_secret(const core::Random& random) {
  core::Block<32> bytes;
  random(bytes);
  return std::string(kApiKeyPrefix) + core::to_base64url(bytes);
}

}  // namespace

Result<NewApiKey> create_api_key(store::Tx& tx, Engine& engine, const Caller& caller,
                                 std::string_view name, Scopes scopes,
                                 std::optional<std::int64_t> guesses) {
  if (!caller.is_admin()) return Reason::kForbidden;
  if (name.empty() || name.size() > core::limits::kNameMaxBytes || !core::is_utf8(name)) {
    return invalid_field("name", "name must be 1 to 256 bytes of text");
  }
  if (scopes.empty()) return invalid_field("scopes", "scopes must name at least one");
  NewApiKey made{.key = {}, .secret = make_secret(engine.random()), .seq = {}};
  made.key = {.key_hash = core::hash_of(made.secret),
              .hint = made.secret.substr(made.secret.size() - kHintBytes),
              .name = std::string(name),
              .scopes = scopes.to_text(),
              .created_by = caller.user_id,
              .created_at = tx.now(),
              .revoked_at = {},
              .guesses = guesses};
  made.key.id = store::insert_api_key(tx, made.key);
  const std::string detail =
      made.key.scopes + (guesses ? ", guesses " + std::to_string(*guesses) : std::string());
  made.seq = tx.append({.operation = store::operation::kKeyCreate,
                        .actor = caller.actor,
                        .units = made.key.id,
                        .digest = made.key.key_hash,
                        .detail = detail});
  return made;
}

Result<RevokedApiKey> revoke_api_key(store::Tx& tx, Engine& engine, const Caller& caller,
                                     std::int64_t id) {
  if (!caller.is_admin()) return Reason::kForbidden;
  auto key = store::find_api_key(tx.db(), id);
  if (!key || key->revoked_at) return Reason::kUnknownApiKey;
  key->revoked_at = tx.now();
  store::revoke_api_key(tx, id, tx.now());
  tx.on_commit([&cache = engine.users(), hash = key->key_hash] { cache.api_key_revoked(hash); });
  const core::Seq seq =
      tx.append({.operation = store::operation::kKeyRevoke, .actor = caller.actor, .units = id});
  return RevokedApiKey{.key = *std::move(key), .seq = seq};
}

Result<RevokedApiKey> revoke_with_made(store::Tx& tx, Engine& engine, const Caller& caller,
                                       std::int64_t id) {
  auto revoked = revoke_api_key(tx, engine, caller, id);
  if (!revoked.ok()) return revoked;
  std::vector<std::int64_t> keys{id};
  for (std::size_t next = 0; next < keys.size(); ++next) {
    for (const core::UserId user : store::users_made_by_key(tx.db(), keys[next])) {
      for (const std::int64_t key : store::live_keys_of(tx.db(), user)) {
        const auto also = revoke_api_key(tx, engine, caller, key);
        if (!also.ok()) return also;
        keys.push_back(key);
      }
    }
    const auto ended = deactivate_made_by(tx, engine, caller, keys[next]);
    if (!ended.ok()) return ended.error();
  }
  return revoked;
}

}  // namespace coupon::service
