#include "src/store/audit_tables.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>

#include "coupond/domain/coupon.h"
#include "coupond/store/campaigns.h"
#include "coupond/store/coupons.h"
#include "coupond/store/users.h"
#include "src/store/divergence.h"
#include "src/store/row.h"

namespace coupon::store {
namespace {

constexpr char kCampaignIds[] = "SELECT id FROM campaigns ORDER BY id";
constexpr char kKeys[] =
    R"(
  SELECT id, revoked_at IS NOT NULL, scopes || coalesce(', guesses ' || guesses, ''), key_hash,
         coalesce('user:' || created_by, '')
    FROM api_keys ORDER BY id)";
constexpr char kRestoreEpoch[] = "SELECT value FROM meta WHERE name = 'restore_epoch'";
constexpr char kUsers[] = R"(
  SELECT id, uuid, role, active, credit, subscription_ends_at, email, email_key, username,
         password_hash, made_by_key, token_epoch, external_id, last_redemption, user_id IS NULL
    FROM users LEFT JOIN balances ON user_id = id WHERE id >= ? AND id <= ? ORDER BY id)";
constexpr char kBalances[] = "SELECT count(*) FROM balances WHERE user_id >= ? AND user_id <= ?";
constexpr char kCoupons[] = R"(
  SELECT id, campaign_id, number, state, user_id, uses, max_uses, last_seq, assigned_at, expires_at,
         value, topped_up, balance, (SELECT 1 FROM original_terms WHERE coupon_id = coupons.id)
    FROM coupons WHERE id >= ? AND id <= ? ORDER BY id)";
// The redemptions themselves are held to the ledger elsewhere.
constexpr char kStanding[] = R"(
  SELECT campaign_id, user_id, count(*) FROM redemptions
   WHERE rolled_back_at IS NULL AND user_id IS NOT NULL AND campaign_id IN
     (SELECT id FROM campaigns WHERE max_redemptions_per_user IS NOT NULL)
   GROUP BY campaign_id, user_id ORDER BY campaign_id, user_id)";
constexpr char kCounted[] = R"(
  SELECT campaign_id, user_id, standing FROM user_redemptions WHERE standing > 0
   ORDER BY campaign_id, user_id)";
constexpr char kPolicies[] = R"(
  SELECT id, mode, max_redemptions_per_coupon, token_ttl_s FROM campaigns ORDER BY id)";
constexpr char kHolds[] = R"(
  SELECT id, coupon_id, campaign_id, coalesce(user_id, 0)
    FROM holds WHERE coupon_id >= ? AND coupon_id <= ? ORDER BY coupon_id, id)";
constexpr char kSlots[] = R"(
  SELECT campaign_id, count(*), min(pool_slot), max(pool_slot)
    FROM coupons INDEXED BY coupons_by_slot WHERE pool_slot IS NOT NULL GROUP BY campaign_id)";
constexpr char kPools[] = "SELECT id, available, mode FROM campaigns ORDER BY id";

[[noreturn]] void missing(const char* table, std::int64_t id) {
  throw Divergence{row_name(table, id) + " is missing: the ledger says that it was made"};
}

[[noreturn]] void extra(const char* table, std::int64_t id) {
  throw Divergence{row_name(table, id) + " has no ledger entry"};
}

// Ids without gaps from the window's first to `last`: the table must have them all and no other.
class Gapless {
 public:
  Gapless(const char* table, const Window& window, std::int64_t last)
      : table_(table), next_(window.first), last_(std::min(window.last, last)) {}
  void see(std::int64_t id) {
    if (id < next_ || id > last_) extra(table_, id);
    if (id > next_) missing(table_, next_);
    ++next_;
  }
  void finish() const {
    if (next_ <= last_) missing(table_, next_);
  }

 private:
  const char* const table_;
  std::int64_t next_;
  const std::int64_t last_;
};

// The ids of a window's rows. Those below 1 belong to the first, and those above all that the
// ledger made to the last, so that a row hidden there is found too.
Window reach(const Replay& replay) {
  using Limits = std::numeric_limits<std::int64_t>;
  Window ids = replay.window();
  if (ids.first == 1) ids.first = Limits::min();
  if (ids.last >= std::max(replay.users(), replay.coupons())) ids.last = Limits::max();
  return ids;
}

