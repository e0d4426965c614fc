#include "coupond/store/idempotency.h"

namespace coupon::store {
namespace {

constexpr char kFind[] = R"(
  SELECT key_hash, request, reply, created_at FROM idempotency
   WHERE key_hash = ? AND created_at > ?)";

constexpr char kInsert[] = R"(
  INSERT INTO idempotency (key_hash, request, reply, created_at) VALUES (?1, ?2, ?3, ?4)
  ON CONFLICT (key_hash) DO UPDATE SET request = ?2, reply = ?3, created_at = ?4)";

constexpr char kPurge[] = R"(
  DELETE FROM idempotency WHERE key_hash IN
    (SELECT key_hash FROM idempotency WHERE created_at <= ?1 ORDER BY created_at LIMIT ?2))";

}  // namespace

std::optional<StoredReply> find_reply(Connection& connection, const core::Digest& key_hash,
                                      core::UnixMs since) {
  Query query(connection, kFind, key_hash, since);
  if (!query.next()) return std::nullopt;
  return StoredReply{.key_hash = query.block<32>(0),
                     .request = query.block<32>(1),
                     .sealed = query.blob(2),
                     .created_at = query.time(3)};
}

void insert_reply(Tx& tx, const StoredReply& reply) {
  Query(tx.db(), kInsert, reply.key_hash, reply.request, core::as_bytes(reply.sealed),
        reply.created_at)
      .run();
}

std::int64_t purge_replies(Tx& tx, core::UnixMs until, std::int64_t limit) {
  return Query(tx.db(), kPurge, until, limit).run();
}

}  // namespace coupon::store
