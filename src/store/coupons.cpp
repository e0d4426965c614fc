#include "coupond/store/coupons.h"

#include <algorithm>

#include "coupond/core/assert.h"
#include "coupond/domain/decide.h"
#include "src/store/newest.h"
#include "src/store/row.h"

namespace coupon::store {
namespace {

#define COUPOND_COUPON_COLUMNS                                                              \
  "SELECT id, campaign_id, number, code_hash, code_sealed, state, user_id, uses, max_uses," \
  " pool_slot, assigned_at, expires_at, last_seq, value, topped_up, balance FROM coupons "

constexpr char kById[] = COUPOND_COUPON_COLUMNS "WHERE id = ?";
constexpr char kByCode[] = COUPOND_COUPON_COLUMNS "WHERE code_hash = ?";
constexpr char kByNumber[] = COUPOND_COUPON_COLUMNS "WHERE campaign_id = ? AND number = ?";
constexpr char kBySlot[] = COUPOND_COUPON_COLUMNS "WHERE campaign_id = ? AND pool_slot = ?";
constexpr char kByTail[] =
    COUPOND_COUPON_COLUMNS "WHERE tail = ? AND id < ? ORDER BY id DESC LIMIT ?";
constexpr char kListUp[] =
    COUPOND_COUPON_COLUMNS "WHERE campaign_id = ? AND number > ? ORDER BY number LIMIT ?";
constexpr char kListDown[] =
    COUPOND_COUPON_COLUMNS "WHERE campaign_id = ? AND number < ? ORDER BY number DESC LIMIT ?";
constexpr char kNewestOfUser[] = COUPOND_COUPON_COLUMNS
    "WHERE user_id = ? AND campaign_id = ? AND id < ? ORDER BY id DESC LIMIT 1";
#undef COUPOND_COUPON_COLUMNS

constexpr char kNextCampaignOfUser[] = R"(
  SELECT campaign_id FROM coupons WHERE user_id = ? AND campaign_id > ?
   ORDER BY campaign_id LIMIT 1)";
// The campaign first: coupons of one that is none are not looked at.
constexpr char kNewestClaim[] = R"(
  SELECT a.id, b.name, a.assigned_at
    FROM campaigns AS b CROSS JOIN coupons AS a ON a.campaign_id = b.id
   WHERE b.id = ?2 AND b.mode = 'claim' AND a.user_id = ?1 AND a.id < ?3
   ORDER BY a.id DESC LIMIT 1)";

constexpr char kCodeExists[] = "SELECT 1 FROM coupons WHERE code_hash = ?";
constexpr char kCountOfUser[] =
    "SELECT count(*) FROM coupons WHERE user_id = ? AND campaign_id = ?";
constexpr char kMostOfAUser[] = R"(
  SELECT coalesce(max(had), 0) FROM
    (SELECT count(*) AS had FROM coupons
      WHERE campaign_id = ? AND user_id IS NOT NULL GROUP BY user_id))";
constexpr char kLastId[] = "SELECT coalesce(max(id), 0) FROM coupons";

#define COUPOND_COUPON_INSERT                                                                   \
  "INSERT INTO coupons (id, campaign_id, number, code_hash, code_sealed, state, user_id, uses," \
  " max_uses, pool_slot, assigned_at, expires_at, last_seq, value, topped_up, balance, tail) "  \
  "VALUES "
#define COUPOND_COUPON_ROW "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
#define COUPOND_COUPON_FIVE_ROWS                                                             \
  COUPOND_COUPON_ROW ", " COUPOND_COUPON_ROW ", " COUPOND_COUPON_ROW ", " COUPOND_COUPON_ROW \
                     ", " COUPOND_COUPON_ROW