void compare_user(const Query& query, const UserFact& fact) {
  const std::int64_t id = query.integer(0);
  domain::User user{.uuid = query.text(1),
                    .email = query.text(6),
                    .username = query.maybe_text(8),
                    .active = query.boolean(3),
                    .password_hash = query.text(9),
                    .made_by_key = query.maybe_integer(10)};
  user.role = domain::parse_role(query.text(2)).value();
  user.external_id = query.maybe_text(12);
  expect_same("users", id, "email_key", query.text(7), email_key(user));
  if (digest_prefix(core::as_text(user_digest(user))) != fact.account) {
    throw Divergence{row_name("users", id) +
                     ": uuid, email, username, password_hash, role, active, external_id or "
                     "made_by_key is not what the ledger's latest entry fixed"};
  }
  if (fact.token_epoch != 0) {
    expect_same("users", id, "token_epoch", query.integer(11), fact.token_epoch);
  }
  if (query.boolean(14)) missing("balances", id);
  expect_same("balances", id, "credit", query.integer(4), fact.credit);
  std::optional<std::int64_t> ends_at;
  if (fact.subscription_ends_at != UserFact::kNone) ends_at = fact.subscription_ends_at;
  expect_same("balances", id, "subscription_ends_at", query.maybe_integer(5), ends_at);
  std::optional<std::int64_t> latest;
  if (fact.last_redemption != 0) latest = fact.last_redemption;
  expect_same("balances", id, "last_redemption", query.maybe_integer(13), latest);
}

std::string_view state_of(const CouponFact& fact) {
  using domain::CouponState;
  if (fact.is_freed) return name(CouponState::kFreed);
  if (fact.is_void) return name(CouponState::kVoid);
  if (fact.available) return name(CouponState::kAvailable);
  return name(CouponState::kRedeemed);
}

// What its value, fixed by the entry that made it, and what the ledger did to it since have left.
// Gives back whether all of it is spent.
bool compare_funds(const Query& query, const CouponFact& fact) {
  const std::int64_t id = query.integer(0);
  const bool has_balance = !query.is_null(10);
  if (!has_balance && fact.topped_up == 0 && fact.taken == 0) return false;
  if (!has_balance) {
    throw Divergence{row_name("coupons", id) + " has no balance, but the ledger moved one"};
  }
  const std::int64_t put_on = query.integer(10) + fact.topped_up;
  expect_same("coupons", id, "topped_up", query.integer(11), fact.topped_up);
  expect_same("coupons", id, "balance", query.integer(12), put_on - fact.taken);
  return put_on > 0 && put_on == fact.taken;
}

// A coupon with an owner is assigned until its last use; how many it has, the row says.
void compare_state(const Query& query, const CouponFact& fact) {
  const std::int64_t id = query.integer(0);
  const auto max_uses = query.maybe_integer(6);
  const bool is_spent = compare_funds(query, fact);
  const bool used_up = is_spent || max_uses == std::optional<std::int64_t>(fact.uses);
  std::string derived(state_of(fact));
  if (fact.user_id != 0 && !fact.is_void && !used_up) derived = "assigned";
  expect_same("coupons", id, "state", query.text(3), derived);
  if (!fact.is_void && used_up != (derived == "redeemed")) {
    throw Divergence{row_name("coupons", id) + ": max_uses is " + figure(max_uses) +
                     ", which its state after " + figure(std::int64_t{fact.uses}) +
                     " uses contradicts"};
  }
}

// What a policy fixes in a coupon when it is made. A shared coupon follows every change of it.
struct PolicyNow {
  std::int64_t applies_after = 0;  // to coupons with a higher number
  bool one_code = false;
  bool minted = false;
  std::optional<std::int64_t> max_uses;
  std::optional<std::int64_t> ttl_s;
};
using Policies = std::unordered_map<std::int64_t, PolicyNow>;

Policies read_policies(Connection& connection, const Replay& replay) {
  Policies policies;
  Query query(connection, kPolicies);
  while (query.next()) {
    const auto fact = replay.campaigns().find(query.integer(0));
    if (fact == replay.campaigns().end()) extra("campaigns", query.integer(0));
    const domain::ModeTraits& mode = domain::traits(domain::parse_mode(query.text(1)).value());
    policies[query.integer(0)] = {
        .applies_after = mode.one_code ? 0 : fact->second.made_before_change,
        .one_code = mode.one_code,
        .minted = mode.minted,
        .max_uses = query.maybe_integer(2),
        .ttl_s = query.maybe_integer(3)};
  }
  return policies;
}

