#include "coupond/store/redemptions.h"

#include <algorithm>
#include <limits>

#include "coupond/core/assert.h"
#include "coupond/core/limits.h"
#include "coupond/store/clock_steps.h"
#include "coupond/store/coupons.h"
#include "src/store/row.h"

namespace coupon::store {
namespace {

#define COUPOND_REDEMPTION_COLUMNS                                                           \
  "SELECT id, coupon_id, campaign_id, user_id, amount, reward_kind, reward_value, order_id," \
  " metadata, redeemed_at, rolled_back_at, taken, user_prev FROM redemptions "

constexpr char kById[] = COUPOND_REDEMPTION_COLUMNS "WHERE id = ?";
constexpr char kNewest[] = COUPOND_REDEMPTION_COLUMNS "WHERE id < ?2 ORDER BY id DESC LIMIT ?3";
constexpr char kOfOrder[] =
    COUPOND_REDEMPTION_COLUMNS "WHERE order_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3";
constexpr char kStandsOfOrder[] = COUPOND_REDEMPTION_COLUMNS
    "WHERE order_id = ?1 AND campaign_id = ?2 AND rolled_back_at IS NULL ORDER BY id LIMIT 1";
#undef COUPOND_REDEMPTION_COLUMNS

constexpr char kPlace[] = R"(
  SELECT CASE WHEN json_valid(r.metadata) THEN json_extract(r.metadata, '$.till') END,
         CASE WHEN json_valid(r.metadata) THEN json_extract(r.metadata, '$.cashier') END, l.actor
    FROM redemptions AS r JOIN ledger AS l ON l.seq = r.id WHERE r.id = ?)";
constexpr char kLatest[] = "SELECT last_redemption FROM balances WHERE user_id = ?";

constexpr char kCount[] =
    "SELECT standing FROM user_redemptions WHERE campaign_id = ? AND user_id = ?";
constexpr char kMostCounted[] = R"(
  SELECT coalesce(max(standing), 0) FROM user_redemptions WHERE campaign_id = ?)";
constexpr char kHasCount[] = R"(
  SELECT max_redemptions_per_user IS NOT NULL FROM campaigns WHERE id = ?)";
constexpr char kMostOfAUser[] = R"(
  SELECT coalesce(max(had), 0) FROM
    (SELECT count(*) AS had FROM redemptions
      WHERE campaign_id = ? AND rolled_back_at IS NULL AND user_id IS NOT NULL
      GROUP BY user_id))";

constexpr char kInsert[] = R"(
  INSERT INTO redemptions (id, coupon_id, campaign_id, user_id, amount, reward_kind, reward_value,
    order_id, metadata, redeemed_at, taken, user_prev)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?))";
constexpr char kErase[] = "UPDATE redemptions SET metadata = NULL WHERE id = ?";
constexpr char kEnd[] = "UPDATE redemptions SET rolled_back_at = ?2 WHERE id = ?1";

constexpr char kUses[] = R"(
  SELECT at, operation = 'coupon.rollback', actor, campaign_id, value, credit, detail FROM ledger
   WHERE seq BETWEEN ? AND ? AND operation IN ('coupon.redeem', 'coupon.rollback') ORDER BY seq)";

constexpr char kBalance[] =
    "SELECT credit, subscription_ends_at, last_redemption FROM balances WHERE user_id = ?";
constexpr char kStoreBalance[] =
    "UPDATE balances SET credit = ?2, subscription_ends_at = ?3 WHERE user_id = ?1";

domain::Redemption read_redemption(const Query& query) {
  return {.id = {query.integer(0)},
          .coupon_id = {query.integer(1)},
          .campaign_id = {query.integer(2)},
          .user_id = maybe_id<core::UserId>(query, 3),
          .amount = {query.integer(4)},
          .taken = query.maybe_integer(11),
          .reward = {.kind = domain::parse_reward_kind(query.text(5)).value(),
                     .value = query.integer(6)},
          .order_id = query.maybe_text(7),
          .metadata = query.maybe_text(8),
          .redeemed_at = query.time(9),
          .rolled_back_at = query.maybe_time(10)};
}

