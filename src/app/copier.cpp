#include "src/app/copier.h"

#include <chrono>
#include <exception>
#include <utility>

#include "coupond/app/describe.h"
#include "coupond/core/time_text.h"
#include "coupond/store/copy_duty.h"

namespace coupon::app {
namespace {

using core::refuse;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kCopyTick{1};
// A change that waits for longer is told of.
constexpr std::int64_t kBehindMs = 5'000;
// Changes kept in memory for a directory that cannot be written; with more, a base is made when it
// can.
constexpr std::size_t kQueueBytes = std::size_t{64} << 20;
constexpr std::int64_t kBetweenTriesMs = 60'000;  // at a base that failed

std::int64_t now_ms() {
  const auto since_boot = steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since_boot).count();
}

}  // namespace

core::Result<core::Done> no_copy(const service::Engine& engine, const CopySettings& settings) {
  if (settings.forget) return store::forget_copy_duty(engine.paths());
  const auto refused = store::refuse_without_copy(engine.paths(), engine.facts().restore_epoch);
  if (refused) return *refused;
  return core::Done{};
}

core::Result<core::Done> Copier::open_target(service::Engine& engine) {
  target_ = std::make_unique<store::CopyTarget>(
      options_.directory, engine.paths(),
      store::CopyTarget::Owner{.instance = engine.facts().instance,
                               .epoch = engine.facts().restore_epoch,
                               .key = store::change_key(engine.secrets()),
                               .complete = options_.sync,
                               .changes_most = options_.changes_most});
  auto place = engine.readers().read<store::CopyTarget::Place>(
      [](store::Connection& db) -> core::Result<store::CopyTarget::Place> {
        return store::CopyTarget::Place{.position = store::change_position(db),
                                        .head = store::last_entry(db)};
      });
  if (!place.ok()) return place.error();
  {
    // Nothing was asked of the engine yet but what it asked itself when it was opened.
    const core::MutexLock lock(mutex_);
    position_ = place->position;
    if (!queue_.empty()) {
      *place = {.position = queue_.front().position - 1, .head = queue_.front().before};
    }
  }
  const auto fit = target_->open(*place, options_.accept_loss);
  if (!fit.ok()) return fit.error();
  shares_disk_ = target_->shares_disk();
  const core::MutexLock lock(mutex_);
  whole_ = *fit == store::CopyTarget::Fit::kGoesOn;
  return core::Done{};
}

core::Result<core::Done> Copier::start(service::Engine& engine) {
  if (const auto opened = open_target(engine); !opened.ok()) return opened.error();
  const auto ready = options_.sync ? start_sync(engine) : no_copy(engine, options_);
  if (!ready.ok()) return ready.error();
  thread_ = std::thread([this] { work(); });
  return core::Done{};
}

// What this shop has done so far is in the copy before it does more.
core::Result<core::Done> Copier::start_sync(service::Engine& engine) {
  const std::int64_t epoch = engine.facts().restore_epoch;
  const auto duty = store::copy_duty(engine.paths(), epoch);
  if (target_->wants_base() && duty && !options_.forget) {
    return refuse("The copy in " + options_.directory +
                  " lacks what this shop has acknowledged since its answers wait for the copy in " +
                  *duty + ": bring that one back, or begin anew with --copy-forget.");
  }
  if (target_->wants_base()) {
    if (const auto made = make_base(); !made.ok()) return made.error();
  }
  const auto taken = store::take_copy_duty(engine.paths(), epoch, options_.directory);
  if (!taken.ok()) return taken.error();
  const core::MutexLock lock(mutex_);
  queue_.clear();
  waiting_since_ms_ = 0;
  syncs_ = true;
  return core::Done{};
}

void Copier::stop() {
  {
    const core::MutexLock lock(mutex_);
    stopping_ = true;
  }
  woken_.notify_all();
  if (thread_.joinable()) thread_.join();
  if (base_.joinable()) base_.join();
}

store::ChangeSink::Stored Copier::append(const store::ChangeRecord& record) {
  if (!syncs_) {
    pending_ = record;
    return Stored::kYes;
  }
  const core::MutexLock lock(target_mutex_);
  const Stored stored = target_->append({&record, 1});
  if (stored == Stored::kYes) {
    note_written(record);
  } else {
    note_trouble(target_->why());
  }
  return stored;
}

bool Copier::take_back() {
  pending_.reset();
  if (!syncs_) return true;
  const core::MutexLock lock(target_mutex_);
  return target_->take_back();
}

void Copier::committed() {
  if (!pending_) return;
  store::ChangeRecord record = *std::move(pending_);
  pending_.reset();
  const core::MutexLock lock(mutex_);
  if (waiting_since_ms_ == 0) waiting_since_ms_ = now_ms();
  queue_bytes_ += record.statements.size();
  queue_.push_back(std::move(record));
  if (queue_bytes_ <= kQueueBytes) return;
  // The gap that this leaves makes a base necessary, whoever finds it.
  queue_.clear();
  queue_bytes_ = 0;
}

