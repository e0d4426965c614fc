#include "coupond/service/accounts.h"

#include <algorithm>

#include "coupond/core/ascii.h"
#include "coupond/core/bytes.h"
#include "coupond/core/email.h"
#include "coupond/core/fold.h"
#include "coupond/core/ids.h"
#include "coupond/core/limits.h"
#include "coupond/core/password.h"
#include "coupond/store/redemptions.h"
#include "coupond/store/setup_tokens.h"

namespace coupon::service {
namespace {

using core::Error;
using core::invalid_field;
using core::Reason;
using core::Result;

// Long enough for an e-mail address's local part, short enough for a list.
constexpr std::size_t kUsernameMaxBytes = 64;

bool is_printable(std::string_view text) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  return core::is_utf8(text) && std::none_of(text.begin(), text.end(), is_control);
}

std::optional<Error> name_problem(std::string_view name) {
  if (name.size() <= core::limits::kNameMaxBytes && is_printable(name)) return std::nullopt;
  return invalid_field("name", "name must be at most 256 bytes of printable text");
}

// A username with '@' could be taken for somebody's address when they log in, and one that could be
// an id for another account wherever one is named.
std::optional<Error> username_problem(const std::optional<std::string>& username) {
  if (!username) return std::nullopt;
  const bool good = !username->empty() && username->size() <= kUsernameMaxBytes &&
                    is_printable(*username) && username->find('@') == std::string::npos;
  if (!good) {
    return invalid_field("username", "username must be 1 to 64 bytes of printable text without @");
  }
  // In capitals or not, which the look-up knows; everything else has one form.
  const std::string form = core::nfkc_casefold(*username);
  if (form != core::to_lower(*username)) {
    return invalid_field("username", "username looks like another one: write it as " + form);
  }
  if (core::mixes_scripts(*username)) {
    return invalid_field(
        "username",
        "username must not mix Latin, Greek and Cyrillic letters in one word: many look "
        "the same");
  }
  if (core::looks_latin(*username)) {
    return invalid_field(
        "username",
        "username must not be of Greek or Cyrillic letters that all look like Latin "
        "ones: it would be taken for another");
  }
  if (!core::could_be_id(*username)) return std::nullopt;
  return invalid_field(
      "username",
      "username must not look like an id: a number, a UUID, 24 hex digits, or a text "
      "that begins with id:, user: or slug:");
}

std::optional<Error> external_id_problem(const std::optional<std::string>& id) {
  if (!id) return std::nullopt;
  if (!id->empty() && id->size() <= core::limits::kExternalIdMaxBytes && is_printable(*id)) {
    return std::nullopt;
  }
  return invalid_field("external_id", "external_id must be 1 to 128 bytes of printable text");
}

// A customer may be known by their external_id alone.
Result<std::string> address_of(const NewUser& wanted) {
  if (wanted.email.empty() && wanted.external_id) return std::string();
  return core::canonical_email(wanted.email);
}

// The account as it will be stored, once all that needs no look-up is checked.
Result<domain::User> drafted(store::Tx& tx, Engine& engine, const NewUser& wanted) {
  auto email = address_of(wanted);
  if (!email.ok()) return email.error();
  if (auto problem = name_problem(wanted.name)) return *problem;
  if (auto problem = external_id_problem(wanted.external_id)) return *problem;
  if (auto problem = username_problem(wanted.username)) return *problem;
  if (wanted.credit.value < 0 || wanted.credit.value > core::limits::kCreditMax) {
    return invalid_field("credit", "credit must be between 0 and 9007199254740991");
  }
  return domain::User{
      .id = wanted.id,
      .uuid = wanted.uuid.empty() ? core::uuid4(engine.random()) : wanted.uuid,
      .email = *std::move(email),
      .username = wanted.username,
      .external_id = wanted.external_id,
      .name = wanted.name,
      .role = wanted.role,
      .password_hash = wanted.password_hash.empty() ? no_password(engine) : wanted.password_hash,
      .credit = wanted.credit,
      .subscription_ends_at = {},
      .created_at = tx.now()};
}

// The key that acts, or that made the account which acts.
std::optional<std::int64_t> key_behind(store::Tx& tx, const Caller& caller) {
  if (caller.key_id) return caller.key_id;
  if (!caller.user_id) return std::nullopt;
  const auto maker = store::find_user(tx.db(), *caller.user_id);
  return maker ? maker->made_by_key : std::nullopt;
}

Result<UserChange> insert(store::Tx& tx, Engine& engine, const Caller& caller,
                          const NewUser& wanted) {
  auto user = drafted(tx, engine, wanted);
  if (!user.ok()) return user.error();
  if (!user->email.empty() && store::find_user_by_email(tx.db(), user->email)) {
    return Reason::kEmailTaken;
  }
  // Only now: an account of old is found by its own address, +tag and all.
  user->email = core::account_email(user->email);
  if (user->external_id && store::find_user_by_external_id(tx.db(), *user->external_id)) {
    return Error{Reason::kUsernameTaken, "Another account has that external_id"};
  }
  if (user->username && store::username_taken(tx.db(), *user->username)) {
    return Reason::kUsernameTaken;
  }
  user->made_by_key = key_behind(tx, caller);
  user->id = store::insert_user(tx, *user);
  const core::Digest digest = store::user_digest(*user);
  const core::Seq seq = tx.append({.operation = store::operation::kUserCreate,
                                   .actor = caller.actor,
                                   .user_id = user->id,
                                   .units = user->token_epoch,
                                   .credit = user->credit,
                                   .digest = digest});
  return UserChange{.user = *std::move(user), .seq = seq};
}

// Stores the account and tells the cache when it is durable.
void store_changed(store::Tx& tx, Engine& engine, const domain::User& user) {
  store::update_user(tx, user);
  tx.on_commit([&cache = engine.users(), user] { cache.account_changed(user); });
}

bool is_last_admin(store::Tx& tx, const domain::User& user) {
  if (user.role != domain::Role::kAdmin || !user.active) return false;
  return !store::has_other_admin(tx.db(), user.id);
}

constexpr const char* kPeopleStayInCharge =
    "No API key, and no account that one made, can take the last administrator's place from people";

// Whether the change is by a key, or an account a key made, and nobody in charge would be left whom
// people made.
bool is_last_human(store::Tx& tx, const Caller& caller, core::UserId id, domain::Role role,
                   bool active) {
  if (role != domain::Role::kAdmin || !active || !key_behind(tx, caller)) return false;
  const auto user = store::find_user(tx.db(), id);
  return user && !user->made_by_key && store::is_only_human_in_charge(tx.db(), id);
}

}  // namespace

