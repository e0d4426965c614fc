#include "src/store/audit_rows.h"

#include <optional>
#include <string>
#include <utility>

#include "coupond/core/hash.h"
#include "coupond/domain/campaign.h"
#include "coupond/store/coupons.h"
#include "src/store/divergence.h"

namespace coupon::store {
namespace {

constexpr char kRedemptions[] = R"(
  SELECT id, coupon_id, campaign_id, user_id, amount, reward_kind, reward_value, redeemed_at,
         rolled_back_at, order_id, taken, user_prev
    FROM redemptions ORDER BY id)";
constexpr char kRedemption[] = R"(
  SELECT id, coupon_id, campaign_id, user_id, amount, reward_kind, reward_value, redeemed_at,
         rolled_back_at, order_id, taken
    FROM redemptions WHERE id = ?)";
constexpr char kCodes[] = R"(
  SELECT c.id, code_hash, code_sealed, assigned_at,
         CASE WHEN t.coupon_id IS NULL THEN c.expires_at ELSE t.expires_at END,
         CASE WHEN t.coupon_id IS NULL THEN c.max_uses ELSE t.max_uses END, g.mode, c.value, c.state
    FROM coupons AS c LEFT JOIN campaigns AS g ON g.id = c.campaign_id
    LEFT JOIN original_terms AS t ON t.coupon_id = c.id ORDER BY c.id)";

// What a redemption of this row added to the user's balance and subscription.
std::int64_t credit_given(const Query& row) {
  const std::int64_t reward =
      row.text(5) == domain::name(domain::RewardKind::kCredit) ? row.integer(6) : 0;
  return reward - row.integer(4);
}

std::int64_t days_given(const Query& row) {
  return row.text(5) == domain::name(domain::RewardKind::kSubscription) ? row.integer(6) : 0;
}

// `sign`: 1 for the redemption's own entry, -1 for the one that undoes it.
void compare(const Query& query, const LedgerRow& row, std::int64_t sign) {
  const std::int64_t id = query.integer(0);
  const auto same = [&](std::string_view column, std::int64_t stored, std::int64_t derived) {
    expect_same("redemptions", id, column, stored, derived);
  };
  same("coupon_id", query.integer(1), row.coupon_id ? row.coupon_id->value : 0);
  same("campaign_id", query.integer(2), row.campaign_id ? row.campaign_id->value : 0);
  same("user_id", query.maybe_integer(3).value_or(0), row.user_id ? row.user_id->value : 0);
  same("what amount and reward add to the credit", credit_given(query), sign * row.credit.value);
  same("what reward adds to the subscription, in days,", days_given(query), sign * row.days);
  same("taken", query.maybe_integer(10).value_or(0), -sign * row.value);
}

}  // namespace

RedemptionCheck::RedemptionCheck(Connection& connection, core::Seq last)
    : connection_(connection),
      query_(connection, kRedemptions),
      to_be_rolled_back_(static_cast<std::size_t>(last.value) + 1) {
  step();
}

void RedemptionCheck::step() {
  at_row_ = query_.next();
  if (!at_row_) return;
  ++rows_;
  const std::int64_t id = query_.integer(0);
  const auto index = static_cast<std::size_t>(id);
  if (id < 1 || index >= to_be_rolled_back_.size()) {
    throw Divergence{row_name("redemptions", id) + " has no ledger entry"};
  }
  to_be_rolled_back_[index] = !query_.is_null(8);
}

void RedemptionCheck::see(const LedgerRow& row) {
  if (at_row_ && query_.integer(0) < row.seq.value) {
    throw Divergence{row_name("redemptions", query_.integer(0)) +
                     " has no coupon.redeem entry: the entry of that number is another"};
  }
  if (row.operation == operation::kRedeem) redeem(row);
  if (row.operation == operation::kRollback) rollback(row);
}

void RedemptionCheck::redeem(const LedgerRow& row) {
  if (!at_row_ || query_.integer(0) != row.seq.value) {
    throw Divergence{row_name("redemptions", row.seq.value) + " is missing: " + entry_name(row) +
                     " made it"};
  }
  compare(query_, row, 1);
  expect_same("redemptions", row.seq.value, "redeemed_at", query_.integer(7), row.at.value);
  expect_same("redemptions", row.seq.value, "order_id", query_.maybe_text(9), row.detail);
  check_chain(row);
  step();
}