void compare_with_policy(const Query& query, const Policies& policies) {
  const auto found = policies.find(query.integer(1));
  if (found == policies.end() || query.integer(2) <= found->second.applies_after) return;
  const PolicyNow& policy = found->second;
  if (!query.is_null(13)) return;  // it has terms of its own
  const std::int64_t id = query.integer(0);
  expect_same("coupons", id, "max_uses", query.maybe_integer(6), policy.max_uses);
  if (!policy.minted) return;  // what ends an imported code is fixed by its lot's digest
  std::optional<std::int64_t> expires_at;
  if (policy.ttl_s) expires_at = query.integer(8) + *policy.ttl_s * core::kMsPerSecond;
  expect_same("coupons", id, "expires_at", query.maybe_integer(9), expires_at);
}

// What was changed of its uses and its end is what the latest entry about that says.
void compare_terms(const Query& query, const CouponFact& fact, const Policies& policies) {
  const std::int64_t id = query.integer(0);
  if (query.is_null(13) != (fact.terms == 0)) {
    throw Divergence{row_name("coupons", id) +
                     (fact.terms == 0 ? ": original_terms has a row for it, but no entry changed it"
                                      : ": its row in original_terms is missing")};
  }
  if (fact.terms == 0) return;
  const auto policy = policies.find(query.integer(1));
  const bool one_code = policy != policies.end() && policy->second.one_code;
  const auto max_uses = one_code ? std::nullopt : query.maybe_integer(6);
  const core::Digest stored = terms_digest(max_uses, query.maybe_time(9));
  if (digest_prefix(core::as_text(stored)) == fact.terms) return;
  throw Divergence{row_name("coupons", id) +
                   ": max_uses or expires_at is not what its latest coupon.terms entry fixed"};
}

void compare_coupon(const Query& query, const CouponFact& fact) {
  const std::int64_t id = query.integer(0);
  const auto same = [&](std::string_view column, std::int64_t stored, std::int64_t derived) {
    expect_same("coupons", id, column, stored, derived);
  };
  same("campaign_id", query.integer(1), fact.campaign_id);
  same("number", query.integer(2), fact.number);
  same("user_id", query.maybe_integer(4).value_or(0), fact.user_id);
  same("uses", query.integer(5), fact.uses);
  same("last_seq", query.integer(7), fact.last_seq);
  compare_state(query, fact);
}

}  // namespace

std::int64_t compare_campaigns(Connection& connection, const Replay& replay) {
  std::int64_t rows = 0;
  auto expected = replay.campaigns();
  Query query(connection, kCampaignIds);
  for (; query.next(); ++rows) {
    const std::int64_t id = query.integer(0);
    const auto found = expected.find(id);
    if (found == expected.end()) extra("campaigns", id);
    const CampaignFact& fact = found->second;
    const auto campaign = find_campaign(connection, core::CampaignId{id});
    compare_counters(id, campaign->counters, fact.counters);
    expect_same("campaigns", id, "last_seq", campaign->last_seq.value, fact.last_seq.value);
    if (core::as_text(policy_digest(*campaign)) != fact.digest) {
      throw Divergence{row_name("campaigns", id) +
                       ": its name or policy is not the one that ledger entry " +
                       figure(fact.last_seq.value) + " fixed"};
    }
    expected.erase(found);
  }
  if (!expected.empty()) missing("campaigns", expected.begin()->first);
  return rows;
}

void compare_api_keys(Connection& connection, const Replay& replay) {
  auto expected = replay.keys();
  Query query(connection, kKeys);
  while (query.next()) {
    const auto found = expected.find(query.integer(0));
    if (found == expected.end()) extra("api_keys", query.integer(0));
    expect_same("api_keys", query.integer(0), "revoked", query.integer(1),
                std::int64_t{found->second.revoked});
    expect_same("api_keys", query.integer(0), "scopes", query.text(2), found->second.scopes);
    const std::string& maker = found->second.maker;
    expect_same("api_keys", query.integer(0), "created_by", query.text(4),
                maker.starts_with("user:") ? maker : std::string());
    if (query.blob(3) != found->second.key_hash) {
      throw Divergence{row_name("api_keys", query.integer(0)) +
                       ": key_hash is not the one that the ledger fixed"};
    }
    expected.erase(found);
  }
  if (!expected.empty()) missing("api_keys", expected.begin()->first);
}

void compare_restore_epoch(Connection& connection, const Replay& replay) {
  Query query(connection, kRestoreEpoch);
  const std::string stored = query.next() ? query.text(0) : "0";
  const std::string derived = std::to_string(replay.restore_epoch());
  if (stored == derived) return;
  throw Divergence{"meta restore_epoch is " + stored + "; the ledger says " + derived};
}

