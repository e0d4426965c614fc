#include "coupond/cluster/leader.h"

#include <pthread.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "coupond/core/assert.h"
#include "coupond/core/random.h"
#include "coupond/core/seal.h"

namespace coupon::cluster {
namespace {

using core::Reason;
using Stored = store::ChangeSink::Stored;

constexpr std::chrono::seconds kBeat{1};
constexpr std::chrono::milliseconds kRetry{50};
// Shorter than the lease: what is read on a machine that is cut off is no older.
constexpr std::int64_t kHeardMs = 3'000;
constexpr int kTrimEvery = 5;  // beats
// etcd does nothing else while it deletes.
constexpr std::int64_t kTrimAtOnce = 20'000;
constexpr std::size_t kPieces = 64;

std::string full_sentence(const std::string& why) {
  return "etcd has no room, so nothing was done: " + why +
         " Give it more (--quota-backend-bytes), compact and defragment it, and end its alarm "
         "(etcdctl alarm disarm).";
}

}  // namespace

std::int64_t trim_limit(const std::map<std::string, std::int64_t>& members, std::int64_t kept_from,
                        std::int64_t last) {
  if (members.size() < 2) return 0;
  std::vector<std::int64_t> positions;
  for (const auto& [name, position] : members) positions.push_back(position);
  std::nth_element(positions.begin(), positions.begin() + 1, positions.end(), std::greater<>());
  return std::min({positions[1], kept_from - 1, last - 1});
}

std::int64_t Leader::boot_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

Leader::Leader(SharedLog writes, SharedLog beats, Options options)
    : options_(std::move(options)),
      writes_(std::move(writes)),
      beats_(std::move(beats)),
      term_(options_.term),
      position_(options_.self.position),
      heard_at_ms_(options_.heard_at_ms),
      thread_([this] { work(); }) {}

void Leader::stop() {
  {
    const core::MutexLock lock(mutex_);
    if (std::exchange(stopping_, true)) return;
  }
  woken_.notify_all();
  thread_.join();
  if (!ended_) static_cast<void>(beats_.resign(term_));
}

void Leader::on_end(std::function<void(const std::string&)> ended) {
  std::string why;
  {
    const core::MutexLock lock(mutex_);
    on_end_ = ended;
    why = why_ended_;
  }
  if (!why.empty()) ended(why);
}

void Leader::end(const std::string& why) {
  std::function<void(const std::string&)> told;
  {
    const core::MutexLock lock(mutex_);
    if (ended_.exchange(true)) return;
    why_ended_ = why;
    told = on_end_;
  }
  if (told) told(why);
}

bool Leader::may_answer() const { return !ended_ && boot_ms() - heard_at_ms_ <= kHeardMs; }

Stored Leader::refuse(core::Error error) {
  refusal_ = std::move(error);
  return Stored::kNotOurs;
}

// Asks again until it is known what became of it: a second append of the same entry finds the
// first, or makes sure that it never lands.
template <class Ask>
Stored Leader::settle(const Ask& ask) {
  if (ended_) return refuse({.reason = Reason::kShuttingDown, .message = {}});
  const std::int64_t late = boot_ms() + options_.settle_ms;
  bool open = false;  // a request may still be carried out
  while (true) {
    const core::Result<bool> said = ask();
    if (said.ok() && *said) {
      if (!writer_trouble_.empty()) note_trouble(kWriter, writer_trouble_ = {});
      return Stored::kYes;
    }
    if (said.ok()) {
      end("another member of the cluster leads now");
      return refuse({.reason = Reason::kShuttingDown,
                     .message = "Another member of the cluster leads now; nothing was done."});
    }
    const core::Error& error = said.error();
    open = open || error.reason == Reason::kOutcomeUnknown;
    note_trouble(kWriter, writer_trouble_ = error.message);
    if (!open && error.reason == Reason::kStorageFull) {
      return refuse({.reason = Reason::kCopyGone, .message = full_sentence(error.message)});
    }
    if (!open && error.reason == Reason::kInvalidRequest) {
      return refuse({.reason = Reason::kCopyGone,
                     .message = "etcd refuses a change, so nothing was done: " + error.message +
                                " Let it take more (--max-request-bytes)."});
    }
    if (boot_ms() >= late) {
      refuse({.reason = Reason::kCopyGone,
              .message = "etcd does not answer, so nothing was done: " + error.message});
      return open ? Stored::kUnknown : Stored::kNotOurs;
    }
    std::this_thread::sleep_for(kRetry);
  }
}

Stored Leader::append(const store::ChangeRecord& record) {
  if (record.position != position_ + 1) {
    end("the database was changed behind the cluster's back, and lacks change " +
        std::to_string(position_ + 1) + " or has another one: seed this member anew");
    return refuse({.reason = Reason::kShuttingDown, .message = {}});
  }
  const std::string bytes = store::encode(record);
  const Entry entry{.position = record.position,
                    .sealed = core::seal(options_.key, bytes, core::system_random)};
  const Stored stored = settle([&] { return writes_.append(options_.term, entry); });
  if (stored != Stored::kYes) return stored;
  pending_ = record.position;
  pending_bytes_ = entry.sealed.size();
  if (copy_ != nullptr) static_cast<void>(copy_->append(record));
  return stored;
}

void Leader::committed() {
  COUPOND_ASSERT(pending_ == position_ + 1);
  position_ = pending_;
  keep(pending_, pending_bytes_);
  if (copy_ != nullptr) copy_->committed();
}

// The others have it by now.
bool Leader::take_back() { return false; }

Stored Leader::confirm() {
  return settle([&] { return writes_.confirm(options_.term); });
}

// In pieces, for there may be millions of changes.
void Leader::keep(std::int64_t position, std::size_t bytes) {
  const core::MutexLock lock(mutex_);
  if (kept_.empty() || kept_.back().bytes >= options_.keep_bytes / kPieces) {
    kept_.push_back({.last = position, .bytes = 0});
  }
  kept_.back().last = position;
  kept_.back().bytes += bytes;
  kept_bytes_ += bytes;
  while (kept_bytes_ > options_.keep_bytes) {
    kept_from_ = kept_.front().last + 1;
    kept_bytes_ -= kept_.front().bytes;
    kept_.pop_front();
  }
}

void Leader::work() {
  ::pthread_setname_np(::pthread_self(), "cluster");
  core::MutexLock lock(mutex_);
  while (!stopping_ && !ended_) {
    const auto next = core::deadline_in(kBeat);
    lock.unlock();
    beat();
    lock.lock();
    while (!stopping_ && woken_.wait_until(lock, next)) continue;
  }
}

void Leader::beat() {
  const std::int64_t now = boot_ms();
  if (!renew()) return;
  const auto members = beats_.members(term_);
  if (!members.ok()) return note_trouble(kBeats, members.error().message);
  if (!*members) return end("another member of the cluster leads now");
  heard_at_ms_ = now;
  {
    const core::MutexLock lock(mutex_);
    members_ = (*members)->positions;
  }
  if (!report()) return;
  note_trouble(kBeats, {});
  if (++beats_done_ % kTrimEvery == 0) trim(**members);
}

// A lease that ran out while etcd could not be asked is replaced, where nobody took over.
bool Leader::renew() {
  const auto renewed = beats_.renew(term_);
  if (renewed.ok() && *renewed) return true;
  if (!renewed.ok()) {
    note_trouble(kBeats, renewed.error().message);
    return false;
  }
  if (next_lease_ == 0) {
    const auto granted = beats_.grant();
    if (!granted.ok()) {
      note_trouble(kBeats, granted.error().message);
      return false;
    }
    next_lease_ = *granted;
  }
  const auto leads = beats_.lead_again(term_, next_lease_, options_.self);
  const std::int64_t lease = std::exchange(next_lease_, 0);
  if (!leads.ok()) {
    next_lease_ = leads.error().reason == Reason::kNotFound ? 0 : lease;
    note_trouble(kBeats, leads.error().message);
    return false;
  }
  if (!*leads) {
    end("another member of the cluster leads now");
    return false;
  }
  term_.lease = lease;
  return true;
}

bool Leader::report() {
  const std::int64_t position = position_;
  if (position == reported_) return true;
  const auto told = beats_.report(options_.self.name, position);
  if (told.ok()) reported_ = position;
  if (!told.ok()) note_trouble(kBeats, told.error().message);
  return told.ok();
}

void Leader::trim(const Members& members) {
  std::int64_t kept_from = 0;
  {
    const core::MutexLock lock(mutex_);
    kept_from = kept_from_;
  }
  const std::int64_t limit = trim_limit(members.positions, kept_from, position_);
  if (members.first == 0 || limit < members.first) return;
  const std::int64_t up_to = std::min(limit, members.first + kTrimAtOnce);
  if (const auto done = beats_.trim(term_, up_to); !done.ok())
    note_trouble(kBeats, done.error().message);
}

void Leader::note_trouble(Who who, const std::string& trouble) {
  {
    const core::MutexLock lock(mutex_);
    std::string& noted = trouble_[who];
    if (trouble == noted) return;
    noted = trouble;
  }
  options_.notice(trouble);
}

Leader::Figures Leader::figures() const {
  const std::int64_t position = position_;
  Figures figures{
      .term = options_.term.number, .position = position, .heard_ms = boot_ms() - heard_at_ms_};
  const core::MutexLock lock(mutex_);
  figures.trouble = trouble_[kWriter].empty() ? trouble_[kBeats] : trouble_[kWriter];
  for (const auto& [name, at] : members_) {
    if (name != options_.self.name) {
      figures.behind[name] = std::max<std::int64_t>(position - at, 0);
    }
  }
  return figures;
}

}  // namespace coupon::cluster
