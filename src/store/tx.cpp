#include "coupond/store/tx.h"

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <algorithm>
#include <string>

#include "coupond/core/assert.h"
#include "coupond/store/campaigns.h"
#include "coupond/store/counter_table.h"
#include "src/store/recorder.h"

namespace coupon::store {
namespace {

// Campaigns kept in memory from batch to batch, about 1 KB each.
constexpr std::size_t kCampaignsHeld = 10'000;

constexpr char kSavepoint[] = "SAVEPOINT attempt";
constexpr char kRelease[] = "RELEASE attempt";
constexpr char kRollback[] = "ROLLBACK TO attempt";

constexpr char kAppend[] = R"(
  INSERT INTO ledger (seq, at, operation, actor, campaign_id, coupon_id, user_id, units, credit,
    days, available, value, coupon_prev, digest, detail, hash)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?))";

// The old figures in the condition: if the file does not hold what we counted from, then somebody
// else has changed it, and the batch must not be committed.
constexpr char kWriteSums[] = R"(
  UPDATE campaigns SET issued = ?2, assigned = ?3, available = ?4, redeemed = ?5, rolled_back = ?6,
                       voided = ?7
   WHERE id = ?1 AND issued = ?8 AND assigned = ?9 AND available = ?10 AND redeemed = ?11
     AND rolled_back = ?12 AND voided = ?13)";

bool none_negative(const domain::Counters& c) {
  return c.issued >= 0 && c.assigned >= 0 && c.available >= 0 && c.redeemed >= 0 &&
         c.rolled_back >= 0 && c.voided >= 0;
}

}  // namespace

const domain::Campaign* Tx::campaign(core::CampaignId id) {
  Cached* found = cached(id);
  return found != nullptr ? &found->campaign : nullptr;
}

Tx::Cached* Tx::cached(core::CampaignId id) {
  const auto known = campaigns_.find(id.value);
  if (known != campaigns_.end()) return &known->second;
  auto loaded = find_campaign(connection_, id);
  if (!loaded) return nullptr;
  const domain::Counters stored = loaded->counters;
  auto [place, inserted] =
      campaigns_.emplace(id.value, Cached{.campaign = std::move(*loaded), .stored = stored});
  return &place->second;
}

void Tx::count(core::CampaignId id, const domain::Counters& delta) {
  COUPOND_ASSERT(attempts_ > 0);
  Cached* found = cached(id);
  COUPOND_ASSERT(found != nullptr);
  Cached& entry = *found;
  const domain::Counters after = entry.campaign.counters + delta;
  if (!none_negative(after)) {
    throw Contradiction("campaigns", id.value, "counts fewer coupons than there are");
  }
  undo_.push_back({.id = id, .counters = entry.campaign.counters});
  entry.campaign.counters = after;
  touch(id, entry);
}

void Tx::campaign_changed(core::CampaignId id) {
  COUPOND_ASSERT(attempts_ > 0);
  undo_.push_back({.id = id, .counters = std::nullopt});
  reload_policy(id);
}

// The row holds the counters of the last batch; what this one has used so far lives here only.
void Tx::reload_policy(core::CampaignId id) {
  auto loaded = find_campaign(connection_, id);
  if (!loaded) {
    campaigns_.erase(id.value);
    return;
  }
  const auto known = campaigns_.find(id.value);
  const domain::Counters stored = loaded->counters;
  const domain::Counters used =
      known != campaigns_.end() ? known->second.campaign.counters : stored;
  loaded->counters = used;
  const bool touched = known != campaigns_.end() && known->second.touched;
  Cached fresh{.campaign = std::move(*loaded), .stored = stored, .touched = touched};
  touch(id, campaigns_.insert_or_assign(id.value, std::move(fresh)).first->second);
}

void Tx::touch(core::CampaignId id, Cached& entry) {
  if (!entry.touched) touched_.push_back(id.value);
  entry.touched = true;
}

void Tx::note_user(core::CampaignId campaign, core::UserId user, std::int64_t coupons,
                   bool with_effects) {
  COUPOND_ASSERT(attempts_ > 0);
  COUPOND_ASSERT(coupons >= 0);
  user_counts_.push_back(
      {.campaign = campaign, .user = user, .coupons = coupons, .with_effects = with_effects});
}

core::Seq Tx::append(const Entry& entry) {
  COUPOND_ASSERT(attempts_ > 0);
  COUPOND_ASSERT(!entry.operation.empty() && !entry.actor.empty());
  const core::Seq seq{head_.seq.value + 1};
  const core::Digest hash = chain(head_.hash, seq, now_, entry);
  Query(connection_, kAppend, seq, now_, entry.operation, entry.actor, entry.campaign_id,
        entry.coupon_id, entry.user_id, entry.units, entry.credit, entry.days, entry.available,
        entry.value, entry.coupon_prev, entry.digest, entry.detail, hash)
      .run();
  head_ = {.seq = seq, .at = now_, .hash = hash};
  return seq;
}

