// Accounts: making them, changing them, and finding them by whatever name a client uses. Functions
// that take a Tx belong into a body of Writer::run() and are on its thread; the others may be
// called from any thread and may take as long as a password hash does (about 80 ms).
//
// Every change is a ledger entry. A change of password, role or active raises the account's token
// epoch, which ends its sessions; that is known to all requests when the change is durable.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coupond/core/result.h"
#include "coupond/domain/user.h"
#include "coupond/service/caller.h"
#include "coupond/service/engine.h"
#include "coupond/service/naming.h"
#include "coupond/store/users.h"

namespace coupon::service {

struct NewUser {
  core::UserId id = {};    // 0: the next
  std::string uuid = {};   // empty: a new one
  std::string email = {};  // as typed
  std::optional<std::string> username = {};
  std::optional<std::string> external_id = {};  // then there need be no e-mail address
  std::string name = {};
  std::string password_hash = {};  // from hash_new_password(); empty: nobody can log in
  domain::Role role = domain::Role::kUser;
  core::Credit credit = {};
};

// An account as it is after a change, and the change's ledger entry.
struct UserChange {
  domain::User user;
  core::Seq seq;
};

// What to change; what is absent stays.
struct UserPatch {
  std::optional<std::string> name = {};
  std::optional<std::string> email = {};  // as typed; kEmailTaken
  std::optional<domain::Role> role = {};
  std::optional<bool> active = {};
};

// The text to store for a new password. kInvalidRequest (field "password") when it breaks the rule;
// kBusy when too many are being hashed. Call it before the write operation, never inside.
core::Result<std::string> hash_new_password(Engine& engine, std::string_view password);

// The text to store for an account into which nobody can log in; another each time.
std::string no_password(Engine& engine);

// Whether this is the account's password; of an account that is not there, never, and after the
// same time. kBusy as above.
core::Result<bool> password_matches(Engine& engine, const std::optional<domain::User>& user,
                                    std::string_view password, bool known = false);

// Anybody may make a plain account for themself. Another role, or credit to start with, takes an
// administrator (kForbidden). kInvalidRequest, kEmailTaken, kUsernameTaken.
core::Result<UserChange> create_user(store::Tx& tx, Engine& engine, const Caller& caller,
                                     const NewUser& wanted);

// A person's name, addresses, password and the metadata of their redemptions are replaced by
// nothing, and the account is closed. What stays has no name in it: the account's number and UUID,
// its balance, and the ledger, with order numbers and reasons as they were given.
struct Erased {
  domain::User user;
  std::int64_t emptied = 0;  // redemptions that had metadata
  core::Seq seq;
};
bool is_erased(const domain::User& user);
// For administrators, of customers. kForbidden, kUnknownUser; kInvalidRequest the second time.
core::Result<Erased> erase_user(store::Tx& tx, Engine& engine, const Caller& caller,
                                core::UserId id);

// The same as administrator when there is none yet; kForbidden when there is one. Of several that
// race, one wins. Whoever calls this has made sure that the asker owns the machine: an account of
// that address is theirs then, with the new password, and its sessions end.
core::Result<UserChange> create_first_admin(store::Tx& tx, Engine& engine, const NewUser& wanted);
bool has_admin(store::Connection& connection);

// Own password, or any as administrator. `proven_hash`: the hash against which the caller's old
// password was proven; kInvalidCredentials when it is no longer the account's.
core::Result<UserChange> change_password(store::Tx& tx, Engine& engine, const Caller& caller,
                                         core::UserId id, const std::string& new_hash,
                                         const std::optional<std::string>& proven_hash = {});

// The entry of a new password hash that is stored already. Part of change_password(), and of a
// log-in that renews the hash.
core::Seq append_password(store::Tx& tx, const Caller& caller, const domain::User& user);

// Own name; role and active as administrator, who cannot take them from the last active one, nor,
// as an API key or an account made by one, from the last one whom people made (kForbidden).
// kUnknownUser, kInvalidRequest.
core::Result<UserChange> update_user(store::Tx& tx, Engine& engine, const Caller& caller,
                                     core::UserId id, const UserPatch& patch);

// Deactivates the accounts that a key made, itself or through others; how many.
core::Result<std::int64_t> deactivate_made_by(store::Tx& tx, Engine& engine, const Caller& caller,
                                              std::int64_t key);

// Adds to a balance, or takes from it, as administrator. kInsufficientCredit (with the balance as
// number) below zero; kInvalidRequest without a reason, for 0 or beyond limits::kCreditMax.
core::Result<UserChange> change_credit(store::Tx& tx, Engine& engine, const Caller& caller,
                                       core::UserId id, core::Credit delta,
                                       std::string_view reason);

// The account that logs in under an e-mail address or username.
std::optional<domain::User> find_login(store::Connection& connection, std::string_view identifier);
// One account, on a connection of its own; kUnknownUser.
core::Result<domain::User> read_user(Engine& engine, core::UserId id);

}  // namespace coupon::service
