#include "coupond/store/sessions.h"

namespace coupon::store {
namespace {

#define COUPOND_TOKEN_COLUMNS \
  "SELECT token_hash, family, user_id, epoch, created_at, expires_at, used_at, "

constexpr char kFind[] = COUPOND_TOKEN_COLUMNS "mark FROM refresh_tokens WHERE token_hash = ?";
constexpr char kAudit[] = COUPOND_TOKEN_COLUMNS "mark FROM refresh_tokens";
constexpr char kOldOnes[] = COUPOND_TOKEN_COLUMNS "zeroblob(32) FROM old.refresh_tokens";
#undef COUPOND_TOKEN_COLUMNS

constexpr char kInsert[] = R"(
  INSERT INTO refresh_tokens (token_hash, family, user_id, epoch, created_at, expires_at, used_at,
    mark)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?))";

constexpr char kMarkUsed[] =
    "UPDATE refresh_tokens SET used_at = ?2, mark = ?3 WHERE token_hash = ?1";

constexpr char kDeleteFamily[] = "DELETE FROM refresh_tokens WHERE family = ?";

constexpr char kPurge[] = R"(
  DELETE FROM refresh_tokens WHERE token_hash IN
    (SELECT token_hash FROM refresh_tokens WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2))";

RefreshToken read_token(const Query& query) {
  return {.token_hash = query.block<32>(0),
          .family = query.block<16>(1),
          .user_id = {query.integer(2)},
          .epoch = query.integer(3),
          .created_at = query.time(4),
          .expires_at = query.time(5),
          .used_at = query.maybe_time(6),
          .mark = query.block<32>(7)};
}

void insert(Connection& connection, const RefreshToken& token) {
  Query(connection, kInsert, token.token_hash, token.family, token.user_id, token.epoch,
        token.created_at, token.expires_at, token.used_at, token.mark)
      .run();
}

}  // namespace

core::Digest token_mark(const core::Secrets& secrets, const RefreshToken& token) {
  core::Hasher hasher(secrets.record_seal_key());
  hasher.add("refresh token").add(token.token_hash).add(core::as_text(token.family));
  hasher.add(token.user_id.value).add(token.epoch);
  hasher.add(token.created_at.value).add(token.expires_at.value);
  if (token.used_at) {
    hasher.add(token.used_at->value);
  } else {
    hasher.add_null();
  }
  return hasher.finish();
}

std::optional<RefreshToken> find_refresh_token(Connection& connection,
                                               const core::Digest& token_hash) {
  Query query(connection, kFind, token_hash);
  if (!query.next()) return std::nullopt;
  return read_token(query);
}

std::optional<std::string> forged_token(Connection& connection, const core::Secrets& secrets) {
  Query query(connection, kAudit);
  while (query.next()) {
    const RefreshToken token = read_token(query);
    if (token.mark == token_mark(secrets, token)) continue;
    return "refresh_tokens: a session of user " + std::to_string(token.user_id.value) +
           " is not as it was written, its owner perhaps";
  }
  return std::nullopt;
}

void copy_marked_tokens(Connection& connection, const core::Secrets& secrets) {
  Query query(connection, kOldOnes);
  while (query.next()) {
    RefreshToken token = read_token(query);
    token.mark = token_mark(secrets, token);
    insert(connection, token);
  }
}

void insert_refresh_token(Tx& tx, const RefreshToken& token) { insert(tx.db(), token); }

void mark_refresh_token_used(Tx& tx, const RefreshToken& token) {
  Query(tx.db(), kMarkUsed, token.token_hash, token.used_at, token.mark).run();
}

void delete_refresh_family(Tx& tx, const core::Block<16>& family) {
  Query(tx.db(), kDeleteFamily, family).run();
}

std::int64_t purge_refresh_tokens(Tx& tx, core::UnixMs now, std::int64_t limit) {
  return Query(tx.db(), kPurge, now, limit).run();
}

}  // namespace coupon::store
