// Accounts and API keys, as the ledger has them.
#include "coupond/domain/decide.h"
#include "src/store/audit_replay.h"
#include "src/store/possible.h"

namespace coupon::store {

void Replay::create_user(const LedgerRow& row) {
  require(row.user_id.has_value(), row, "it names no user");
  if (row.user_id->value > kOrdinaryIds) return create_high_user(row);
  if (row.user_id->value != last_user_ + 1) {
    impossible(row, "the next user is " + figure(last_user_ + 1) + ", it makes " +
                        figure(row.user_id->value));
  }
  ++last_user_;
  if (!window_.contains(last_user_)) return;
  users_.push_back({.token_epoch = row.units, .account = digest_prefix(digest_of(row))});
  add_to_balance(row);
}

// The demo's accounts, and what comes after a million others: only upwards. The demo leaves a
// number out when somebody has that account's e-mail already.
void Replay::create_high_user(const LedgerRow& row) {
  constexpr std::int64_t kLeftOutMax = 100;
  const std::int64_t id = row.user_id->value;
  if (id <= last_high_ || id > last_high_ + 1 + kLeftOutMax) {
    impossible(row, "the next user above " + figure(kOrdinaryIds) + " is " +
                        figure(last_high_ + 1) + ", it makes " + figure(id));
  }
  while (last_high_ < id) {
    ++last_high_;
    if (window_.contains(last_high_)) high_users_.push_back({.credit = UserFact::kNotMade});
  }
  if (!window_.contains(id)) return;
  high_users_.back() = {.token_epoch = row.units, .account = digest_prefix(digest_of(row))};
  add_to_balance(row);
}

void Replay::update_user(const LedgerRow& row) {
  UserFact* user = user_of(row);
  if (user == nullptr) return;
  user->account = digest_prefix(digest_of(row));
  user->token_epoch = row.units;
}

// Entries of 0.1.0 carry no digest: they fix nothing.
void Replay::change_password(const LedgerRow& row) {
  touch_user(row);
  if (row.digest) update_user(row);
}

void Replay::touch_user(const LedgerRow& row) {
  require(row.user_id.has_value(), row, "it names no user");
  add_to_balance(row);
}

// Null when the entry names nobody, or somebody outside the window.
UserFact* Replay::user_of(const LedgerRow& row) {
  if (!row.user_id) return nullptr;
  const std::int64_t id = row.user_id->value;
  const bool is_high = id > kOrdinaryIds;
  require(1 <= id && id <= (is_high ? last_high_ : last_user_), row, "its user does not exist");
  if (!is_high) return find(users_, id);
  UserFact* user = find_high(high_users_, id);
  require(user != nullptr || !window_.contains(id), row, "its user does not exist");
  return user;
}

void Replay::add_to_balance(const LedgerRow& row) {
  UserFact* user = user_of(row);
  if (user == nullptr) return;
  require(!__builtin_add_overflow(user->credit, row.credit.value, &user->credit), row,
          "no balance can be so large");
  require(user->credit >= 0, row, "the user's credit would be negative");
  if (row.days == 0) return;
  std::optional<core::UnixMs> ends_at;
  if (user->subscription_ends_at != UserFact::kNone) ends_at = {{user->subscription_ends_at}};
  if (row.days > 0) {
    ends_at = domain::extend_subscription(ends_at, row.days, row.at);
  } else {
    require(ends_at.has_value(), row, "there is no subscription to take days from");
    *ends_at = *ends_at + row.days * core::kMsPerDay;
  }
  user->subscription_ends_at = ends_at->value;
}

void Replay::create_key(const LedgerRow& row) {
  KeyFact key{.key_hash = digest_of(row), .scopes = row.detail.value_or(""), .maker = row.actor};
  require(keys_.emplace(row.units, std::move(key)).second, row, "there is such an API key already");
}

void Replay::revoke_key(const LedgerRow& row) {
  const auto found = keys_.find(row.units);
  require(found != keys_.end(), row, "there is no such API key");
  require(!found->second.revoked, row, "the API key was revoked before");
  found->second.revoked = true;
}

}  // namespace coupon::store
