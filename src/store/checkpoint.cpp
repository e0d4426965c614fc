#include "coupond/store/checkpoint.h"

#include <string>
#include <utility>

#include "coupond/core/hash.h"
#include "src/store/chain_check.h"
#include "src/store/divergence.h"
#include "src/store/snapshot.h"

namespace coupon::store {
namespace {

constexpr char kCheckpoint[] = "SELECT seq, at, hash, signature FROM checkpoint";
constexpr char kCheckpointSums[] = R"(
  SELECT campaign_id, issued, assigned, available, redeemed, rolled_back, voided
    FROM checkpoint_campaigns ORDER BY campaign_id)";
constexpr char kCampaignSums[] = R"(
  SELECT id, issued, assigned, available, redeemed, rolled_back, voided
    FROM campaigns ORDER BY id)";
constexpr char kStoredSeq[] = "SELECT seq FROM checkpoint";
constexpr char kPutCheckpoint[] = R"(
  INSERT INTO checkpoint (only_row, seq, at, hash, signature) VALUES (1, ?1, ?2, ?3, ?4)
  ON CONFLICT (only_row) DO UPDATE SET seq = ?1, at = ?2, hash = ?3, signature = ?4)";
constexpr char kClearSums[] = "DELETE FROM checkpoint_campaigns";
constexpr char kPutSums[] = R"(
  INSERT INTO checkpoint_campaigns (campaign_id, issued, assigned, available, redeemed,
    rolled_back, voided)
  VALUES (?, ?, ?, ?, ?, ?, ?))";

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

CounterSums read_sums(Connection& connection, const char* sql) {
  CounterSums sums;
  Query query(connection, sql);
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
      .sums = read_sums(connection, kCheckpointSums)};
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
  for_each_entry(connection, checkpoint.head.seq, last_entry(connection).seq,
                 [&](const LedgerRow& row) {
                   chain.see(row);
                   if (row.campaign_id) {
                     auto& counters = sums[row.campaign_id->value];
                     counters = counters + counter_change(row);
                   }
                   return true;
                 });
  chain.finish(connection, verifier);
  compare_sums(sums, read_sums(connection, kCampaignSums));
  return {.trusted = checkpoint.head.seq, .head = chain.head(), .sums = std::move(sums)};
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

void write_checkpoint(Tx& tx, const LedgerCheck& checked, const Signer& signer) {
  Connection& db = tx.db();
  {
    Query stored(db, kStoredSeq);
    if (stored.next() && stored.integer(0) >= checked.head.seq.value) return;
  }
  const LedgerHead& head = checked.head;
  const std::string message = checkpoint_message({.head = head, .sums = checked.sums});
  Query(db, kPutCheckpoint, head.seq, head.at, head.hash, signer(message)).run();
  Query(db, kClearSums).run();
  for (const auto& [id, c] : checked.sums) {
    Query(db, kPutSums, id, c.issued, c.assigned, c.available, c.redeemed, c.rolled_back, c.voided)
        .run();
  }
}

}  // namespace coupon::store