std::string no_password(Engine& engine) {
  core::Block<16> random{};
  engine.random()(random);
  return domain::kNoPassword + core::to_base64url(random);
}

bool is_erased(const domain::User& user) { return user.email.empty() && !user.external_id; }

Result<Erased> erase_user(store::Tx& tx, Engine& engine, const Caller& caller, core::UserId id) {
  if (!caller.is_admin()) return Reason::kForbidden;
  auto user = store::find_user(tx.db(), id);
  if (!user) return Reason::kUnknownUser;
  if (user->role != domain::Role::kUser) {
    return Error{Reason::kForbidden, "Only customers are erased: make the account a user first"};
  }
  if (is_erased(*user)) return invalid_field("id", "this person has been erased already");
  user->email.clear();
  user->name.clear();
  user->username.reset();
  user->external_id.reset();
  user->password_hash = no_password(engine);
  user->active = false;
  ++user->token_epoch;
  store_changed(tx, engine, *user);
  store::remove_setup_token(tx, id);
  const std::int64_t emptied = store::erase_metadata_of(tx, id);
  const core::Digest digest = store::user_digest(*user);
  const core::Seq seq = tx.append({.operation = store::operation::kUserErase,
                                   .actor = caller.actor,
                                   .user_id = id,
                                   .units = user->token_epoch,
                                   .digest = digest});
  return Erased{.user = *std::move(user), .emptied = emptied, .seq = seq};
}

