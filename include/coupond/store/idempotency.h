// First answers to requests with an Idempotency-Key, kept for a day. Reads work on any connection;
// what writes takes a Tx, the one of the effect the answer tells of.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "coupond/core/hash.h"
#include "coupond/core/random.h"
#include "coupond/core/secrets.h"
#include "coupond/core/types.h"
#include "coupond/store/connection.h"
#include "coupond/store/tx.h"

namespace coupon::store {

struct StoredReply {
  core::Digest key_hash{};  // of principal, endpoint and key
  core::Digest request{};   // of what the request said
  std::string sealed;  // the reply: it may hold codes or tokens, so it is not kept in the clear
  core::UnixMs created_at;
};

// Seals a reply together with what it is the reply to, so that no row can be given another's.
std::string seal_reply(const core::Secrets& secrets, const core::Digest& key_hash,
                       const core::Digest& request, std::string_view text,
                       const core::Random& random);
// Nothing when it is another row's, or not ours.
std::optional<std::string> open_reply(const core::Secrets& secrets, const StoredReply& reply);
// The first row whose reply is not its own, as a sentence. Reads the whole table.
std::optional<std::string> swapped_reply(Connection& connection, const core::Secrets& secrets);
// Seals the replies of `old.idempotency`, which are bound to nothing, anew. For the migration.
void copy_bound_replies(Connection& connection, const core::Secrets& secrets);

// One that was stored after `since`; an older one is as good as gone.
std::optional<StoredReply> find_reply(Connection& connection, const core::Digest& key_hash,
                                      core::UnixMs since);

// Replaces one that is as good as gone.
void insert_reply(Tx& tx, const StoredReply& reply);
// Forgets up to `limit` that were stored up to `until`; returns how many.
std::int64_t purge_replies(Tx& tx, core::UnixMs until, std::int64_t limit);

}  // namespace coupon::store
