// What must be known of an account, an API key or a session token on every request, in memory and
// bounded. The file is the truth: what is missing here is read there, and what changes an account
// or key says so here on commit, before its caller is answered. Safe on any thread; owned by
// Engine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "coupond/core/hash.h"
#include "coupond/core/recent_map.h"
#include "coupond/core/types.h"
#include "coupond/domain/user.h"
#include "coupond/service/caller.h"

namespace coupon::service {

// What decides whether a session still holds, and for what.
struct AccountState {
  std::string uuid = {};
  domain::Role role = domain::Role::kUser;
  bool active = false;
  std::int64_t epoch = 0;
};

// A session token whose signature was found good.
struct VerifiedToken {
  core::UserId user_id;
  std::size_t uuid_hash = 0;  // ids come back after a restore, UUIDs do not
  std::int64_t epoch = 0;
  core::UnixMs issued_at;
  core::UnixMs clock_since;  // see SessionClaims
  core::UnixMs expires_at;
};

struct ApiKeyState {
  std::int64_t id = 0;
  Scopes scopes;
  std::optional<std::int64_t> guesses = {};
};

class UserCache {
 public:
  // About 200 bytes an entry.
  explicit UserCache(std::size_t accounts_max = 131'072, std::size_t tokens_max = 65'536)
      : accounts_(accounts_max), tokens_(tokens_max), keys_(kKeysMax), unknown_keys_(kKeysMax) {}

  // Whatever is missing is asked of `load()`, which returns a Result of the same type; refusals are
  // not remembered.
  template <class Load>
  core::Result<AccountState> account(core::UserId id, Load&& load) {
    return accounts_.find_or_load(id.value, load);
  }
  template <class Load>
  core::Result<VerifiedToken> token(const core::Digest& hash, Load&& load) {
    return tokens_.find_or_load(hash, load);
  }
  template <class Load>
  core::Result<ApiKeyState> api_key(const core::Digest& hash, Load&& load) {
    return keys_.find_or_load(hash, load);
  }

  // Keys that nobody has: a text that was none will not become one, being random. Apart from the
  // others, so that a flood of them drives none of those out.
  bool is_unknown_key(const core::Digest& hash) { return unknown_keys_.contains(hash); }
  void note_unknown_key(const core::Digest& hash) { unknown_keys_.put(hash, true); }

  // On commit, by whatever changed it: sessions end with the next request.
  void account_changed(const domain::User& user) {
    accounts_.put(
        user.id.value,
        {.uuid = user.uuid, .role = user.role, .active = user.active, .epoch = user.token_epoch});
  }
  void api_key_revoked(const core::Digest& hash) { keys_.erase(hash); }
  // Somebody else wrote the file.
  void clear() {
    accounts_.clear();
    keys_.clear();
    unknown_keys_.clear();
  }

 private:
  static constexpr std::size_t kKeysMax = 4096;
  // The keys are hashes already: any eight bytes will do.
  struct FirstBytes {
    std::size_t operator()(const core::Digest& digest) const {
      std::size_t bytes = 0;
      std::memcpy(&bytes, digest.data(), sizeof bytes);
      return bytes;
    }
  };

  core::RecentMap<std::int64_t, AccountState> accounts_;
  core::RecentMap<core::Digest, VerifiedToken, FirstBytes> tokens_;
  core::RecentMap<core::Digest, ApiKeyState, FirstBytes> keys_;
  core::RecentMap<core::Digest, bool, FirstBytes> unknown_keys_;
};

}  // namespace coupon::service