constexpr char kInsert[] = COUPOND_COUPON_INSERT COUPOND_COUPON_ROW;
// A statement of its own has a price (SQLite must be able to undo it alone), which many rows share.
constexpr std::size_t kInsertManyRows = 20;
constexpr char kInsertMany[] = COUPOND_COUPON_INSERT COUPOND_COUPON_FIVE_ROWS
    ", " COUPOND_COUPON_FIVE_ROWS ", " COUPOND_COUPON_FIVE_ROWS ", " COUPOND_COUPON_FIVE_ROWS;
#undef COUPOND_COUPON_INSERT
#undef COUPOND_COUPON_ROW
#undef COUPOND_COUPON_FIVE_ROWS

constexpr char kAssign[] = R"(
  UPDATE coupons SET state = 'assigned', user_id = ?2, pool_slot = NULL, assigned_at = ?3,
    last_seq = ?4 WHERE id = ?1)";
constexpr char kVoid[] =
    "UPDATE coupons SET state = 'void', pool_slot = NULL, last_seq = ?2 WHERE id = ?1";
constexpr char kTouch[] = "UPDATE coupons SET last_seq = ?2 WHERE id = ?1";
constexpr char kSetMaxUses[] = "UPDATE coupons SET max_uses = ?2, state = ?3 WHERE id = ?1";
constexpr char kKeepTerms[] = R"(
  INSERT OR IGNORE INTO original_terms (coupon_id, max_uses, expires_at)
  SELECT id, max_uses, expires_at FROM coupons WHERE id = ?)";
constexpr char kSetTerms[] = R"(
  UPDATE coupons SET max_uses = ?2, expires_at = ?3, state = ?4, last_seq = ?5 WHERE id = ?1)";
constexpr char kRestore[] =
    "UPDATE coupons SET state = ?2, pool_slot = ?3, last_seq = ?4 WHERE id = ?1";
constexpr char kFree[] = R"(
  UPDATE coupons SET state = 'freed', pool_slot = NULL, code_hash = ?2, last_seq = ?3
   WHERE id = ?1)";
constexpr char kReassign[] = "UPDATE coupons SET user_id = ?2, last_seq = ?3 WHERE id = ?1";
constexpr char kUsedMore[] = "SELECT count(*) FROM coupons WHERE campaign_id = ? AND uses > ?";
constexpr char kPutOn[] = R"(
  UPDATE coupons SET topped_up = topped_up + ?2, balance = balance + ?2, state = ?3, last_seq = ?4
   WHERE id = ?1)";
constexpr char kMoveSlot[] =
    "UPDATE coupons SET pool_slot = ?3 WHERE campaign_id = ?1 AND pool_slot = ?2";

constexpr char kHolds[] = R"(
  SELECT id, coupon_id, campaign_id, coalesce(user_id, 0), token_hash, expires_at FROM holds
   WHERE coupon_id = ? ORDER BY id)";
constexpr char kHoldsOfUser[] =
    "SELECT count(*) FROM holds WHERE user_id = ? AND campaign_id = ? AND expires_at > ?";
constexpr char kPutHold[] = R"(
  INSERT INTO holds (id, coupon_id, campaign_id, user_id, token_hash, expires_at)
  VALUES (?1, ?2, ?3, nullif(?4, 0), ?5, ?6))";
constexpr char kRenewHold[] = "UPDATE holds SET expires_at = ?2 WHERE id = ?1";
constexpr char kRemoveHold[] = "DELETE FROM holds WHERE id = ?";

std::optional<domain::Funds> read_funds(const Query& query, int column) {
  if (query.is_null(column)) return std::nullopt;
  return domain::Funds{.value = query.integer(column),
                       .topped_up = query.integer(column + 1),
                       .balance = query.integer(column + 2)};
}

domain::Coupon read_coupon(const Query& query) {
  return {.id = {query.integer(0)},
          .campaign_id = {query.integer(1)},
          .number = query.integer(2),
          .code_hash = query.block<24>(3),
          .code_sealed = query.blob(4),
          .state = domain::parse_coupon_state(query.text(5)).value(),
          .user_id = maybe_id<core::UserId>(query, 6),
          .uses = query.integer(7),
          .max_uses = query.maybe_integer(8),
          .pool_slot = query.maybe_integer(9),
          .assigned_at = query.maybe_time(10),
          .expires_at = query.maybe_time(11),
          .last_seq = {query.integer(12)},
          .funds = read_funds(query, 13)};
}