std::int64_t compare_users(Connection& connection, const Replay& replay) {
  std::int64_t rows = 0;
  std::int64_t next = replay.window().first;
  const auto none_until = [&](std::int64_t end) {
    for (; next < end; ++next) {
      if (replay.user(next) != nullptr) missing("users", next);
    }
  };
  const Window ids = reach(replay);
  Query query(connection, kUsers, ids.first, ids.last);
  for (; query.next(); ++rows) {
    const std::int64_t id = query.integer(0);
    const UserFact* user = replay.user(id);
    if (id < next || user == nullptr) extra("users", id);
    none_until(id);
    next = id + 1;
    compare_user(query, *user);
  }
  none_until(std::min(replay.window().last, replay.users()) + 1);
  const std::int64_t balances = read_integer(connection, kBalances, ids.first, ids.last);
  if (balances == rows) return rows;
  throw Divergence{"balances has " + figure(balances) + " rows for " + figure(rows) + " accounts"};
}

std::int64_t compare_coupons(Connection& connection, const Replay& replay) {
  std::int64_t rows = 0;
  const Policies policies = read_policies(connection, replay);
  Gapless ids("coupons", replay.window(), replay.coupons());
  const Window reached = reach(replay);
  Query query(connection, kCoupons, reached.first, reached.last);
  for (; query.next(); ++rows) {
    ids.see(query.integer(0));
    compare_coupon(query, *replay.coupon(query.integer(0)));
    compare_terms(query, *replay.coupon(query.integer(0)), policies);
    compare_with_policy(query, policies);
  }
  ids.finish();
  return rows;
}

// A hold stays after its time until the next use or hold of its coupon.
std::int64_t compare_holds(Connection& connection, const Replay& replay) {
  std::int64_t rows = 0;
  auto expected = replay.holds();
  const Window ids = reach(replay);
  Query query(connection, kHolds, ids.first, ids.last);
  for (; query.next(); ++rows) {
    const std::int64_t id = query.integer(0);
    const auto found = expected.find(id);
    if (found == expected.end()) {
      throw Divergence{row_name("holds", id) + " is not by a coupon.hold entry that still counts"};
    }
    expect_same("holds", id, "coupon_id", query.integer(1), found->second.coupon_id);
    expect_same("holds", id, "campaign_id", query.integer(2), found->second.campaign_id);
    expect_same("holds", id, "user_id", query.integer(3), found->second.user_id);
    expected.erase(found);
  }
  for (const auto& [id, hold] : expected) {
    if (!hold.may_be_gone) missing("holds", id);
  }
  return rows;
}

void compare_user_redemptions(Connection& connection) {
  using Count = std::array<std::int64_t, 3>;  // campaign, user, how many
  const auto next_of = [](Query& query) -> std::optional<Count> {
    if (!query.next()) return std::nullopt;
    return Count{query.integer(0), query.integer(1), query.integer(2)};
  };
  Query standing(connection, kStanding);
  Query counted(connection, kCounted);
  for (;;) {
    const auto derived = next_of(standing);
    const auto stored = next_of(counted);
    if (!derived && !stored) return;
    if (derived == stored) continue;
    const Count wrong = !derived || (stored && *stored < *derived) ? *stored : *derived;
    throw Divergence{row_name("campaigns", wrong[0]) +
                     ": user_redemptions miscounts the redemptions of user " + figure(wrong[1])};
  }
}

void compare_slots(Connection& connection) {
  std::map<std::int64_t, std::int64_t> slots;
  Query query(connection, kSlots);
  while (query.next()) {
    slots[query.integer(0)] = query.integer(1);
    const bool gapless = query.integer(2) == 0 && query.integer(3) == query.integer(1) - 1;
    if (gapless) continue;
    throw Divergence{row_name("campaigns", query.integer(0)) +
                     ": the slots of its draw in coupons.pool_slot have gaps"};
  }
  Query pools(connection, kPools);
  while (pools.next()) {
    if (!domain::traits(domain::parse_mode(pools.text(2)).value()).drawn) continue;
    const std::int64_t id = pools.integer(0);
    if (slots[id] == pools.integer(1)) continue;
    throw Divergence{row_name("campaigns", id) + ": " + figure(slots[id]) +
                     " coupons have a pool_slot, " + figure(pools.integer(1)) + " are available"};
  }
}

}  // namespace coupon::store
