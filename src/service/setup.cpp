#include "coupond/service/setup.h"

#include "coupond/core/bytes.h"
#include "coupond/store/setup_tokens.h"

namespace coupon::service {
namespace {

using core::Result;

// Long enough to walk to another machine with it, short enough that a log of the banner is stale
// when somebody finds it.
constexpr std::int64_t kGoodForMs = 30 * 60 * core::kMsPerSecond;

// The same for used, expired and made up: a guesser learns nothing.
core::Error no_good() {
  return {.reason = core::Reason::kInvalidToken,
          .message =
              "This set-up link has been used, has run out or was replaced. While there is "
              "no administrator, a restart of coupond prints a new one; `coupond admin "
              "create` makes one at any time"};
}

}  // namespace

Result<std::string> make_setup_token(Engine& engine) {
  core::Block<32> secret;
  engine.random()(secret);
  std::string token = core::to_base64url(secret);
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
    if (!store::is_setup_token_good(db, core::hash_of(token), now)) return no_good();
    if (has_admin(db)) return no_good();
    return core::Done{};
  });
}

Result<UserChange> set_up(store::Tx& tx, Engine& engine, std::string_view token,
                          const NewUser& wanted) {
  if (!store::use_setup_token(tx, core::hash_of(token))) return no_good();
  auto made = create_first_admin(tx, engine, wanted);
  // Somebody was made administrator from the command line since.
  if (!made.ok() && made.error().reason == core::Reason::kForbidden) return no_good();
  return made;
}

}  // namespace coupon::service
