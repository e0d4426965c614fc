#include "coupond/service/setup.h"

#include "coupond/core/bytes.h"
#include "coupond/store/setup_tokens.h"

namespace coupon::service {
namespace {

using core::Result;

// Long enough to walk to another machine with it, short enough that a log of the banner is stale
// when somebody finds it.
constexpr std::int64_t kGoodForMs = 30 * 60 * core::kMsPerSecond;
// An invitation waits for somebody who reads their mail after the holidays.
constexpr std::int64_t kInvitationMs = 14 * core::kMsPerDay;

// The same for used, expired and made up: a guesser learns nothing.
core::Error no_good() {
  return {.reason = core::Reason::kInvalidToken,
          .message =
              "This set-up link has been used, has run out or was replaced. While there is "
              "no administrator, a restart of coupond prints a new one; `coupond admin "
              "create` makes one at any time"};
}

core::Error no_good_invitation() {
  return {.reason = core::Reason::kInvalidToken,
          .message = "This invitation has been used, has run out or was replaced. Ask for another"};
}

std::string random_token(Engine& engine) {
  core::Block<32> secret;
  engine.random()(secret);
  return core::to_base64url(secret);
}

// The account that an invitation is good for.
std::optional<domain::User> invited(store::Connection& db, std::string_view token,
                                    core::UnixMs now) {
  const auto found = store::find_setup_token(db, core::hash_of(token), now);
  if (!found || !found->user) return std::nullopt;
  auto user = store::find_user(db, *found->user);
  if (!user || !user->active || domain::has_password(*user)) return std::nullopt;
  return user;
}

}  // namespace

Result<std::string> make_setup_token(Engine& engine) {
  std::string token = random_token(engine);
  const auto stored =
      engine.writer().run<core::Done>("setup.token", [&](store::Tx& tx) -> Result<core::Done> {
        store::replace_setup_token(tx, core::hash_of(token), tx.now() + kGoodForMs);
        return core::Done{};
      });
  if (!stored.ok()) return stored.error();
  return token;
}

Result<core::Done> check_setup_token(Engine& engine, std::string_view token) {
  const core::UnixMs now = engine.clock()();
  return engine.readers().read<core::Done>([&](store::Connection& db) -> Result<core::Done> {
    const auto found = store::find_setup_token(db, core::hash_of(token), now);
    if (!found || found->user) return no_good();
    if (has_admin(db)) return no_good();
    return core::Done{};
  });
}

Result<UserChange> set_up(store::Tx& tx, Engine& engine, std::string_view token,
                          const NewUser& wanted) {
  const auto found = store::find_setup_token(tx.db(), core::hash_of(token), tx.now());
  if (!found || found->user) return no_good();
  store::use_setup_token(tx, core::hash_of(token));
  auto made = create_first_admin(tx, engine, wanted);
  // Somebody was made administrator from the command line since.
  if (!made.ok() && made.error().reason == core::Reason::kForbidden) return no_good();
  return made;
}

Result<Invitation> invite(store::Tx& tx, Engine& engine, const Caller& caller, core::UserId id) {
  if (!caller.is_admin()) return core::Reason::kForbidden;
  const auto user = store::find_user(tx.db(), id);
  if (!user) return core::Reason::kUnknownUser;
  if (user->email.empty() || domain::has_password(*user) || !user->active) {
    return core::Error{.reason = core::Reason::kInvalidRequest,
                       .message =
                           "Only an active account with an e-mail address and without a "
                           "password can be invited"};
  }
  Invitation made{.token = random_token(engine), .expires_at = tx.now() + kInvitationMs};
  store::replace_setup_token(tx, core::hash_of(made.token), made.expires_at, id);
  return made;
}

Result<core::Done> check_invitation(Engine& engine, std::string_view token) {
  const core::UnixMs now = engine.clock()();
  return engine.readers().read<core::Done>([&](store::Connection& db) -> Result<core::Done> {
    if (!invited(db, token, now)) return no_good_invitation();
    return core::Done{};
  });
}

Result<UserChange> accept_invitation(store::Tx& tx, Engine& engine, std::string_view token,
                                     const std::string& password_hash) {
  const auto user = invited(tx.db(), token, tx.now());
  if (!user) return no_good_invitation();
  store::use_setup_token(tx, core::hash_of(token));
  return change_password(tx, engine, Caller::user(user->id, user->role), user->id, password_hash);
}

}  // namespace coupon::service
