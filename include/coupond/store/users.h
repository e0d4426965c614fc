// Accounts in the database. Reads work on any connection; what writes takes a Tx.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coupond/core/hash.h"
#include "coupond/domain/user.h"
#include "coupond/store/connection.h"
#include "coupond/store/tx.h"

namespace coupon::store {

std::optional<domain::User> find_user(Connection& connection, core::UserId id);
// False for no account.
bool is_active(Connection& connection, core::UserId id);
std::optional<domain::User> find_user_by_uuid(Connection& connection, std::string_view uuid);
// `email` as core::canonical_email() gives it. That of an account made before +tags were ignored is
// found by its own; else see core::account_email().
std::optional<domain::User> find_user_by_email(Connection& connection, std::string_view email);
std::optional<domain::User> find_user_by_external_id(Connection& connection,
                                                     std::string_view external_id);
std::optional<domain::User> find_user_by_username(Connection& connection,
                                                  std::string_view username);
// Whether anybody has it, in capitals or not.
bool username_taken(Connection& connection, std::string_view username);

struct UserFilter {
  std::optional<domain::Role> role = {};
  std::optional<bool> active = {};
  core::UserId after = {};
  std::int64_t offset = 0;  // for lists by page number
  std::int64_t limit = 100;
};
// In order of id.
std::vector<domain::User> list_users(Connection& connection, const UserFilter& filter);
// Every username, in order of id.
void visit_usernames(Connection& connection,
                     const std::function<void(core::UserId, const std::string&)>& visit);
// How many list_users() would give without offset and limit.
std::int64_t count_users(Connection& connection, const UserFilter& filter);

// Whether there is an administrator, and whether there is an active one besides this account.
bool admin_exists(Connection& connection);
bool has_other_admin(Connection& connection, core::UserId id);

// The accounts that a key made, itself or through accounts it made.
std::vector<core::UserId> users_made_by_key(Connection& connection, std::int64_t key);
// Whether no other active administrator was made by people.
bool is_only_human_in_charge(Connection& connection, core::UserId id);

// What no two accounts have alike: the address, or what stands for it where there is none.
std::string email_key(const domain::User& user);

// What an account's ledger entries pin besides its balance: who it is, how it logs in and what it
// may do. (Its token epoch is in the entry itself, and its name in none.)
core::Digest user_digest(const domain::User& user);

// Accounts are numbered 1, 2, 3, leaving out numbers above this as long as there are others: the
// demo's own accounts are up there, so that the first that somebody makes is 2.
inline constexpr std::int64_t kOrdinaryIds = 1'000'000;

// Stores a new account and returns its id: the one it has, or the next if that is 0. Uuid, e-mail
// and username must be free, which holds when they were looked up in the same operation.
core::UserId insert_user(Tx& tx, const domain::User& user);
// Stores all of an existing one but its balance, times and maker. What is unique must be free.
void update_user(Tx& tx, const domain::User& user);
// Adds to the balance, or takes from it. False, and nothing happens, when there is no such account
// or the balance would leave 0..limits::kCreditMax.
bool add_credit(Tx& tx, core::UserId id, core::Credit delta);

}  // namespace coupon::store
