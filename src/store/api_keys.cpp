#include "coupond/store/api_keys.h"

namespace coupon::store {
namespace {

#define COUPOND_API_KEY_COLUMNS                                                  \
  "SELECT id, key_hash, hint, name, scopes, created_by, created_at, revoked_at," \
  " guesses FROM api_keys "

constexpr char kById[] = COUPOND_API_KEY_COLUMNS "WHERE id = ?";
constexpr char kByHash[] = COUPOND_API_KEY_COLUMNS "WHERE key_hash = ?";
constexpr char kList[] = COUPOND_API_KEY_COLUMNS "WHERE id > ? ORDER BY id LIMIT ?";
#undef COUPOND_API_KEY_COLUMNS

constexpr char kLiveOf[] = R"(
  SELECT id FROM api_keys INDEXED BY api_keys_by_maker
   WHERE created_by = ? AND revoked_at IS NULL ORDER BY id)";

constexpr char kInsert[] = R"(
  INSERT INTO api_keys (key_hash, hint, name, scopes, created_by, created_at, guesses)
  VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id)";

constexpr char kRevoke[] = "UPDATE api_keys SET revoked_at = ?2 WHERE id = ?1";

ApiKey read_key(const Query& query) {
  ApiKey key{.id = query.integer(0),
             .key_hash = query.block<32>(1),
             .hint = query.text(2),
             .name = query.text(3),
             .scopes = query.text(4),
             .created_by = std::nullopt,
             .created_at = query.time(6),
             .revoked_at = query.maybe_time(7),
             .guesses = query.maybe_integer(8)};
  if (const auto creator = query.maybe_integer(5)) key.created_by = core::UserId{*creator};
  return key;
}

template <class Key>
std::optional<ApiKey> find(Connection& connection, const char* sql, const Key& key) {
  Query query(connection, sql, key);
  if (!query.next()) return std::nullopt;
  return read_key(query);
}

}  // namespace

std::optional<ApiKey> find_api_key(Connection& connection, std::int64_t id) {
  return find(connection, kById, id);
}

std::optional<ApiKey> find_api_key_by_hash(Connection& connection, const core::Digest& key_hash) {
  return find(connection, kByHash, key_hash);
}

std::vector<ApiKey> list_api_keys(Connection& connection, std::int64_t after, std::int64_t limit) {
  std::vector<ApiKey> keys;
  Query query(connection, kList, after, limit);
  while (query.next()) keys.push_back(read_key(query));
  return keys;
}

std::vector<std::int64_t> live_keys_of(Connection& connection, core::UserId user) {
  std::vector<std::int64_t> ids;
  Query query(connection, kLiveOf, user);
  while (query.next()) ids.push_back(query.integer(0));
  return ids;
}

std::int64_t insert_api_key(Tx& tx, const ApiKey& key) {
  Query query(tx.db(), kInsert, key.key_hash, key.hint, key.name, key.scopes, key.created_by,
              key.created_at, key.guesses);
  query.next();
  return query.integer(0);
}

void revoke_api_key(Tx& tx, std::int64_t id, core::UnixMs at) {
  Query(tx.db(), kRevoke, id, at).run();
}

}  // namespace coupon::store
