// API keys in the database, kept as hashes. Reads work on any connection; what writes takes a Tx.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "coupond/core/hash.h"
#include "coupond/core/types.h"
#include "coupond/store/connection.h"
#include "coupond/store/tx.h"

namespace coupon::store {

struct ApiKey {
  std::int64_t id = 0;
  core::Digest key_hash{};
  std::string hint;    // its last four characters, to tell keys apart
  std::string name;    // what the owner calls it
  std::string scopes;  // words with one space between; service::Scopes reads them
  std::optional<core::UserId> created_by;
  core::UnixMs created_at;
  std::optional<core::UnixMs> revoked_at;
  std::optional<std::int64_t> guesses = {};  // its own limit of wrong codes a minute
};

std::optional<ApiKey> find_api_key(Connection& connection, std::int64_t id);
// Revoked ones too.
std::optional<ApiKey> find_api_key_by_hash(Connection& connection, const core::Digest& key_hash);
// In order of id, after `after`; revoked ones too.
std::vector<ApiKey> list_api_keys(Connection& connection, std::int64_t after, std::int64_t limit);

// The keys of an account that work.
std::vector<std::int64_t> live_keys_of(Connection& connection, core::UserId user);

// Stores a new key (its id is ignored) and returns its id.
std::int64_t insert_api_key(Tx& tx, const ApiKey& key);
void revoke_api_key(Tx& tx, std::int64_t id, core::UnixMs at);

}  // namespace coupon::store
