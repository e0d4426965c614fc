#include "coupond/store/checkpoint.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "coupond/core/assert.h"
#include "coupond/core/hash.h"
#include "src/store/chain_check.h"
#include "src/store/divergence.h"
#include "src/store/snapshot.h"

namespace coupon::store {
namespace {

constexpr char kCheckpoint[] = "SELECT seq, at, hash, signature FROM checkpoint";
// Of a campaign's rows the last counts.
constexpr char kCheckpointSums[] = R"(
  SELECT campaign_id, issued, assigned, available, redeemed, rolled_back, voided
    FROM checkpoint_campaigns WHERE seq <= ? ORDER BY campaign_id, seq)";
constexpr char kCampaignSums[] = R"(
  SELECT id, issued, assigned, available, redeemed, rolled_back, voided
    FROM campaigns ORDER BY id)";
constexpr char kStoredSeq[] = "SELECT seq FROM checkpoint";
constexpr char kPutCheckpoint[] = R"(
  INSERT INTO checkpoint (only_row, seq, at, hash, signature) VALUES (1, ?1, ?2, ?3, ?4)
  ON CONFLICT (only_row) DO UPDATE SET seq = ?1, at = ?2, hash = ?3, signature = ?4)";
constexpr char kPutSums[] = R"(
  INSERT OR REPLACE INTO checkpoint_campaigns (campaign_id, seq, issued, assigned, available,
    redeemed, rolled_back, voided)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?))";
constexpr char kForgetSums[] =
    "DELETE FROM checkpoint_campaigns WHERE campaign_id = ?1 AND seq < ?2";

struct Checkpoint {
  LedgerHead head;
  CounterSums sums;
};

// Another prefix than a ledger head's, so that neither can be passed off as the other.
std::string checkpoint_message(const Checkpoint& checkpoint) {
  core::Hasher hasher;
  for (const auto& [id, c] : checkpoint.sums) {
    hasher.add(id).add(c.issued).add(c.assigned).add(c.available).add(c.redeemed);
    hasher.add(c.rolled_back).add(c.voided);
  }
  const LedgerHead& head = checkpoint.head;
  return "coupond checkpoint " + std::to_string(head.seq.value) + " " +
         std::to_string(head.at.value) + " " + core::to_hex(head.hash) + " " +
         core::to_hex(hasher.finish());
}

template <class... Args>
CounterSums read_sums(Connection& connection, const char* sql, const Args&... args) {
  CounterSums sums;
  Query query(connection, sql, args...);
  while (query.next()) {
    sums[query.integer(0)] = {.issued = query.integer(1),
                              .assigned = query.integer(2),
                              .available = query.integer(3),
                              .redeemed = query.integer(4),
                              .rolled_back = query.integer(5),
                              .voided = query.integer(6)};
  }
  return sums;
}

// What is stored, if its signature is good and the ledger still has its entry.
Checkpoint read_checkpoint(Connection& connection, const Verifier& verifier) {
  Query query(connection, kCheckpoint);
  if (!query.next()) return {};
  const Checkpoint checkpoint{
      .head = {.seq = {query.integer(0)}, .at = query.time(1), .hash = query.block<32>(2)},
      .sums = read_sums(connection, kCheckpointSums, query.integer(0))};
  if (!verifier(checkpoint_message(checkpoint), query.block<64>(3))) {
    throw Divergence{
        "checkpoint: the signature does not fit its row and checkpoint_campaigns, or "
        "is not by this database's secret.key"};
  }
  const LedgerHead& head = checkpoint.head;
  if (head.seq.value == 0) return checkpoint;
  const auto row = ledger_row(connection, head.seq);
  if (!row || row->hash != head.hash || row->at != head.at) {
    throw Divergence{row_name("ledger entry", head.seq.value) +
                     " is not the one the signed checkpoint was made at"};
  }
  return checkpoint;
}

void compare_sums(const CounterSums& derived, const CounterSums& stored) {
  for (const auto& [id, sums] : stored) {
    const auto found = derived.find(id);
    if (found == derived.end()) {
      throw Divergence{row_name("campaigns", id) + " has no ledger entry"};
    }
    compare_counters(id, sums, found->second);
  }
  for (const auto& [id, sums] : derived) {
    if (!stored.contains(id)) throw Divergence{row_name("campaigns", id) + " is missing"};
  }
}

