// What a database holds, as text: to show that a refused request changed nothing. Any thread, one
// connection.
#pragma once

#include <string>

#include "coupond/store/connection.h"

namespace coupon::test {

// Everything about coupons, campaigns, accounts, redemptions and holds, one row a line, and how
// long the ledger is.
inline std::string dump_state(store::Connection& db) {
  constexpr const char* kTables[] = {
      "SELECT quote(id) || quote(campaign_id) || quote(number) || quote(code_hash) || quote(state)"
      " || quote(user_id) || quote(uses) || quote(max_uses) || quote(pool_slot)"
      " || quote(assigned_at) || quote(expires_at) || quote(last_seq) FROM coupons ORDER BY id",
      "SELECT quote(id) || quote(slug) || quote(name) || quote(description) || quote(max_issued)"
      " || quote(max_per_user) || quote(max_redemptions_per_coupon)"
      " || quote(max_redemptions_per_user) || quote(max_holds_per_user) || quote(starts_at)"
      " || quote(ends_at) || quote(active) || quote(price) || quote(reward_kind)"
      " || quote(reward_value) || quote(issued) || quote(assigned) || quote(available)"
      " || quote(redeemed) || quote(rolled_back) || quote(voided) || quote(last_seq)"
      " || quote(archived_at) FROM campaigns ORDER BY id",
      "SELECT quote(id) || quote(email) || quote(username) || quote(name) || quote(role)"
      " || quote(active) || quote(password_hash) || quote(token_epoch) FROM users ORDER BY id",
      "SELECT quote(user_id) || quote(credit) || quote(subscription_ends_at)"
      " || quote(last_redemption) FROM balances ORDER BY user_id",
      "SELECT quote(id) || quote(coupon_id) || quote(user_id) || quote(amount)"
      " || quote(rolled_back_at) FROM redemptions ORDER BY id",
      "SELECT quote(coupon_id) || quote(user_id) || quote(token_hash) || quote(expires_at)"
      " FROM holds ORDER BY coupon_id",
      "SELECT quote(id) || quote(scopes) || quote(revoked_at) FROM api_keys ORDER BY id",
      "SELECT quote(id) || quote(state) || quote(done) FROM jobs ORDER BY id",
      "SELECT quote(max(seq)) FROM ledger"};
  std::string text;
  for (const char* table : kTables) {
    store::Query query(db, table);
    while (query.next()) text += query.text(0) + '\n';
    text += "--\n";
  }
  return text;
}

}  // namespace coupon::test
