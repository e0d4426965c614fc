#include "coupond/service/sessions.h"

#include <array>
#include <functional>

#include "coupond/core/assert.h"
#include "coupond/core/bytes.h"
#include "coupond/core/ids.h"
#include "coupond/core/limits.h"
#include "coupond/core/time_text.h"
#include "coupond/service/accounts.h"
#include "coupond/service/api_keys.h"
#include "coupond/store/idempotency.h"
#include "coupond/store/sessions.h"

namespace coupon::service {
namespace {

using core::Reason;
using core::Result;

// How long the tokens of a session are good for.
struct Terms {
  std::int64_t access_ms;
  std::int64_t refresh_ms;
};

Terms terms_of(SessionKind kind) {
  switch (kind) {
    case SessionKind::kToken:
      return {24 * core::kMsPerHour, 30 * core::kMsPerDay};
    case SessionKind::kBook:
      return {90 * core::kMsPerDay, 180 * core::kMsPerDay};
    case SessionKind::kStore:
      return {core::kMsPerHour / 4, 30 * core::kMsPerDay};
    case SessionKind::kNative:
    case SessionKind::kCard:
      break;
  }
  return {core::kMsPerHour, 30 * core::kMsPerDay};
}

// How long a client that lost our answer may ask again.
constexpr std::int64_t kGraceMs = 10 * core::kMsPerSecond;
// Rows one purge operation may delete: a few milliseconds of the writer's time.
constexpr std::int64_t kPurgeSlice = 200;

using Secret = core::Block<32>;

std::optional<Secret> parse_refresh_token(std::string_view text) {
  Secret secret;
  if (!core::from_base64url(text, secret)) return std::nullopt;
  return secret;
}

core::Digest stored_form(const Secret& secret) { return core::hash_of(core::as_text(secret)); }

Secret successor_of(const Secret& secret, const core::Secrets& secrets) {
  return core::Hasher(secrets.session_key())
      .add("refresh token successor")
      .add(core::as_text(secret))
      .finish();
}

core::SessionClaims claims_of(const Engine& engine, const domain::User& user, core::UnixMs from,
                              std::int64_t life_ms) {
  return {.user_id = user.id.value,
          .uuid = user.uuid,
          .epoch = user.token_epoch,
          .issued_at = from,
          .expires_at = from + life_ms,
          .clock_since = engine.writer().time().right_since(),
          .role = std::string(domain::name(user.role))};
}

// `type`: access or refresh.
core::FlatJsonWriter store_claims(Engine& engine, const domain::User& user, std::string_view type,
                                  core::UnixMs now) {
  core::FlatJsonWriter shown;
  shown.add_boolean("fresh", false).add("jti", core::uuid4(engine.random())).add("type", type);
  shown.add("sub", user.id.value).add("nbf", now.value / core::kMsPerSecond);
  return shown;
}

// What the clients of that kind read in an access token.
core::FlatJsonWriter shown_claims(Engine& engine, const domain::User& user, SessionKind kind,
                                  core::UnixMs now) {
  core::FlatJsonWriter shown;
  switch (kind) {
    case SessionKind::kToken:
      return std::move(shown.add("user_id", user.uuid)
                           .add("type", "auth")
                           .add("role", domain::capital_name(user.role))
                           .add("issued_at", core::to_text(now, core::TimeStyle::kNaiveMicros)));
    case SessionKind::kCard:
      return std::move(shown.add("user_id", user.id.value).add("email", user.email));
    case SessionKind::kStore:
      return store_claims(engine, user, "access", now);
    case SessionKind::kNative:
    case SessionKind::kBook:  // reads `sub`, which a plain token has
      break;
  }
  return shown;
}

Session make_session(Engine& engine, const domain::User& user, SessionKind kind,
                     std::string refresh_token, core::UnixMs now) {
  const std::int64_t life_ms = terms_of(kind).access_ms;
  return {.user = user,
          .access_token = engine.tokens().sign_session(claims_of(engine, user, now, life_ms),
                                                       shown_claims(engine, user, kind, now)),
          .refresh_token = std::move(refresh_token),
          .expires_in_s = life_ms / core::kMsPerSecond};
}

void insert_refresh_token(store::Tx& tx, Engine& engine, const domain::User& user,
                          const core::Digest& hash, const core::Block<16>& family,
                          std::int64_t life_ms) {
  store::RefreshToken token{.token_hash = hash,
                            .family = family,
                            .user_id = user.id,
                            .epoch = user.token_epoch,
                            .created_at = tx.now(),
                            .expires_at = tx.now() + life_ms};
  token.mark = store::token_mark(engine.secrets(), token);
  store::insert_refresh_token(tx, token);
}

// Nothing when its row is not as it was written: it may be made out to somebody else.
std::optional<store::RefreshToken> find_token(store::Connection& db, Engine& engine,
                                              const core::Digest& hash) {
  auto token = store::find_refresh_token(db, hash);
  if (token && token->mark != store::token_mark(engine.secrets(), *token)) return std::nullopt;
  return token;
}

// The account of a refresh token that has not run out, if the token still holds.
std::optional<domain::User> holder_of(store::Connection& db, const store::RefreshToken& token) {
  auto user = store::find_user(db, token.user_id);
  if (!user || !user->active || user->token_epoch != token.epoch) return std::nullopt;
  return user;
}

// A second use: fine only as the repetition of a request whose answer was lost.
bool is_repetition(store::Tx& tx, const store::RefreshToken& token, const Secret& successor) {
  // A use that lies further ahead than this was under another clock: nobody knows how long ago.
  const bool ahead = tx.now() + kGraceMs < *token.used_at;
  if (ahead || tx.now() >= *token.used_at + kGraceMs) return false;
  const auto next = store::find_refresh_token(tx.db(), stored_form(successor));
  return next && !next->used_at;
}

// No session: the family ends. That must be kept, so it is not a refusal of the operation.
using Rotation = std::optional<Session>;

Result<Rotation> rotate(store::Tx& tx, Engine& engine, const Secret& secret) {
  auto token = find_token(tx.db(), engine, stored_form(secret));
  if (!token || tx.now() >= token->expires_at) return Reason::kInvalidToken;
  const auto user = holder_of(tx.db(), *token);
  if (!user) return Reason::kInvalidToken;

  const Secret successor = successor_of(secret, engine.secrets());
  if (!token->used_at) {
    token->used_at = tx.now();
    token->mark = store::token_mark(engine.secrets(), *token);
    store::mark_refresh_token_used(tx, *token);
    insert_refresh_token(tx, engine, *user, stored_form(successor), token->family,
                         terms_of(SessionKind::kNative).refresh_ms);
  } else if (!is_repetition(tx, *token, successor)) {
    store::delete_refresh_family(tx, token->family);
    return Rotation();
  }
  return Rotation(
      make_session(engine, *user, SessionKind::kNative, core::to_base64url(successor), tx.now()));
}

// What the caller's thread has found out about a password.
struct Proof {
  core::UserId user_id;
  std::string hash;                     // the one that matched
  std::optional<std::string> new_hash;  // the same password, with today's parameters
};

Result<Proof> prove(Engine& engine, std::string_view identifier, std::string_view password,
                    bool known) {
  using Found = std::optional<domain::User>;
  auto found = engine.readers().read<Found>(
      [&](store::Connection& db) -> Result<Found> { return find_login(db, identifier); });
  if (!found.ok()) return found.error();
  const Found& user = *found;
  const auto matches = password_matches(engine, user, password, known);
  if (!matches.ok()) return matches.error();
  if (!*matches || !user->active) return Reason::kInvalidCredentials;
  Proof proof{.user_id = user->id, .hash = user->password_hash, .new_hash = {}};
  if (engine.passwords().needs_rehash(proof.hash)) {
    // Best effort: too busy now is no reason to refuse the login.
    if (auto hash = engine.passwords().hash(password); hash.ok()) proof.new_hash = *hash;
  }
  return proof;
}

Result<Session> open_proven(store::Tx& tx, Engine& engine, const Proof& proof, SessionKind kind) {
  auto user = store::find_user(tx.db(), proof.user_id);
  const bool still = user && user->active && user->password_hash == proof.hash;
  if (!still) return Reason::kInvalidCredentials;
  if (proof.new_hash) {
    user->password_hash = *proof.new_hash;
    store::update_user(tx, *user);
    append_password(tx, Caller::system(), *user);
  }
  return start_session(tx, engine, *user, kind);
}

std::size_t hash_of_uuid(std::string_view uuid) { return std::hash<std::string_view>()(uuid); }

Result<VerifiedToken> verify(Engine& engine, std::string_view token, core::UnixMs now) {
  const auto claims = engine.tokens().verify_session(token, now);
  if (!claims.ok()) return claims.error();
  return VerifiedToken{.user_id = {claims->user_id},
                       .uuid_hash = hash_of_uuid(claims->uuid),
                       .epoch = claims->epoch,
                       .issued_at = claims->issued_at,
                       .clock_since = claims->clock_since,
                       .expires_at = claims->expires_at};
}

Result<AccountState> load_account(Engine& engine, core::UserId id) {
  const auto user = read_user(engine, id);
  if (!user.ok()) return user.error();
  return AccountState{
      .uuid = user->uuid, .role = user->role, .active = user->active, .epoch = user->token_epoch};
}

Result<Caller> session_caller(Engine& engine, std::string_view token) {
  const core::UnixMs now = engine.clock()();
  const auto verified =
      engine.users().token(core::hash_of(token), [&] { return verify(engine, token, now); });
  if (!verified.ok()) return verified.error();
  const core::UnixMs end = engine.writer().time().end_of(verified->issued_at, verified->expires_at,
                                                         verified->clock_since);
  if (now >= end + core::limits::kTokenSkewMs) return Reason::kInvalidToken;

  const core::UserId id = verified->user_id;
  const auto account = engine.users().account(id, [&] { return load_account(engine, id); });
  if (!account.ok()) {
    const bool gone = account.error().reason == Reason::kUnknownUser;
    return gone ? core::Error{.reason = Reason::kInvalidToken, .message = {}} : account.error();
  }
  if (!account->active || account->epoch != verified->epoch) return Reason::kInvalidToken;
  if (hash_of_uuid(account->uuid) != verified->uuid_hash) return Reason::kInvalidToken;
  return Caller::user(id, account->role);
}

Result<ApiKeyState> load_api_key(Engine& engine, const core::Digest& hash) {
  return engine.readers().read<ApiKeyState>([&](store::Connection& db) -> Result<ApiKeyState> {
    const auto key = store::find_api_key_by_hash(db, hash);
    if (!key || key->revoked_at) return Reason::kInvalidToken;
    const auto scopes = Scopes::parse(key->scopes);
    if (!scopes) return Reason::kInvalidToken;
    return ApiKeyState{.id = key->id, .scopes = *scopes, .guesses = key->guesses};
  });
}

Result<Caller> key_caller(Engine& engine, std::string_view token) {
  const core::Digest hash = core::hash_of(token);
  if (engine.users().is_unknown_key(hash)) return Reason::kInvalidToken;
  const auto key = engine.users().api_key(hash, [&] { return load_api_key(engine, hash); });
  if (!key.ok()) {
    if (key.error().reason == Reason::kInvalidToken) engine.users().note_unknown_key(hash);
    return key.error();
  }
  Caller caller = Caller::api_key(key->id, key->scopes);
  caller.guesses = key->guesses;
  return caller;
}

// Deletes in slices until one finds less than it could have: what runs out must not come faster
// than it goes.
template <class Slice>
Result<std::int64_t> purge(Engine& engine, const char* name, const std::function<bool()>& go_on,
                           Slice&& slice) {
  std::int64_t total = 0;
  while (go_on()) {
    const auto gone = engine.writer().run<std::int64_t>(
        name, [&](store::Tx& tx) -> Result<std::int64_t> { return slice(tx); });
    if (!gone.ok()) return gone.error();
    total += *gone;
    if (*gone < kPurgeSlice) break;
  }
  return total;
}

}  // namespace

Session start_session(store::Tx& tx, Engine& engine, const domain::User& user, SessionKind kind) {
  COUPOND_ASSERT(user.id.value > 0 && user.active);
  core::Block<16> family;
  engine.random()(family);
  const std::int64_t life_ms = terms_of(kind).refresh_ms;
  std::string refresh;
  core::Digest hash;
  if (kind == SessionKind::kStore) {
    refresh = engine.tokens().sign_refresh(claims_of(engine, user, tx.now(), life_ms),
                                           store_claims(engine, user, "refresh", tx.now()));
    hash = core::hash_of(refresh);
  } else {
    Secret secret;
    engine.random()(secret);
    refresh = core::to_base64url(secret);
    hash = stored_form(secret);
  }
  insert_refresh_token(tx, engine, user, hash, family, life_ms);
  return make_session(engine, user, kind, std::move(refresh), tx.now());
}

Result<Session> log_in(Engine& engine, std::string_view identifier, std::string_view password,
                       bool known, SessionKind kind) {
  const auto proof = prove(engine, identifier, password, known);
  if (!proof.ok()) return proof.error();
  return engine.writer().run<Session>(
      "session.login", [&](store::Tx& tx) { return open_proven(tx, engine, *proof, kind); });
}

Result<Session> renew_session(Engine& engine, std::string_view refresh_token) {
  const core::UnixMs now = engine.clock()();
  auto user =
      engine.readers().read<domain::User>([&](store::Connection& db) -> Result<domain::User> {
        const auto token = find_token(db, engine, core::hash_of(refresh_token));
        if (!token || now >= token->expires_at) return Reason::kInvalidToken;
        auto holder = holder_of(db, *token);
        if (!holder) return Reason::kInvalidToken;
        return *std::move(holder);
      });
  if (!user.ok()) return user.error();
  return make_session(engine, *user, SessionKind::kStore, std::string(refresh_token), now);
}

Result<Session> refresh_session(Engine& engine, std::string_view refresh_token) {
  const auto secret = parse_refresh_token(refresh_token);
  if (!secret) return Reason::kInvalidToken;
  auto rotation = engine.writer().run<Rotation>(
      "session.refresh", [&](store::Tx& tx) { return rotate(tx, engine, *secret); });
  if (!rotation.ok()) return rotation.error();
  if (!*rotation) return Reason::kInvalidToken;
  return **std::move(rotation);
}

Result<core::Done> log_out(Engine& engine, std::string_view refresh_token) {
  const auto secret = parse_refresh_token(refresh_token);
  const core::Digest hash = secret ? stored_form(*secret) : core::hash_of(refresh_token);
  return engine.writer().run<core::Done>(
      "session.logout", [&](store::Tx& tx) -> Result<core::Done> {
        const auto token = store::find_refresh_token(tx.db(), hash);
        if (token) store::delete_refresh_family(tx, token->family);
        return core::Done{};
      });
}

Result<Caller> authenticate(Engine& engine, std::string_view token) {
  if (token.size() > core::limits::kTokenMaxBytes) return Reason::kInvalidToken;
  if (token.starts_with(kApiKeyPrefix)) return key_caller(engine, token);
  return session_caller(engine, token);
}

Result<std::string> user_uuid(Engine& engine, core::UserId id) {
  auto account = engine.users().account(id, [&] { return load_account(engine, id); });
  if (!account.ok()) return account.error();
  return std::move(account->uuid);
}

Result<std::int64_t> purge_expired(Engine& engine, const std::function<bool()>& go_on) {
  const auto tokens = purge(engine, "purge.refresh_tokens", go_on, [](store::Tx& tx) {
    return store::purge_refresh_tokens(tx, tx.now(), kPurgeSlice);
  });
  if (!tokens.ok()) return tokens;
  const auto replies = purge(engine, "purge.replies", go_on, [](store::Tx& tx) {
    return store::purge_replies(tx, tx.now() - core::limits::kIdempotencyKeptMs, kPurgeSlice);
  });
  if (!replies.ok()) return replies;
  return *tokens + *replies;
}

}  // namespace coupon::service
