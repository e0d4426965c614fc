// The token of the set-up link, kept as a hash: at most one is good at a time. Reads work on any
// connection; what writes takes a Tx. The rules of its use are service/setup.h's.
#pragma once

#include "coupond/core/hash.h"
#include "coupond/core/types.h"
#include "coupond/store/connection.h"
#include "coupond/store/tx.h"

namespace coupon::store {

// Stores a token in place of all earlier ones.
void replace_setup_token(Tx& tx, const core::Digest& token_hash, core::UnixMs expires_at);
// Whether a token with this hash is there, unused, and good at `now`.
bool is_setup_token_good(Connection& connection, const core::Digest& token_hash, core::UnixMs now);
// Uses it up. False, and nothing happens, when it is not good.
bool use_setup_token(Tx& tx, const core::Digest& token_hash);

}  // namespace coupon::store
