#include "coupond/store/ledger.h"

namespace coupon::store {
namespace {

constexpr char kLast[] = "SELECT seq, at, hash FROM ledger ORDER BY seq DESC LIMIT 1";

constexpr char kAfter[] = R"(
  SELECT seq, at, operation, actor, campaign_id, coupon_id, user_id, units, credit, days,
         available, value, coupon_prev, digest, detail, hash
    FROM ledger WHERE seq > ? ORDER BY seq LIMIT ?)";

void add(core::Hasher& hasher, const std::optional<std::int64_t>& value) {
  if (value) {
    hasher.add(*value);
  } else {
    hasher.add_null();
  }
}

void add(core::Hasher& hasher, const std::optional<std::string_view>& value) {
  if (value) {
    hasher.add(*value);
  } else {
    hasher.add_null();
  }
}

template <class Id>
std::optional<std::int64_t> plain(const std::optional<Id>& id) {
  if (!id) return std::nullopt;
  return id->value;
}

template <class Id>
std::optional<Id> id_at(const Query& query, int column) {
  const auto value = query.maybe_integer(column);
  if (!value) return std::nullopt;
  return Id{*value};
}

LedgerRow read_row(const Query& query) {
  LedgerRow row{.seq = {query.integer(0)},
                .at = query.time(1),
                .operation = query.text(2),
                .actor = query.text(3),
                .campaign_id = id_at<core::CampaignId>(query, 4),
                .coupon_id = id_at<core::CouponId>(query, 5),
                .user_id = id_at<core::UserId>(query, 6),
                .units = query.integer(7),
                .credit = {query.integer(8)},
                .days = query.integer(9),
                .available = query.integer(10),
                .value = query.integer(11),
                .coupon_prev = id_at<core::Seq>(query, 12),
                .digest = std::nullopt,
                .detail = query.maybe_text(14),
                .hash = query.block<32>(15)};
  if (!query.is_null(13)) row.digest = query.blob(13);
  return row;
}

}  // namespace

core::Digest chain(const core::Digest& previous, core::Seq seq, core::UnixMs at,
                   const Entry& entry) {
  core::Hasher hasher;
  hasher.add(previous).add(seq.value).add(at.value).add(entry.operation).add(entry.actor);
  add(hasher, plain(entry.campaign_id));
  add(hasher, plain(entry.coupon_id));
  add(hasher, plain(entry.user_id));
  hasher.add(entry.units).add(entry.credit.value).add(entry.days);
  hasher.add(entry.available);
  add(hasher, plain(entry.coupon_prev));
  add(hasher, entry.digest ? std::optional(core::as_text(*entry.digest)) : std::nullopt);
  add(hasher, entry.detail);
  // Entries of version 0.1.0 had none, and must verify as they were written.
  if (entry.value != 0) hasher.add("value").add(entry.value);
  return hasher.finish();
}

core::Digest chain(const core::Digest& previous, const LedgerRow& row) {
  Entry entry{.operation = row.operation,
              .actor = row.actor,
              .campaign_id = row.campaign_id,
              .coupon_id = row.coupon_id,
              .user_id = row.user_id,
              .units = row.units,
              .credit = row.credit,
              .days = row.days,
              .available = row.available,
              .value = row.value,
              .coupon_prev = row.coupon_prev};
  if (row.digest) entry.digest = core::as_bytes(*row.digest);
  if (row.detail) entry.detail = *row.detail;
  return chain(previous, row.seq, row.at, entry);
}

std::string signed_message(const LedgerHead& head) {
  return "coupond ledger " + std::to_string(head.seq.value) + " " + core::to_hex(head.hash);
}

LedgerHead last_entry(Connection& connection) {
  Query query(connection, kLast);
  if (!query.next()) return {};
  return {.seq = {query.integer(0)}, .at = query.time(1), .hash = query.block<32>(2)};
}

std::vector<LedgerRow> ledger_after(Connection& connection, core::Seq after, std::int64_t limit) {
  std::vector<LedgerRow> rows;
  Query query(connection, kAfter, after, limit);
  while (query.next()) rows.push_back(read_row(query));
  return rows;
}

std::optional<LedgerRow> ledger_row(Connection& connection, core::Seq seq) {
  auto rows = ledger_after(connection, {seq.value - 1}, 1);
  if (rows.empty() || rows.front().seq != seq) return std::nullopt;
  return std::move(rows.front());
}

std::vector<LedgerRow> ledger_of_coupon(Connection& connection, core::Seq last_seq,
                                        std::size_t limit) {
  std::vector<LedgerRow> rows;
  std::optional<core::Seq> next = last_seq;
  while (next && rows.size() < limit) {
    auto row = ledger_row(connection, *next);
    if (!row) break;
    next = row->coupon_prev;
    rows.push_back(std::move(*row));
  }
  return rows;
}

void for_each_entry(Connection& connection, core::Seq after, core::Seq last,
                    const std::function<bool(const LedgerRow&)>& visit) {
  Query query(connection, kAfter, after, last.value - after.value);
  while (query.next()) {
    if (!visit(read_row(query))) return;
  }
}

}  // namespace coupon::store