void Copier::work() {
  core::MutexLock lock(mutex_);
  bool stopping = false;
  while (!stopping) {
    const auto tick = core::deadline_in(kCopyTick);
    while (!stopping_ && woken_.wait_until(lock, tick)) continue;
    stopping = stopping_;
    lock.unlock();
    try {
      write_queue();
      if (!stopping) make_base_if_due();
    } catch (const std::exception& error) {  // no memory
      note_trouble(error.what());
    }
    lock.lock();
  }
}

void Copier::write_queue() {
  std::vector<store::ChangeRecord> records;
  std::int64_t since = 0;
  {
    const core::MutexLock lock(mutex_);
    records.swap(queue_);
    queue_bytes_ = 0;
    since = waiting_since_ms_;
  }
  if (records.empty()) return;
  const core::MutexLock target_lock(target_mutex_);
  const bool written = target_->append(records) == Stored::kYes;
  if (written) {
    note_written(records.back());
    return;
  }
  note_trouble(target_->why());
  // Tried again with what came meanwhile; what was stored after all is found then.
  const core::MutexLock lock(mutex_);
  waiting_since_ms_ = since;
  for (const store::ChangeRecord& record : records) queue_bytes_ += record.statements.size();
  records.insert(records.end(), std::make_move_iterator(queue_.begin()),
                 std::make_move_iterator(queue_.end()));
  queue_ = std::move(records);
}

void Copier::make_base_if_due() {
  {
    const core::MutexLock target_lock(target_mutex_);
    const core::MutexLock lock(mutex_);
    if (base_under_way_ || !target_->wants_base() || now_ms() < next_base_ms_) return;
    base_under_way_ = true;
  }
  if (base_.joinable()) base_.join();
  base_ = std::thread([this] {
    const auto made = make_base();
    const core::MutexLock lock(mutex_);
    base_under_way_ = false;
    next_base_ms_ = made.ok() ? 0 : now_ms() + kBetweenTriesMs;
  });
}

core::Result<core::Done> Copier::make_base() {
  const auto made = target_->make_base();
  const core::MutexLock target_lock(target_mutex_);
  if (made.ok()) target_->base_made(*made);
  const core::MutexLock lock(mutex_);
  base_trouble_ = made.ok() ? std::string() : describe(made.error());
  whole_ = target_->is_whole();
  if (!made.ok()) {
    log_.warn("copy_base_failed", {{"why", base_trouble_}});
    return made.error();
  }
  log_.info("copy_base", {{"file", made->path}, {"bytes", made->bytes}});
  return core::Done{};
}

void Copier::note_written(const store::ChangeRecord& last) {
  const core::MutexLock lock(mutex_);
  position_ = last.position;
  whole_ = target_->is_whole();
  // What came while this was written has waited for no longer than that.
  waiting_since_ms_ = queue_.empty() ? 0 : now_ms();
  if (!trouble_.empty()) log_.info("copy_written_again", {{"directory", options_.directory}});
  trouble_.clear();
}

void Copier::note_trouble(const std::string& trouble) {
  const core::MutexLock lock(mutex_);
  if (trouble == trouble_) return;
  trouble_ = trouble;
  log_.warn("copy_not_written", {{"directory", options_.directory}, {"why", trouble}});
}

Copier::Figures Copier::figures() const {
  const core::MutexLock lock(mutex_);
  const std::int64_t behind = waiting_since_ms_ == 0 ? 0 : now_ms() - waiting_since_ms_;
  return {.healthy = trouble_.empty() && base_trouble_.empty() && whole_ && behind <= kBehindMs,
          .position = position_,
          .behind_ms = behind};
}

service::Check Copier::check() const {
  const Figures now = figures();
  const core::MutexLock lock(mutex_);
  const std::string where = options_.directory;
  if (!trouble_.empty() && options_.sync) {
    return {"copy", false, trouble_ + ": changes are refused until the copy can be written again"};
  }
  if (!trouble_.empty() || now.behind_ms > kBehindMs) {
    const std::string why = trouble_.empty() ? where + " does not answer" : trouble_;
    return {"copy", true,
            "LOOK: " + why + ": the copy lacks the last " + core::duration_text(now.behind_ms)};
  }
  if (!base_trouble_.empty()) {
    return {"copy", true, "LOOK: no base can be made in " + where + ": " + base_trouble_};
  }
  if (!whole_) return {"copy", true, "LOOK: a base is being made in " + where};
  return {"copy", true, where + " holds change " + std::to_string(now.position)};
}

std::string Copier::banner() const {
  std::string text = "  copy        " + options_.directory;
  text += options_.sync ? ": each answer waits for it\n" : ": the last second may be missing\n";
  if (shares_disk_) {
    text += "  LOOK        the copy lies on the data's own disk: what takes one takes both\n";
  }
  const service::Check now = check();
  if (now.detail.starts_with("LOOK: ")) text += "              " + now.detail + "\n";
  return text;
}

}  // namespace coupon::app