core::Seq append_password(store::Tx& tx, const Caller& caller, const domain::User& user) {
  const core::Digest digest = store::user_digest(user);
  return tx.append({.operation = store::operation::kUserPassword,
                    .actor = caller.actor,
                    .user_id = user.id,
                    .units = user.token_epoch,
                    .digest = digest});
}

Result<std::string> hash_new_password(Engine& engine, std::string_view password) {
  if (auto problem = core::password_problem(password)) {
    return invalid_field("password", *std::move(problem));
  }
  return engine.passwords().hash(password);
}

Result<bool> password_matches(Engine& engine, const std::optional<domain::User>& user,
                              std::string_view password, bool known) {
  if (!user || !domain::has_password(*user)) {
    return engine.passwords().verify_dummy(password, known);
  }
  return engine.passwords().verify(user->password_hash, password, known);
}

Result<UserChange> create_user(store::Tx& tx, Engine& engine, const Caller& caller,
                               const NewUser& wanted) {
  const bool plain = wanted.role == domain::Role::kUser && wanted.credit.value == 0;
  if (!plain && !caller.is_admin()) return Reason::kForbidden;
  return insert(tx, engine, caller, wanted);
}

Result<UserChange> create_first_admin(store::Tx& tx, Engine& engine, const NewUser& wanted) {
  if (has_admin(tx.db())) return Reason::kForbidden;
  NewUser admin = wanted;
  admin.role = domain::Role::kAdmin;
  // Somebody else may have been quicker to register the address. The machine's owner gets it.
  const auto email = core::canonical_email(wanted.email);
  if (const auto taken = email.ok() ? store::find_user_by_email(tx.db(), *email) : std::nullopt) {
    const auto changed =
        change_password(tx, engine, Caller::system(), taken->id, wanted.password_hash);
    if (!changed.ok()) return changed;
    return update_user(tx, engine, Caller::system(), taken->id,
                       {.role = domain::Role::kAdmin, .active = true});
  }
  return insert(tx, engine, Caller::system(), admin);
}

bool has_admin(store::Connection& connection) { return store::admin_exists(connection); }

Result<UserChange> change_password(store::Tx& tx, Engine& engine, const Caller& caller,
                                   core::UserId id, const std::string& new_hash,
                                   const std::optional<std::string>& proven_hash) {
  if (!caller.may_for(id, Scope::kAdmin)) return Reason::kForbidden;
  auto user = store::find_user(tx.db(), id);
  if (!user) return Reason::kUnknownUser;
  if (proven_hash && *proven_hash != user->password_hash) return Reason::kInvalidCredentials;
  // Their own password they may change: then they have proved the one that still holds.
  if (!proven_hash && is_last_human(tx, caller, id, user->role, user->active)) {
    return Error{Reason::kForbidden, kPeopleStayInCharge};
  }
  user->password_hash = new_hash;
  ++user->token_epoch;
  store_changed(tx, engine, *user);
  const core::Seq seq = append_password(tx, caller, *user);
  return UserChange{.user = *std::move(user), .seq = seq};
}