bool matches(const RedemptionFilter& filter, const domain::Redemption& redemption) {
  return (!filter.campaign || redemption.campaign_id == *filter.campaign) &&
         (!filter.user || redemption.user_id == *filter.user) &&
         (!filter.coupon || redemption.coupon_id == *filter.coupon) &&
         (!filter.order_id || redemption.order_id == filter.order_id) &&
         (!filter.from || redemption.redeemed_at >= *filter.from) &&
         (!filter.to || redemption.redeemed_at < *filter.to);
}

// A user's redemptions, newest first, by following user_prev from the account's latest.
class OfUser {
 public:
  // Ids below `before`. It is one of the user's own, where a page ended, or has to be looked for
  // among the newest `rows`.
  OfUser(Connection& connection, core::UserId user, std::int64_t before, std::int64_t rows)
      : connection_(connection) {
    if (begins_behind(user, before)) return;
    {
      Query account(connection, kLatest, user);
      if (account.next()) next_ = maybe_id<core::Seq>(account, 0);
    }
    while (next_ && next_->value >= before && rows-- > 0) step();
    if (next_ && next_->value >= before) next_.reset();
  }

  // Nothing at the end.
  std::optional<domain::Redemption> next() {
    if (!next_) return std::nullopt;
    return step();
  }

 private:
  bool begins_behind(core::UserId user, std::int64_t before) {
    Query query(connection_, kById, before);
    if (!query.next() || query.maybe_integer(3) != user.value) return false;
    next_ = maybe_id<core::Seq>(query, 12);
    return true;
  }

  domain::Redemption step() {
    Query query(connection_, kById, *next_);
    if (!query.next()) throw Contradiction("redemptions", next_->value, "is missing");
    next_ = maybe_id<core::Seq>(query, 12);
    return read_redemption(query);
  }

  Connection& connection_;
  std::optional<core::Seq> next_;
};

// Nothing before it was redeemed at `from` or later, also where a clock was put back.
core::Seq first_from(Connection& connection, core::UnixMs from) {
  const core::Seq last = last_entry(connection).seq;
  const auto ranges = entries_between(connection, from, {core::limits::kTimeMaxMs}, last);
  return ranges.empty() ? core::Seq{last.value + 1} : ranges.front().first;
}

// `next()` gives the next redemption, newest first, or nothing. None before `first` matches.
template <class Next>
RedemptionPage scan(Next&& next, const RedemptionFilter& filter, core::Seq first) {
  RedemptionPage page;
  std::int64_t scanned = 0;
  core::Seq last{0};
  while (std::optional<domain::Redemption> redemption = next()) {
    if (static_cast<std::int64_t>(page.redemptions.size()) == filter.limit ||
        scanned == filter.scan_max) {
      page.next = last;
      return page;
    }
    ++scanned;
    last = redemption->id;
    if (redemption->id < first) return page;
    if (matches(filter, *redemption)) page.redemptions.push_back(std::move(*redemption));
  }
  return page;
}

RedemptionPage scan(Query& query, const RedemptionFilter& filter, core::Seq first) {
  const auto next = [&]() -> std::optional<domain::Redemption> {
    if (!query.next()) return std::nullopt;
    return read_redemption(query);
  };
  return scan(next, filter, first);
}

}  // namespace

std::optional<domain::Redemption> find_redemption(Connection& connection, core::Seq id) {
  Query query(connection, kById, id);
  if (!query.next()) return std::nullopt;
  return read_redemption(query);
}

std::optional<domain::Redemption> find_redemption_of_order(Connection& connection,
                                                           core::CampaignId campaign,
                                                           std::string_view order_id) {
  Query query(connection, kStandsOfOrder, order_id, campaign);
  if (!query.next()) return std::nullopt;
  return read_redemption(query);
}

std::int64_t count_redemptions(Connection& connection, core::CampaignId campaign,
                               core::UserId user) {
  Query query(connection, kCount, campaign, user);
  return query.next() ? query.integer(0) : 0;
}

std::int64_t most_redemptions_of_a_user(Connection& connection, core::CampaignId campaign) {
  const bool counted = read_integer(connection, kHasCount, campaign) != 0;
  return read_integer(connection, counted ? kMostCounted : kMostOfAUser, campaign);
}

