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
  std::string email = {};
  std::optional<std::string> username = {};
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

}  // namespace coupon::domain