template <class... Keys>
std::optional<domain::Coupon> find(Connection& connection, const char* sql, const Keys&... keys) {
  Query query(connection, sql, keys...);
  if (!query.next()) return std::nullopt;
  return read_coupon(query);
}

Claim read_claim(const Query& query) {
  return {.id = {query.integer(0)}, .name = query.text(1), .at = query.time(2)};
}

template <class Row>
std::vector<Row> newest(Connection& connection, const NewestQueries<Row>& queries,
                        core::UserId user, core::CouponId before, std::int64_t limit) {
  std::vector<Row> rows;
  Newest<Row> all(connection, queries, user, before.value);
  while (static_cast<std::int64_t>(rows.size()) < limit) {
    auto row = all.next();
    if (!row) break;
    rows.push_back(*std::move(row));
  }
  return rows;
}

CouponPage list(Connection& connection, const char* sql, core::CampaignId campaign,
                std::int64_t from, std::int64_t limit, std::optional<domain::CouponState> state,
                std::int64_t scan_max) {
  CouponPage page;
  std::int64_t scanned = 0;
  std::int64_t last_number = from;
  Query query(connection, sql, campaign, from, state ? scan_max : limit + 1);
  while (query.next()) {
    if (static_cast<std::int64_t>(page.coupons.size()) == limit) {
      page.next = last_number;
      return page;
    }
    domain::Coupon coupon = read_coupon(query);
    ++scanned;
    last_number = coupon.number;
    if (!state || coupon.state == *state) page.coupons.push_back(std::move(coupon));
  }
  if (state && scanned == scan_max) page.next = last_number;
  return page;
}

void add_row(Query& query, const domain::Coupon& c) {
  query.add(c.id, c.campaign_id, c.number, c.code_hash, core::as_bytes(c.code_sealed),
            domain::name(c.state), c.user_id, c.uses, c.max_uses, c.pool_slot, c.assigned_at,
            c.expires_at, c.last_seq);
  if (c.funds) {
    query.add(c.funds->value, c.funds->topped_up, c.funds->balance);
  } else {
    query.add(std::nullopt, std::nullopt, std::nullopt);
  }
  query.add(c.tail);
}

void add_optional(core::Hasher& hasher, std::optional<std::int64_t> number) {
  if (number) {
    hasher.add(*number);
  } else {
    hasher.add_null();
  }
}

}  // namespace

std::optional<domain::Coupon> find_coupon(Connection& connection, core::CouponId id) {
  return find(connection, kById, id);
}

std::optional<domain::Coupon> find_coupon(Connection& connection, const domain::CodeHash& code) {
  return find(connection, kByCode, code);
}

std::optional<domain::Coupon> find_coupon(Connection& connection, core::CampaignId campaign,
                                          std::int64_t number) {
  return find(connection, kByNumber, campaign, number);
}

std::vector<domain::Coupon> coupons_ending_in(Connection& connection, std::int64_t tail,
                                              core::CouponId before, std::int64_t limit) {
  std::vector<domain::Coupon> coupons;
  Query query(connection, kByTail, tail, before, limit);
  while (query.next()) coupons.push_back(read_coupon(query));
  return coupons;
}

bool code_exists(Connection& connection, const domain::CodeHash& code) {
  return Query(connection, kCodeExists, code).next();
}

std::int64_t count_coupons(Connection& connection, core::CampaignId campaign, core::UserId user) {
  return read_integer(connection, kCountOfUser, user, campaign);
}

CouponPage list_coupons(Connection& connection, core::CampaignId campaign, std::int64_t after,
                        std::int64_t limit, std::optional<domain::CouponState> state,
                        std::int64_t scan_max) {
  return list(connection, kListUp, campaign, after, limit, state, scan_max);
}