Place place_of(Connection& connection, core::Seq redemption) {
  Query query(connection, kPlace, redemption);
  if (!query.next()) return {};
  return {.till = query.maybe_text(0), .cashier = query.maybe_text(1), .actor = query.text(2)};
}

// There is no index by coupon: a coupon's ledger entries name its redemptions.
std::vector<domain::Redemption> redemptions_of_coupon(Connection& connection,
                                                      const domain::Coupon& coupon,
                                                      std::size_t limit) {
  std::vector<domain::Redemption> redemptions;
  if (coupon.last_seq.value == 0) return redemptions;
  for (const LedgerRow& row : ledger_of_coupon(connection, coupon.last_seq, limit)) {
    if (row.operation != operation::kRedeem) continue;
    if (auto redemption = find_redemption(connection, row.seq)) {
      redemptions.push_back(std::move(*redemption));
    }
  }
  return redemptions;
}

RedemptionPage list_redemptions(Connection& connection, const RedemptionFilter& filter) {
  const std::int64_t before =
      filter.before.value > 0 ? filter.before.value : std::numeric_limits<std::int64_t>::max();
  const std::int64_t rows = filter.scan_max + 1;
  const core::Seq first = filter.from ? first_from(connection, *filter.from) : core::Seq{0};
  if (filter.order_id) {
    Query query(connection, kOfOrder, *filter.order_id, before, rows);
    return scan(query, filter, first);
  }
  if (filter.user) {
    OfUser of_user(connection, *filter.user, before, rows);
    return scan([&] { return of_user.next(); }, filter, first);
  }
  Query query(connection, kNewest, std::nullopt, before, rows);
  return scan(query, filter, first);
}

void for_each_use(Connection& connection, const EntryRange& range,
                  const std::function<void(const UseEntry&)>& visit) {
  Query query(connection, kUses, range.first, range.last);
  while (query.next()) {
    const bool undone = query.boolean(1);
    visit({.at = query.time(0),
           .undone = undone,
           .actor = query.text(2),
           .campaign = {query.integer(3)},
           .value = query.integer(4),
           .credit = {query.integer(5)},
           .reason = undone ? query.maybe_text(6) : std::nullopt});
  }
}

void insert_redemption(Tx& tx, const domain::Redemption& r, std::optional<core::Seq> user_prev) {
  COUPOND_ASSERT(r.id == tx.last_seq());  // its own entry, just made
  COUPOND_ASSERT(r.amount.value >= 0 && !r.rolled_back_at);
  Query(tx.db(), kInsert, r.id, r.coupon_id, r.campaign_id, r.user_id, r.amount,
        domain::name(r.reward.kind), r.reward.value, r.order_id, r.metadata, r.redeemed_at, r.taken,
        user_prev)
      .run();
}

void end_redemption(Tx& tx, const domain::Redemption& redemption, core::Seq seq) {
  COUPOND_ASSERT(seq == tx.last_seq() && !redemption.rolled_back_at);
  Query(tx.db(), kEnd, redemption.id, tx.now()).run();
  touch_coupon(tx, redemption.coupon_id, seq);
}

std::int64_t erase_metadata_of(Tx& tx, core::UserId user) {
  std::vector<core::Seq> with_some;
  OfUser of_user(tx.db(), user, std::numeric_limits<std::int64_t>::max(), 0);
  while (const auto redemption = of_user.next()) {
    if (redemption->metadata) with_some.push_back(redemption->id);
  }
  for (const core::Seq id : with_some) Query(tx.db(), kErase, id).run();
  return static_cast<std::int64_t>(with_some.size());
}

std::optional<Balance> find_balance(Connection& connection, core::UserId user) {
  Query query(connection, kBalance, user);
  if (!query.next()) return std::nullopt;
  return Balance{.credit = {query.integer(0)},
                 .subscription_ends_at = query.maybe_time(1),
                 .last_redemption = maybe_id<core::Seq>(query, 2)};
}

void store_balance(Tx& tx, core::UserId user, const Balance& balance) {
  COUPOND_ASSERT(user.value > 0 && balance.credit.value >= 0);
  Query(tx.db(), kStoreBalance, user, balance.credit, balance.subscription_ends_at).run();
}

}  // namespace coupon::store
