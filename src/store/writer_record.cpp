// What closes a batch: the ledger's signed head, and what a copy elsewhere is told:
// change_record.h.
#include "coupond/store/writer.h"
#include "src/store/recorder.h"

namespace coupon::store {
namespace {

constexpr char kSignHead[] = R"(
  INSERT INTO ledger_head (only_row, seq, hash, signature) VALUES (1, ?1, ?2, ?3)
  ON CONFLICT (only_row) DO UPDATE SET seq = ?1, hash = ?2, signature = ?3)";
constexpr char kSetPosition[] = R"(
  INSERT INTO change_position (only_row, position) VALUES (1, ?1)
  ON CONFLICT (only_row) DO UPDATE SET position = ?1)";
// There is no row where nobody ever recorded, and so nothing to be told.
constexpr char kSkipPosition[] =
    "UPDATE change_position SET position = position + 1 WHERE only_row = 1";

}  // namespace

void Writer::sign_head() {
  if (tx_.last_seq() == signed_seq_) return;
  const LedgerHead& head = tx_.head_;
  const Signature signature = signer_(signed_message(head));
  Query(connection_, kSignHead, head.seq, head.hash, signature).run();
}

void Writer::begin_recording() {
  if (options_.changes == nullptr) return;
  recorder_ = std::make_unique<Recorder>();
  facts_ = read_facts(connection_);
  unrecorded_ = false;
  connection_.record_to(recorder_.get());
}

// After the batch's last statement but the one that numbers it, which is recorded with the others.
void Writer::close_record(const LedgerHead& before) {
  record_.reset();
  if (!recorder_) {
    if (unrecorded_) Query(connection_, kSkipPosition).run();
    return;
  }
  if (recorder_->empty()) return;
  const std::int64_t position = change_position(connection_) + (unrecorded_ ? 2 : 1);
  Query(connection_, kSetPosition, position).run();
  record_ = ChangeRecord{.instance = facts_.instance,
                         .restore_epoch = facts_.restore_epoch,
                         .schema = kSchemaVersion,
                         .position = position,
                         .at = tx_.now(),
                         .before = before,
                         .after = tx_.head_,
                         .statements = recorder_->statements()};
}

// Before the commit. False when there must be none; then all is said. A refusal has to be as true
// as a change: where others may write too, it is confirmed.
bool Writer::store_record(std::span<Operation* const> batch) {
  if (!recorder_) return true;
  ChangeSink& sink = *options_.changes;
  const bool changes = record_.has_value();
  const ChangeSink::Stored stored = changes ? sink.append(*record_) : sink.confirm();
  if (stored == ChangeSink::Stored::kYes) return true;
  record_.reset();
  if (changes && stored == ChangeSink::Stored::kUnknown) {
    die(batch, "a change was stored elsewhere or not, nobody can tell");
  } else {
    abandon();
    fail_batch(batch, sink.refusal());
  }
  return false;
}

}  // namespace coupon::store
