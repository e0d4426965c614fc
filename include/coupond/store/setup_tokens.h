// Tokens of links that set a password, kept as hashes: of the set-up link, and of each account's
// invitation, at most one is good at a time. Reads work on any connection; what writes takes a Tx.
// The rules of their use are service/setup.h's.
#pragma once

#include <optional>

#include "coupond/core/hash.h"
#include "coupond/core/types.h"
#include "coupond/store/connection.h"
#include "coupond/store/tx.h"

namespace coupon::store {

struct SetupToken {
  std::optional<core::UserId> user = {};  // whose invitation it is; absent: the set-up link's
};

// Stores a token in place of the earlier one for the same.
void replace_setup_token(Tx& tx, const core::Digest& token_hash, core::UnixMs expires_at,
                         std::optional<core::UserId> user = {});
// The token with this hash, when it is there, unused, and good at `now`.
std::optional<SetupToken> find_setup_token(Connection& connection, const core::Digest& token_hash,
                                           core::UnixMs now);
// Ends an account's invitation, if it has one.
void remove_setup_token(Tx& tx, core::UserId user);
// Uses it up. False, and nothing happens, when it is not good.
bool use_setup_token(Tx& tx, const core::Digest& token_hash);

}  // namespace coupon::store
