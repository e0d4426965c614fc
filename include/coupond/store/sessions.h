// Refresh tokens in the database, kept as hashes. Reads work on any connection; what writes takes a
// Tx. The rules of their use are service/sessions.h's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "coupond/core/bytes.h"
#include "coupond/core/hash.h"
#include "coupond/core/secrets.h"
#include "coupond/core/types.h"
#include "coupond/store/connection.h"
#include "coupond/store/tx.h"

namespace coupon::store {

struct RefreshToken {
  core::Digest token_hash{};
  core::Block<16> family{};  // shared by all successors of one login
  core::UserId user_id;
  std::int64_t epoch = 0;  // the account's at that time
  core::UnixMs created_at;
  core::UnixMs expires_at;
  std::optional<core::UnixMs> used_at = {};
  core::Digest mark{};  // token_mark() of all the above
};

// What binds a row together: nobody without secret.key can make it out to another account.
core::Digest token_mark(const core::Secrets& secrets, const RefreshToken& token);

std::optional<RefreshToken> find_refresh_token(Connection& connection,
                                               const core::Digest& token_hash);

// The first row whose mark does not fit, as a sentence. Reads the whole table.
std::optional<std::string> forged_token(Connection& connection, const core::Secrets& secrets);
// Gives each row of `old.refresh_tokens`, a table without marks, one. For the migration.
void copy_marked_tokens(Connection& connection, const core::Secrets& secrets);

void insert_refresh_token(Tx& tx, const RefreshToken& token);
// Stores used_at and mark.
void mark_refresh_token_used(Tx& tx, const RefreshToken& token);
// Ends every session that descends from one login.
void delete_refresh_family(Tx& tx, const core::Block<16>& family);
// Forgets up to `limit` tokens that have run out; returns how many.
std::int64_t purge_refresh_tokens(Tx& tx, core::UnixMs now, std::int64_t limit);

}  // namespace coupon::store