LedgerCheck check(Connection& connection, const Verifier& verifier) {
  Checkpoint checkpoint = read_checkpoint(connection, verifier);
  ChainCheck chain(checkpoint.head);
  CounterSums sums = std::move(checkpoint.sums);
  std::set<std::int64_t> changed;
  for_each_entry(connection, checkpoint.head.seq, last_entry(connection).seq,
                 [&](const LedgerRow& row) {
                   chain.see(row);
                   if (row.campaign_id) {
                     auto& counters = sums[row.campaign_id->value];
                     counters = counters + counter_change(row);
                     changed.insert(row.campaign_id->value);
                   }
                   return true;
                 });
  chain.finish(connection, verifier);
  compare_sums(sums, read_sums(connection, kCampaignSums));
  return {.trusted = checkpoint.head.seq,
          .head = chain.head(),
          .sums = std::move(sums),
          .changed = {changed.begin(), changed.end()}};
}

std::int64_t stored_seq(Connection& connection) {
  Query stored(connection, kStoredSeq);
  return stored.next() ? stored.integer(0) : 0;
}

}  // namespace

void compare_counters(std::int64_t campaign, const domain::Counters& stored,
                      const domain::Counters& derived) {
  const auto same = [&](std::string_view column, std::int64_t a, std::int64_t b) {
    expect_same("campaigns", campaign, column, a, b);
  };
  same("issued", stored.issued, derived.issued);
  same("assigned", stored.assigned, derived.assigned);
  same("available", stored.available, derived.available);
  same("redeemed", stored.redeemed, derived.redeemed);
  same("rolled_back", stored.rolled_back, derived.rolled_back);
  same("voided", stored.voided, derived.voided);
}

domain::Counters counter_change(const LedgerRow& row) {
  domain::Counters change{.available = row.available};
  const std::string_view operation = row.operation;
  if (operation == operation::kRedeem) change.redeemed = 1;
  if (operation == operation::kIssue) change.issued = change.assigned = 1;
  if (operation == operation::kAssign) change.assigned = 1;
  if (operation == operation::kGenerate) change.issued = row.units;
  if (operation == operation::kVoid) change.voided = 1;
  if (operation == operation::kRestoreCoupon) change.voided = -1;
  if (operation == operation::kFree) change.voided = row.units;
  if (operation == operation::kRollback) {
    change.redeemed = -1;
    change.rolled_back = 1;
  }
  return change;
}

core::Result<LedgerCheck> check_since_checkpoint(Connection& connection, const Verifier& verifier) {
  const Snapshot snapshot(connection);
  try {
    return check(connection, verifier);
  } catch (const Divergence& divergence) {
    return core::Error{.reason = core::Reason::kInternal, .message = divergence.sentence};
  }
}

CheckpointWriter::CheckpointWriter(const LedgerCheck& checked, const Signer& signer,
                                   std::size_t campaigns_per_step)
    : checked_(checked),
      signature_(signer(checkpoint_message({.head = checked.head, .sums = checked.sums}))),
      campaigns_per_step_(campaigns_per_step) {}

bool CheckpointWriter::step(Tx& tx) {
  COUPOND_ASSERT(checked_.trusted <= checked_.head.seq && checked_.head.seq <= tx.last_seq());
  // Somebody else has written one since: ours would stand on the wrong one.
  if (!signed_ && stored_seq(tx.db()) != checked_.trusted.value) return true;
  if (signed_) return forget_some(tx);
  if (next_ < checked_.changed.size()) {
    put_some(tx);
    return false;
  }
  const LedgerHead& head = checked_.head;
  Query(tx.db(), kPutCheckpoint, head.seq, head.at, head.hash, signature_).run();
  tx.on_commit([this] {
    signed_ = true;
    next_ = 0;
  });
  return checked_.changed.empty();
}

std::span<const std::int64_t> CheckpointWriter::slice(Tx& tx) {
  const std::size_t end = std::min(checked_.changed.size(), next_ + campaigns_per_step_);
  const auto ids = std::span(checked_.changed).subspan(next_, end - next_);
  tx.on_commit([this, end] { next_ = end; });
  return ids;
}

void CheckpointWriter::put_some(Tx& tx) {
  for (const std::int64_t id : slice(tx)) {
    const domain::Counters& c = checked_.sums.at(id);
    Query(tx.db(), kPutSums, id, checked_.head.seq, c.issued, c.assigned, c.available, c.redeemed,
          c.rolled_back, c.voided)
        .run();
  }
}

bool CheckpointWriter::forget_some(Tx& tx) {
  const auto ids = slice(tx);
  for (const std::int64_t id : ids) Query(tx.db(), kForgetSums, id, checked_.head.seq).run();
  return next_ + ids.size() == checked_.changed.size();
}

}  // namespace coupon::store
