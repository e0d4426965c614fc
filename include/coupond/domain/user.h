// An account. Values only: safe on any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "coupond/core/types.h"

namespace coupon::domain {

// Each role may do what the ones before it may.
enum class Role { kUser, kStaff, kAdmin };
std::string_view name(Role role);
std::string_view capital_name(Role role);  // "ADMIN"
std::optional<Role> parse_role(std::string_view text);

struct User {
  core::UserId id = {};
  std::string uuid = {};
  std::string email = {};  // empty: known by external_id alone, or erased
  std::optional<std::string> username = {};
  std::optional<std::string> external_id = {};  // what another system calls them
  std::string name = {};
  Role role = Role::kUser;
  bool active = true;
  std::string password_hash = {};
  std::int64_t token_epoch = 1;  // a session made under another epoch is over
  core::Credit credit = {};
  std::optional<core::UnixMs> subscription_ends_at = {};
  core::UnixMs created_at = {};
  // The API key that made it, or made the account that did; absent: people made it.
  std::optional<std::int64_t> made_by_key = {};
};

// A customer whom staff or a program made has no password, and nobody can log in: in place of a
// hash there is this and random text.
inline constexpr char kNoPassword = '!';
inline bool has_password(const User& user) { return !user.password_hash.starts_with(kNoPassword); }

}  // namespace coupon::domain
