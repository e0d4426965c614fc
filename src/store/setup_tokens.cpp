#include "coupond/store/setup_tokens.h"

namespace coupon::store {
namespace {

constexpr char kForget[] = "DELETE FROM setup_tokens WHERE user_id IS ?";

constexpr char kInsert[] =
    "INSERT INTO setup_tokens (token_hash, expires_at, user_id) VALUES (?, ?, ?)";

constexpr char kFindGood[] = R"(
  SELECT user_id FROM setup_tokens
   WHERE token_hash = ?1 AND used_at IS NULL AND expires_at > ?2)";

constexpr char kUse[] = R"(
  UPDATE setup_tokens SET used_at = ?2
   WHERE token_hash = ?1 AND used_at IS NULL AND expires_at > ?2)";

}  // namespace

void replace_setup_token(Tx& tx, const core::Digest& token_hash, core::UnixMs expires_at,
                         std::optional<core::UserId> user) {
  Query(tx.db(), kForget, user).run();
  Query(tx.db(), kInsert, token_hash, expires_at, user).run();
}

std::optional<SetupToken> find_setup_token(Connection& connection, const core::Digest& token_hash,
                                           core::UnixMs now) {
  Query query(connection, kFindGood, token_hash, now);
  if (!query.next()) return std::nullopt;
  SetupToken token;
  if (const auto id = query.maybe_integer(0)) token.user = core::UserId{*id};
  return token;
}

void remove_setup_token(Tx& tx, core::UserId user) { Query(tx.db(), kForget, user).run(); }

bool use_setup_token(Tx& tx, const core::Digest& token_hash) {
  return Query(tx.db(), kUse, token_hash, tx.now()).run() == 1;
}

}  // namespace coupon::store
