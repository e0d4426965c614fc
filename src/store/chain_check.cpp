#include "src/store/chain_check.h"

#include <algorithm>
#include <string>

#include "src/store/divergence.h"

namespace coupon::store {
namespace {

constexpr char kHead[] = "SELECT seq, hash, signature FROM ledger_head";

std::string entry(core::Seq seq) { return "ledger entry " + std::to_string(seq.value); }

}  // namespace

void ChainCheck::see(const LedgerRow& row) {
  const core::Seq expected{head_.seq.value + 1};
  if (row.seq != expected) {
    throw Divergence{entry(expected) + " is missing: the one after " +
                     std::to_string(head_.seq.value) + " is " + std::to_string(row.seq.value)};
  }
  if (chain(head_.hash, row) != row.hash) {
    throw Divergence{entry_name(row) + ": its hash is not that of its fields and the entry before" +
                     " it; this entry was changed, or the one before it was"};
  }
  if (row.at < head_.at) {
    steps_back_.push_back(row.seq);
    longest_step_back_ms_ = std::max(longest_step_back_ms_, head_.at.value - row.at.value);
  }
  head_ = {.seq = row.seq, .at = row.at, .hash = row.hash};
}

void ChainCheck::finish(Connection& connection, const Verifier& verifier) const {
  Query query(connection, kHead);
  if (!query.next()) {
    if (head_.seq.value == 0) return;
    throw Divergence{"ledger_head is empty, but the ledger has " + std::to_string(head_.seq.value) +
                     " entries: nothing says that they are all"};
  }
  const LedgerHead stored{.seq = {query.integer(0)}, .at = {}, .hash = query.block<32>(1)};
  if (!verifier(signed_message(stored), query.block<64>(2))) {
    throw Divergence{"ledger_head: the signature is not by this database's secret.key"};
  }
  if (stored.seq > head_.seq) {
    throw Divergence{entry({head_.seq.value + 1}) + " is missing: the ledger ends at " +
                     std::to_string(head_.seq.value) + ", the signed head says " +
                     std::to_string(stored.seq.value)};
  }
  if (stored.seq < head_.seq) {
    throw Divergence{entry({stored.seq.value + 1}) +
                     " is beyond the signed head, which says that " + "the ledger ends at " +
                     std::to_string(stored.seq.value)};
  }
  if (stored.hash != head_.hash) {
    throw Divergence{entry(head_.seq) +
                     ": its hash is not the one in the signed head; the ledger " + "was rewritten"};
  }
}

}  // namespace coupon::store