CouponPage list_coupons_newest_first(Connection& connection, core::CampaignId campaign,
                                     std::int64_t before, std::int64_t limit,
                                     std::optional<domain::CouponState> state,
                                     std::int64_t scan_max) {
  return list(connection, kListDown, campaign, before, limit, state, scan_max);
}

std::vector<domain::Coupon> list_coupons_of_user(Connection& connection, core::UserId user,
                                                 core::CouponId before, std::int64_t limit) {
  static constexpr NewestQueries<domain::Coupon> kQueries{kNextCampaignOfUser, kNewestOfUser,
                                                          read_coupon};
  return newest(connection, kQueries, user, before, limit);
}

std::vector<Claim> list_claims_of_user(Connection& connection, core::UserId user,
                                       core::CouponId before, std::int64_t limit) {
  static constexpr NewestQueries<Claim> kQueries{kNextCampaignOfUser, kNewestClaim, read_claim};
  return newest(connection, kQueries, user, before, limit);
}

std::int64_t most_coupons_of_a_user(Connection& connection, core::CampaignId campaign) {
  return read_integer(connection, kMostOfAUser, campaign);
}

std::int64_t last_coupon_id(Connection& connection) { return read_integer(connection, kLastId); }

core::CouponId next_coupon_id(Tx& tx) { return {last_coupon_id(tx.db()) + 1}; }

void insert_coupon(Tx& tx, const domain::Coupon& coupon) {
  COUPOND_ASSERT(coupon.id.value >= 1 && coupon.number >= 1 && coupon.uses == 0);
  Query query(tx.db(), kInsert);
  add_row(query, coupon);
  query.run();
}

void insert_coupons(Tx& tx, std::span<const domain::Coupon> coupons) {
  while (coupons.size() >= kInsertManyRows) {
    Query query(tx.db(), kInsertMany);
    for (const domain::Coupon& coupon : coupons.first(kInsertManyRows)) add_row(query, coupon);
    query.run();
    coupons = coupons.subspan(kInsertManyRows);
  }
  for (const domain::Coupon& coupon : coupons) insert_coupon(tx, coupon);
}

void assign_coupon(Tx& tx, core::CouponId id, core::UserId user, core::Seq seq) {
  COUPOND_ASSERT(seq == tx.last_seq());
  Query(tx.db(), kAssign, id, user, tx.now(), seq).run();
}

void void_coupon(Tx& tx, core::CouponId id, core::Seq seq) {
  COUPOND_ASSERT(seq == tx.last_seq());
  Query(tx.db(), kVoid, id, seq).run();
}

core::Digest minted_digest(const domain::CodeHash& code, std::optional<std::int64_t> max_uses,
                           std::optional<core::UnixMs> expires_at) {
  core::Hasher hasher;
  hasher.add(core::as_text(code));
  add_optional(hasher, max_uses);
  add_optional(hasher, expires_at ? std::optional(expires_at->value) : std::nullopt);
  return hasher.finish();
}

void add_to_lot_digest(core::Hasher& lot, std::string_view code_hash,
                       std::optional<std::int64_t> max_uses, std::optional<core::UnixMs> expires_at,
                       std::optional<std::int64_t> value) {
  add_optional(lot.add(code_hash), max_uses);
  // Lots of version 0.1.0 had no end and no value, and must verify as they were written.
  if (expires_at) lot.add("expires_at").add(expires_at->value);
  if (value) lot.add("value").add(*value);
}

core::Digest terms_digest(std::optional<std::int64_t> max_uses,
                          std::optional<core::UnixMs> expires_at) {
  core::Hasher hasher;
  add_optional(hasher.add("terms"), max_uses);
  add_optional(hasher, expires_at ? std::optional(expires_at->value) : std::nullopt);
  return hasher.finish();
}

