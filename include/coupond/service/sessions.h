// Sessions: from password to access token, from refresh token to the next, from either to a Caller.
//
// An access token is a signed JWT, good for as long as its clients expect (SessionKind). A refresh
// token is 32 random bytes, good for
// 30 days and for one use: using it names its successor, and all that descend from one login are a
// family. Two uses mean that two hold it, so the second ends the family, with one exception: a
// client that lost our answer may repeat the request for 10 s and is given the same successor, as
// long as nobody has used that. The successor is a keyed hash of its predecessor, so the repetition
// needs nothing that is not in the database, and a thief of the predecessor cannot compute it.
//
// Functions with a Tx belong into a body of Writer::run(); the others may be called from any
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "coupond/core/result.h"
#include "coupond/domain/user.h"
#include "coupond/service/caller.h"
#include "coupond/service/engine.h"

namespace coupon::service {

// Whose clients a session is for. They know no refresh, or another one, so it decides how long the
// tokens last and what their payloads say; it changes nothing of what the session may do.
enum class SessionKind {
  kNative,  // 1 h
  kToken,   // 24 h; the claim service's too
  kCard,    // 1 h
  kBook,    // 90 days
  kStore,   // 15 min, and a refresh token that is good for 30 days however often it is shown
};

struct Session {
  domain::User user;
  std::string access_token;
  std::string refresh_token;
  std::int64_t expires_in_s = 0;  // of the access token
};

// A first session of a new family for the account, which must be active.
Session start_session(store::Tx& tx, Engine& engine, const domain::User& user,
                      SessionKind kind = SessionKind::kNative);

// `identifier`: e-mail address or username. kInvalidCredentials, after the same time, for an
// unknown or inactive account and for a wrong password; kBusy when too many passwords are being
// hashed.
core::Result<Session> log_in(Engine& engine, std::string_view identifier, std::string_view password,
                             bool known = false, SessionKind kind = SessionKind::kNative);

// kInvalidToken for whatever is not a refresh token that may be used now.
core::Result<Session> refresh_session(Engine& engine, std::string_view refresh_token);
// The same for the refresh token of a SessionKind::kStore, and only for one: it stays as it is, and
// the new session has it again. Writes nothing.
core::Result<Session> renew_session(Engine& engine, std::string_view refresh_token);

// Ends the family of the refresh token; one that is unknown is ended already.
core::Result<core::Done> log_out(Engine& engine, std::string_view refresh_token);

// Who shows this token: a session's access token or an API key ("ck_…"). kInvalidToken for any
// other (a refresh or coupon token too), one that has run out, and one whose account was disabled
// or changed password or role since.
core::Result<Caller> authenticate(Engine& engine, std::string_view token);

// An account's UUID, from memory where it was lately asked for. kUnknownUser.
core::Result<std::string> user_uuid(Engine& engine, core::UserId id);

// Forgets refresh tokens and stored replies that have run out, in slices that hold the writer for a
// few milliseconds each, until none is left or `go_on` says no. For a background thread, about once
// a minute; returns how many went.
core::Result<std::int64_t> purge_expired(
    Engine& engine, const std::function<bool()>& go_on = [] { return true; });

}  // namespace coupon::service
