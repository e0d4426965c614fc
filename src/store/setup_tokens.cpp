#include "coupond/store/setup_tokens.h"

namespace coupon::store {
namespace {

constexpr char kForget[] = "DELETE FROM setup_tokens";

constexpr char kInsert[] = "INSERT INTO setup_tokens (token_hash, expires_at) VALUES (?, ?)";

constexpr char kFindGood[] = R"(
  SELECT 1 FROM setup_tokens WHERE token_hash = ?1 AND used_at IS NULL AND expires_at > ?2)";

constexpr char kUse[] = R"(
  UPDATE setup_tokens SET used_at = ?2
   WHERE token_hash = ?1 AND used_at IS NULL AND expires_at > ?2)";

}  // namespace

void replace_setup_token(Tx& tx, const core::Digest& token_hash, core::UnixMs expires_at) {
  Query(tx.db(), kForget).run();
  Query(tx.db(), kInsert, token_hash, expires_at).run();
}

bool is_setup_token_good(Connection& connection, const core::Digest& token_hash, core::UnixMs now) {
  return Query(connection, kFindGood, token_hash, now).next();
}

bool use_setup_token(Tx& tx, const core::Digest& token_hash) {
  return Query(tx.db(), kUse, token_hash, tx.now()).run() == 1;
}

}  // namespace coupon::store