void change_terms(Tx& tx, const domain::Coupon& c, core::Seq seq) {
  COUPOND_ASSERT(seq == tx.last_seq());
  Query(tx.db(), kKeepTerms, c.id).run();
  Query(tx.db(), kSetTerms, c.id, c.max_uses, c.expires_at, domain::name(c.state), seq).run();
}

void restore_coupon(Tx& tx, const domain::Coupon& coupon, core::Seq seq) {
  COUPOND_ASSERT(seq == tx.last_seq() && coupon.uses == 0);
  Query(tx.db(), kRestore, coupon.id, domain::name(coupon.state), coupon.pool_slot, seq).run();
}

void free_coupon(Tx& tx, const domain::Coupon& coupon, core::Seq seq) {
  COUPOND_ASSERT(seq == tx.last_seq() && coupon.uses == 0);
  Query(tx.db(), kFree, coupon.id, domain::disguised(coupon.code_hash, coupon.id), seq).run();
}

void reassign_coupon(Tx& tx, core::CouponId id, core::UserId user, core::Seq seq) {
  COUPOND_ASSERT(seq == tx.last_seq());
  Query(tx.db(), kReassign, id, user, seq).run();
}

std::int64_t count_used_more(Connection& connection, core::CampaignId campaign, std::int64_t uses) {
  return read_integer(connection, kUsedMore, campaign, uses);
}

void touch_coupon(Tx& tx, core::CouponId id, core::Seq seq) {
  COUPOND_ASSERT(seq == tx.last_seq());
  Query(tx.db(), kTouch, id, seq).run();
}

void set_max_uses(Tx& tx, const domain::Coupon& coupon, std::optional<std::int64_t> max_uses) {
  domain::Coupon after = coupon;
  after.max_uses = max_uses;
  if (!domain::is_ended(after)) after.state = domain::state_in_use(after);
  Query(tx.db(), kSetMaxUses, after.id, max_uses, domain::name(after.state)).run();
}

void put_on(Tx& tx, const domain::Coupon& coupon, std::int64_t amount, core::Seq seq) {
  COUPOND_ASSERT(seq == tx.last_seq() && coupon.funds.has_value() && amount != 0);
  Query(tx.db(), kPutOn, coupon.id, amount, domain::name(coupon.state), seq).run();
}

std::optional<domain::Coupon> find_coupon_in_slot(Connection& connection, core::CampaignId campaign,
                                                  std::int64_t slot) {
  return find(connection, kBySlot, campaign, slot);
}

void move_slot(Tx& tx, core::CampaignId campaign, std::int64_t from, std::int64_t to) {
  Query(tx.db(), kMoveSlot, campaign, from, to).run();
}

std::vector<domain::Hold> find_holds(Connection& connection, core::CouponId id) {
  std::vector<domain::Hold> holds;
  Query query(connection, kHolds, id);
  while (query.next()) {
    holds.push_back({.id = {query.integer(0)},
                     .coupon_id = {query.integer(1)},
                     .campaign_id = {query.integer(2)},
                     .user_id = {query.integer(3)},
                     .token_hash = query.block<32>(4),
                     .expires_at = query.time(5)});
  }
  return holds;
}

std::int64_t count_live_holds(Connection& connection, core::CampaignId campaign, core::UserId user,
                              core::UnixMs now) {
  return read_integer(connection, kHoldsOfUser, user, campaign, now);
}

void put_hold(Tx& tx, const domain::Hold& hold) {
  COUPOND_ASSERT(hold.id == tx.last_seq() && hold.coupon_id.value > 0);
  Query(tx.db(), kPutHold, hold.id, hold.coupon_id, hold.campaign_id, hold.user_id, hold.token_hash,
        hold.expires_at)
      .run();
}

void renew_hold(Tx& tx, core::Seq id, core::UnixMs until) {
  Query(tx.db(), kRenewHold, id, until).run();
}

void remove_hold(Tx& tx, core::Seq id) { Query(tx.db(), kRemoveHold, id).run(); }

}  // namespace coupon::store