Result<UserChange> update_user(store::Tx& tx, Engine& engine, const Caller& caller, core::UserId id,
                               const UserPatch& patch) {
  if (!caller.may_for(id, Scope::kAdmin)) return Reason::kForbidden;
  if ((patch.role || patch.active) && !caller.is_admin()) return Reason::kForbidden;
  if (patch.name) {
    if (auto problem = name_problem(*patch.name)) return *problem;
  }
  auto user = store::find_user(tx.db(), id);
  if (!user) return Reason::kUnknownUser;
  if (patch.email) {
    const auto email = core::canonical_email(*patch.email);
    if (!email.ok()) return email.error();
    const auto holder = store::find_user_by_email(tx.db(), *email);
    if (holder && holder->id != id) return Reason::kEmailTaken;
    if (is_erased(*user)) return invalid_field("email", "this person has been erased");
    user->email = holder ? holder->email : core::account_email(*email);
  }
  const bool last_admin = is_last_admin(tx, *user);
  const domain::Role old_role = user->role;
  const bool was_active = user->active;
  user->name = patch.name.value_or(user->name);
  user->role = patch.role.value_or(user->role);
  user->active = patch.active.value_or(user->active);
  if (user->role != old_role || user->active != was_active) {
    if (is_last_human(tx, caller, id, old_role, was_active)) {
      return Error{Reason::kForbidden, kPeopleStayInCharge};
    }
    if (last_admin) return Error{Reason::kForbidden, "The last administrator must stay one"};
    ++user->token_epoch;
  }
  store_changed(tx, engine, *user);
  const core::Digest digest = store::user_digest(*user);
  const core::Seq seq = tx.append({.operation = store::operation::kUserUpdate,
                                   .actor = caller.actor,
                                   .user_id = id,
                                   .units = user->token_epoch,
                                   .digest = digest});
  return UserChange{.user = *std::move(user), .seq = seq};
}

Result<UserChange> change_credit(store::Tx& tx, Engine& engine, const Caller& caller,
                                 core::UserId id, core::Credit delta, std::string_view reason) {
  static_cast<void>(engine);  // no cache holds balances
  if (!caller.is_admin()) return Reason::kForbidden;
  if (delta.value == 0) return invalid_field("credit", "credit must change by something");
  if (reason.empty() || reason.size() > core::limits::kNameMaxBytes || !is_printable(reason)) {
    return invalid_field("reason", "reason must be 1 to 256 bytes of printable text");
  }
  auto user = store::find_user(tx.db(), id);
  if (!user) return Reason::kUnknownUser;
  if (!store::add_credit(tx, id, delta)) {
    if (delta.value > 0) {
      return invalid_field("credit", "the balance would exceed 9007199254740991");
    }
    return Error{
        .reason = Reason::kInsufficientCredit, .message = {}, .number = user->credit.value};
  }
  user->credit.value += delta.value;
  const core::Seq seq = tx.append({.operation = store::operation::kUserCredit,
                                   .actor = caller.actor,
                                   .user_id = id,
                                   .credit = delta,
                                   .detail = reason});
  return UserChange{.user = *std::move(user), .seq = seq};
}

Result<std::int64_t> deactivate_made_by(store::Tx& tx, Engine& engine, const Caller& caller,
                                        std::int64_t key) {
  std::int64_t ended = 0;
  for (const core::UserId id : store::users_made_by_key(tx.db(), key)) {
    const auto user = store::find_user(tx.db(), id);
    if (!user || !user->active) continue;
    const auto changed = update_user(tx, engine, caller, id, {.active = false});
    if (!changed.ok()) return changed.error();
    ++ended;
  }
  return ended;
}

std::optional<domain::User> find_login(store::Connection& connection, std::string_view identifier) {
  if (identifier.find('@') == std::string_view::npos) {
    return store::find_user_by_username(connection, identifier);
  }
  const auto email = core::canonical_email(identifier);
  if (!email.ok()) return std::nullopt;
  return store::find_user_by_email(connection, *email);
}

Result<domain::User> read_user(Engine& engine, core::UserId id) {
  return engine.readers().read<domain::User>([&](store::Connection& db) -> Result<domain::User> {
    if (auto user = store::find_user(db, id)) return *std::move(user);
    return Reason::kUnknownUser;
  });
}

}  // namespace coupon::service