void RedemptionCheck::check_chain(const LedgerRow& row) {
  std::int64_t previous = 0;
  if (row.user_id) {
    const auto user = static_cast<std::size_t>(row.user_id->value);
    if (user >= latest_.size()) latest_.resize(user + 1);
    previous = std::exchange(latest_[user], row.seq.value);
  }
  expect_same("redemptions", row.seq.value, "user_prev", query_.maybe_integer(11),
              previous == 0 ? std::nullopt : std::optional(previous));
}

void RedemptionCheck::rollback(const LedgerRow& row) {
  const auto index = static_cast<std::size_t>(row.units);
  if (row.units < 1 || index >= to_be_rolled_back_.size() || !to_be_rolled_back_[index]) {
    throw Divergence{row_name("redemptions", row.units) + " stands, or was rolled back before; " +
                     entry_name(row) + " ends it"};
  }
  to_be_rolled_back_[index] = false;
  Query undone(connection_, kRedemption, row.units);
  undone.next();
  compare(undone, row, -1);
  expect_same("redemptions", row.units, "rolled_back_at", undone.integer(8), row.at.value);
}

void RedemptionCheck::finish() {
  if (at_row_)
    throw Divergence{row_name("redemptions", query_.integer(0)) + " has no ledger entry"};
  for (std::size_t id = 0; id < to_be_rolled_back_.size(); ++id) {
    if (!to_be_rolled_back_[id]) continue;
    throw Divergence{row_name("redemptions", static_cast<std::int64_t>(id)) +
                     " is rolled back, but no ledger entry says so"};
  }
}

CodeCheck::CodeCheck(Connection& connection, const core::CodeVault* vault)
    : query_(connection, kCodes), vault_(vault) {}

void CodeCheck::see(const LedgerRow& row) {
  const bool minted = row.operation == operation::kIssue;
  if (!minted && row.operation != operation::kGenerate) return;
  const std::int64_t first = row.coupon_id ? row.coupon_id->value : 0;
  const core::Digest digest = minted ? minted_coupon(row, first) : lot(row, first);
  if (row.digest == core::as_text(digest)) return;
  throw Divergence{row_name("coupons", first) + (row.units > 1 ? " or one after it" : "") +
                   ": code_hash, max_uses or expires_at, or its value, is not what " +
                   entry_name(row) + " made it"};
}

core::Digest CodeCheck::minted_coupon(const LedgerRow& row, std::int64_t id) {
  next_code(row, id);
  expect_same("coupons", id, "assigned_at", query_.integer(3), row.at.value);
  expect_same("coupons", id, "value", query_.maybe_integer(7), std::optional<std::int64_t>());
  return minted_digest(code_hash(), max_uses(), query_.maybe_time(4));
}

core::Digest CodeCheck::lot(const LedgerRow& row, std::int64_t first) {
  core::Hasher digest;
  std::int64_t value = 0;
  for (std::int64_t i = 0; i < row.units; ++i) {
    const std::string code = next_code(row, first + i);
    add_to_lot_digest(digest, code, max_uses(), query_.maybe_time(4), query_.maybe_integer(7));
    value += query_.maybe_integer(7).value_or(0);
  }
  expect_same("coupons", first, row.units > 1 ? "value, and those after it, is" : "value", value,
              row.value);
  return digest.finish();
}

// The uses that the entry fixed: not those of a campaign's only code, which follow its policy.
std::optional<std::int64_t> CodeCheck::max_uses() const {
  const auto mode = domain::parse_mode(query_.text(6));
  if (mode && domain::traits(*mode).one_code) return std::nullopt;
  return query_.maybe_integer(5);
}

std::string CodeCheck::next_code(const LedgerRow& row, std::int64_t id) {
  if (!query_.next() || query_.integer(0) > id) {
    throw Divergence{row_name("coupons", id) + " is missing: " + entry_name(row) + " made it"};
  }
  expect_same("coupons", query_.integer(0), "id", query_.integer(0), id);
  if (vault_ != nullptr && !vault_->open(query_.blob(2), code_hash()).ok()) {
    throw Divergence{row_name("coupons", id) +
                     ": code_sealed does not open to the code of code_hash"};
  }
  return std::string(core::as_text(code_hash()));
}

// Of a freed coupon what it had before.
domain::CodeHash CodeCheck::code_hash() const {
  const auto stored = query_.block<24>(1);
  if (query_.text(8) != domain::name(domain::CouponState::kFreed)) return stored;
  return domain::disguised(stored, {query_.integer(0)});
}

}  // namespace coupon::store
