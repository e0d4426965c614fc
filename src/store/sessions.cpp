#include "coupond/store/sessions.h"

namespace coupon::store {
namespace {

constexpr char kFind[] = R"(
  SELECT token_hash, family, user_id, epoch, created_at, expires_at, used_at
    FROM refresh_tokens WHERE token_hash = ?)";

constexpr char kInsert[] = R"(
  INSERT INTO refresh_tokens (token_hash, family, user_id, epoch, created_at, expires_at, used_at)
  VALUES (?, ?, ?, ?, ?, ?, ?))";

constexpr char kMarkUsed[] = "UPDATE refresh_tokens SET used_at = ?2 WHERE token_hash = ?1";

constexpr char kDeleteFamily[] = "DELETE FROM refresh_tokens WHERE family = ?";

constexpr char kPurge[] = R"(
  DELETE FROM refresh_tokens WHERE token_hash IN
    (SELECT token_hash FROM refresh_tokens WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2))";

}  // namespace

std::optional<RefreshToken> find_refresh_token(Connection& connection,
                                               const core::Digest& token_hash) {
  Query query(connection, kFind, token_hash);
  if (!query.next()) return std::nullopt;
  return RefreshToken{.token_hash = query.block<32>(0),
                      .family = query.block<16>(1),
                      .user_id = {query.integer(2)},
                      .epoch = query.integer(3),
                      .created_at = query.time(4),
                      .expires_at = query.time(5),
                      .used_at = query.maybe_time(6)};
}

void insert_refresh_token(Tx& tx, const RefreshToken& token) {
  Query(tx.db(), kInsert, token.token_hash, token.family, token.user_id, token.epoch,
        token.created_at, token.expires_at, token.used_at)
      .run();
}

void mark_refresh_token_used(Tx& tx, const core::Digest& token_hash, core::UnixMs at) {
  Query(tx.db(), kMarkUsed, token_hash, at).run();
}

void delete_refresh_family(Tx& tx, const core::Block<16>& family) {
  Query(tx.db(), kDeleteFamily, family).run();
}

std::int64_t purge_refresh_tokens(Tx& tx, core::UnixMs now, std::int64_t limit) {
  return Query(tx.db(), kPurge, now, limit).run();
}

}  // namespace coupon::store