Tx::Mark Tx::begin_attempt() {
  COUPOND_ASSERT(in_batch_);
  Query(connection_, kSavepoint).run();
  ++attempts_;
  const Recorder* recorder = connection_.recorder();
  return {.head = head_,
          .undo_size = undo_.size(),
          .effects_size = effects_.size(),
          .user_counts_size = user_counts_.size(),
          .recorded = recorder != nullptr ? recorder->mark() : 0};
}

void Tx::end_attempt(const Mark& mark, bool keep) {
  COUPOND_ASSERT(attempts_ > 0);
  --attempts_;
  COUPOND_ASSERT(head_.seq >= mark.head.seq);
  // Some errors make SQLite roll back everything, savepoints and all. Going on would run the rest
  // of the batch outside a transaction.
  if (!connection_.in_transaction()) {
    throw BatchDead{sqlite3_extended_errcode(connection_.handle())};
  }
  if (!keep) Query(connection_, kRollback).run();
  Query(connection_, kRelease).run();
  if (!keep) undo_to(mark);
}

void Tx::undo_to(const Mark& mark) {
  COUPOND_ASSERT(undo_.size() >= mark.undo_size);
  COUPOND_ASSERT(effects_.size() >= mark.effects_size);
  COUPOND_ASSERT(user_counts_.size() >= mark.user_counts_size);
  while (undo_.size() > mark.undo_size) {
    const Undo undo = std::move(undo_.back());
    undo_.pop_back();
    if (!undo.counters) {
      reload_policy(undo.id);
    } else if (const auto known = campaigns_.find(undo.id.value); known != campaigns_.end()) {
      known->second.campaign.counters = *undo.counters;
    }
  }
  head_ = mark.head;
  if (Recorder* recorder = connection_.recorder()) recorder->cut(mark.recorded);
  effects_.resize(mark.effects_size);
  const auto first = user_counts_.begin() + static_cast<std::ptrdiff_t>(mark.user_counts_size);
  user_counts_.erase(std::remove_if(first, user_counts_.end(),
                                    [](const UserCount& count) { return count.with_effects; }),
                     user_counts_.end());
}

void Tx::start(core::UnixMs now) {
  COUPOND_ASSERT(!in_batch_ && attempts_ == 0);
  COUPOND_ASSERT(now.value >= 0);
  in_batch_ = true;
  now_ = now;
  if (Recorder* recorder = connection_.recorder()) recorder->start();
  undo_.clear();
  effects_.clear();
  user_counts_.clear();
  // Those in use are soon back.
  if (campaigns_.size() > kCampaignsHeld) campaigns_.clear();
}

void Tx::rebuild() {
  in_batch_ = false;
  attempts_ = 0;
  campaigns_.clear();
  touched_.clear();
  undo_.clear();
  effects_.clear();
  user_counts_.clear();
  head_ = last_entry(connection_);
}

void Tx::write_sums() {
  COUPOND_ASSERT(in_batch_ && attempts_ == 0);
  // Twice, when an operation that made it was undone and another made it after all.
  std::sort(touched_.begin(), touched_.end());
  touched_.erase(std::unique(touched_.begin(), touched_.end()), touched_.end());
  for (const std::int64_t id : touched_) {
    const auto known = campaigns_.find(id);
    if (known == campaigns_.end()) continue;  // made by an operation that was undone
    const domain::Counters& used = known->second.campaign.counters;
    const domain::Counters& stored = known->second.stored;
    if (used == stored) continue;
    COUPOND_ASSERT(none_negative(used));
    const auto changed =
        Query(connection_, kWriteSums, id, used.issued, used.assigned, used.available,
              used.redeemed, used.rolled_back, used.voided, stored.issued, stored.assigned,
              stored.available, stored.redeemed, stored.rolled_back, stored.voided)
            .run();
    if (changed != 1) throw BatchDead{SQLITE_MISMATCH};
  }
}

void Tx::publish(CounterTable& table) {
  COUPOND_ASSERT(in_batch_ && attempts_ == 0);
  in_batch_ = false;
  for (const std::int64_t id : touched_) {
    const auto known = campaigns_.find(id);
    if (known == campaigns_.end()) continue;
    Cached& entry = known->second;
    table.add_change(entry.stored, entry.campaign.counters);
    entry.stored = entry.campaign.counters;
    entry.touched = false;
    table.publish(entry.campaign, head_.seq);
  }
  touched_.clear();
  for (const UserCount& count : user_counts_) {
    table.publish(count.campaign, count.user, count.coupons);
  }
  for (const auto& effect : effects_) effect();
}

}  // namespace coupon::store
