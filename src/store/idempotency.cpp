#include "coupond/store/idempotency.h"

#include "coupond/core/bytes.h"
#include "coupond/core/hash.h"
#include "coupond/core/seal.h"

namespace coupon::store {
namespace {

constexpr char kFind[] = R"(
  SELECT key_hash, request, reply, created_at FROM idempotency
   WHERE key_hash = ? AND created_at > ?)";

constexpr char kInsert[] = R"(
  INSERT INTO idempotency (key_hash, request, reply, created_at) VALUES (?1, ?2, ?3, ?4)
  ON CONFLICT (key_hash) DO UPDATE SET request = ?2, reply = ?3, created_at = ?4)";

constexpr char kAudit[] = "SELECT key_hash, request, reply, created_at FROM idempotency";
constexpr char kOldOnes[] = "SELECT key_hash, request, reply, created_at FROM old.idempotency";

constexpr char kPurge[] = R"(
  DELETE FROM idempotency WHERE key_hash IN
    (SELECT key_hash FROM idempotency WHERE created_at <= ?1 ORDER BY created_at LIMIT ?2))";

StoredReply read_reply(const Query& query) {
  return {.key_hash = query.block<32>(0),
          .request = query.block<32>(1),
          .sealed = query.blob(2),
          .created_at = query.time(3)};
}

core::Digest seal_key(const core::Secrets& secrets) {
  return core::keyed_hash_of(secrets.code_seal_key(), "stored replies");
}

std::string binding(const core::Digest& key_hash, const core::Digest& request) {
  return std::string(core::as_text(key_hash)) + std::string(core::as_text(request));
}

void insert(Connection& connection, const StoredReply& reply) {
  Query(connection, kInsert, reply.key_hash, reply.request, core::as_bytes(reply.sealed),
        reply.created_at)
      .run();
}

}  // namespace

std::string seal_reply(const core::Secrets& secrets, const core::Digest& key_hash,
                       const core::Digest& request, std::string_view text,
                       const core::Random& random) {
  return core::seal(seal_key(secrets), binding(key_hash, request).append(text), random);
}

std::optional<std::string> open_reply(const core::Secrets& secrets, const StoredReply& reply) {
  auto text = core::unseal(seal_key(secrets), reply.sealed);
  const std::string bound = binding(reply.key_hash, reply.request);
  if (!text || !text->starts_with(bound)) return std::nullopt;
  return text->substr(bound.size());
}

std::optional<std::string> swapped_reply(Connection& connection, const core::Secrets& secrets) {
  Query query(connection, kAudit);
  while (query.next()) {
    const StoredReply reply = read_reply(query);
    if (open_reply(secrets, reply)) continue;
    return "idempotency " + core::to_hex(core::ByteView(reply.key_hash).first(4)) +
           "...: the stored reply is not the one to this request";
  }
  return std::nullopt;
}

void copy_bound_replies(Connection& connection, const core::Secrets& secrets) {
  Query query(connection, kOldOnes);
  while (query.next()) {
    StoredReply reply = read_reply(query);
    const auto text = core::unseal(seal_key(secrets), reply.sealed);
    if (!text) continue;  // not ours: it would never have been an answer
    reply.sealed = seal_reply(secrets, reply.key_hash, reply.request, *text, core::system_random);
    insert(connection, reply);
  }
}

std::optional<StoredReply> find_reply(Connection& connection, const core::Digest& key_hash,
                                      core::UnixMs since) {
  Query query(connection, kFind, key_hash, since);
  if (!query.next()) return std::nullopt;
  return read_reply(query);
}

void insert_reply(Tx& tx, const StoredReply& reply) { insert(tx.db(), reply); }

std::int64_t purge_replies(Tx& tx, core::UnixMs until, std::int64_t limit) {
  return Query(tx.db(), kPurge, until, limit).run();
}

}  // namespace coupon::store
