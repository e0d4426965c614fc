// API keys: what programs show instead of a session. "ck_" and 32 random bytes in base64url; shown
// once, kept as a hash. Functions with a Tx belong into a body of Writer::run().
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "coupond/core/result.h"
#include "coupond/service/caller.h"
#include "coupond/service/engine.h"
#include "coupond/store/api_keys.h"

namespace coupon::service {

inline constexpr std::string_view kApiKeyPrefix = "ck_";

struct NewApiKey {
  store::ApiKey key;
  std::string secret;  // the only time it is seen
  core::Seq seq;
};

// As administrator. kInvalidRequest without a name or a scope.
core::Result<NewApiKey> create_api_key(store::Tx& tx, Engine& engine, const Caller& caller,
                                       std::string_view name, Scopes scopes,
                                       std::optional<std::int64_t> guesses = {});

struct RevokedApiKey {
  store::ApiKey key;
  core::Seq seq;
};
// As administrator; requests with it are refused from then on. kUnknownApiKey when there is none or
// it is revoked already.
core::Result<RevokedApiKey> revoke_api_key(store::Tx& tx, Engine& engine, const Caller& caller,
                                           std::int64_t id);

// The same with all that the key made, itself or through others: accounts are deactivated, their
// keys revoked.
core::Result<RevokedApiKey> revoke_with_made(store::Tx& tx, Engine& engine, const Caller& caller,
                                             std::int64_t id);

}  // namespace coupon::service
