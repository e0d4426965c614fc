#include "coupond/cluster/standby.h"

#include <chrono>
#include <thread>
#include <utility>

#include "coupond/core/seal.h"
#include "coupond/store/change_log.h"
#include "coupond/store/cluster_note.h"

namespace coupon::cluster {
namespace {

using core::Done;
using core::Result;

constexpr std::int64_t kEntriesAtOnce = 32;
constexpr std::int64_t kCatchUpMs = 60'000;
constexpr std::int64_t kRenewEveryMs = 1'000;
constexpr std::chrono::milliseconds kRetry{200};

core::Error sentence(std::string message) {
  return {.reason = core::Reason::kInternal, .message = std::move(message)};
}

std::string number(std::int64_t value) { return std::to_string(value); }

constexpr char kSeed[] =
    " Seed this member anew: `coupond backup FILE --with-key` where the leader is, and `coupond "
    "restore FILE --as-copy` here.";

std::optional<store::ChangeRecord> open_entry(const core::Block<32>& key,
                                              const std::string& sealed) {
  const auto bytes = core::unseal(key, sealed);
  return bytes ? store::decode(*bytes) : std::nullopt;
}

Result<Etcd> connect(const std::string& url) { return Etcd::of_url(url); }

Shop shop_of(const store::Replica& replica) {
  return {.instance = replica.facts().instance, .restore_epoch = replica.facts().restore_epoch};
}

}  // namespace

Result<std::unique_ptr<Standby>> Standby::open(const store::DataPaths& paths, Options options) {
  auto etcd = connect(options.etcd);
  if (!etcd.ok()) return etcd.error();
  auto replica = store::Replica::open(paths, {.prepare = true, .notice = options.notice});
  if (!replica.ok()) return replica.error();
  return std::unique_ptr<Standby>(
      new Standby(paths, std::move(options), std::move(replica.value()), std::move(etcd.value())));
}

Standby::Standby(store::DataPaths paths, Options options, std::unique_ptr<store::Replica> replica,
                 Etcd etcd)
    : paths_(std::move(paths)),
      options_(std::move(options)),
      replica_(std::move(replica)),
      key_(store::change_key(replica_->secrets())),
      log_(std::move(etcd), shop_of(*replica_)) {
  state_.position = replica_->position();
}

Candidate Standby::self() const {
  return {.name = options_.name,
          .url = options_.url,
          .schema = store::kSchemaVersion,
          .position = replica_->position(),
          .hash = core::to_hex(replica_->head().hash),
          .beside_others = options_.begin};
}

// Nothing: etcd could not be asked.
std::optional<View> Standby::look() {
  auto view = log_.look(replica_->position(), kEntriesAtOnce);
  if (!view.ok()) {
    state_.trouble = view.error().message;
    return std::nullopt;
  }
  state_.trouble.clear();
  state_.leader = view->leader;
  state_.leader_url = view->leader_url;
  state_.last = view->last;
  return std::move(view.value());
}

Result<Done> Standby::step() {
  const std::int64_t now = Leader::boot_ms();
  state_.more = false;
  const auto view = look();
  if (!view) return Done{};
  if (lease_ != 0 && view->lease == lease_) {
    heard_at_ms_ = now;
    const Term term{.number = view->term, .lease = lease_, .revision = view->epoch_changed};
    if (auto error = catch_up(term)) return *error;
    return Done{};
  }
  lease_ = 0;
  if (auto error = refuse(*view)) {
    if (!options_.begin || joined_ || begun_anew_) return *error;
    if (auto leads = begin_anew(*view)) return *leads;
    return Done{};
  }
  if (auto error = take_entries(*view)) return *error;
  state_.more = state_.position < state_.last;
  if (state_.more) return Done{};
  report();
  if (view->leader.empty() && (joined_ || view->term == 0)) {
    if (auto error = lead(*view)) return *error;
  }
  return Done{};
}

// Why this member has no place in the cluster.
Standby::Refusal Standby::refuse(const View& view) {
  const std::int64_t epoch = replica_->facts().restore_epoch;
  if (view.newest && *view.newest > epoch) {
    return sentence("The shop was restored since: the cluster is in restore epoch " +
                    number(*view.newest) + ", this database in " + number(epoch) + "." + kSeed);
  }
  if (view.term == 0) return refuse_beginning(view);
  if (auto error = refuse_schema(view)) return error;
  return refuse_end(view);
}

Standby::Refusal Standby::refuse_beginning(const View& view) const {
  if (!begun_anew_ && store::is_member(paths_, replica_->facts().restore_epoch)) {
    return sentence("The etcd at " + options_.etcd +
                    " knows nothing of this shop, whose data directory belongs to a member of a "
                    "cluster. If etcd lost it, start the member with the highest change (`coupond "
                    "cluster status --data DIR` says it) with --cluster-forget, and seed the "
                    "others from it.");
  }
  if (!view.newest && !begun_anew_) {
    // Checked once more when it begins.
    auto etcd = connect(options_.etcd);
    const auto others = etcd.ok() ? SharedLog::holds_any(etcd.value()) : etcd.error();
    if (others.ok() && *others) {
      return sentence("The etcd at " + options_.etcd +
                      " holds another shop than this database. To make this directory a member of "
                      "that one, seed it: `coupond backup FILE --with-key` where its leader is, "
                      "and `coupond restore FILE --as-copy` here. For a second shop in the same "
                      "etcd, start once with --cluster-forget.");
    }
  }
  return std::nullopt;
}

// All members run one version. The first of a newer one takes over when the last of the older ones
// has gone, and only with all that they did.
Standby::Refusal Standby::refuse_schema(const View& view) const {
  if (view.schema == store::kSchemaVersion) return std::nullopt;
  if (view.leader.empty() && view.last == replica_->position()) return std::nullopt;
  return sentence("The cluster's schema is version " + number(view.schema) +
                  ", this program's is version " + number(store::kSchemaVersion) +
                  ": versions do not mix. Stop all members, start one of the newer version on a "
                  "database that has all changes, and seed the others from it.");
}

Standby::Refusal Standby::refuse_end(const View& view) {
  const std::int64_t position = replica_->position();
  if (position > view.last) {
    return sentence("This database has change " + number(position) +
                    ", and the cluster's log ends " + "with change " + number(view.last) +
                    ": something was done here that the cluster does not have." + kSeed);
  }
  const std::int64_t next = view.entries.empty() ? view.last + 1 : view.entries.front().position;
  if (next != position + 1) {
    return sentence("This member has the changes up to " + number(position) +
                    ", and the cluster's log begins with change " + number(view.first) + "." +
                    kSeed);
  }
  if (joined_) return std::nullopt;
  if (position == view.last) {
    std::string hash = view.base_hash;
    if (position != view.base) {
      const auto entry = log_.entry(position);
      if (!entry.ok() || !*entry) return std::nullopt;  // looked at again
      const auto record = open_entry(key_, (*entry)->sealed);
      hash = record ? core::to_hex(record->after.hash) : std::string();
    }
    if (hash != core::to_hex(replica_->head().hash)) {
      return sentence("This database and the cluster's log part before change " + number(position) +
                      "." + kSeed);
    }
  }
  const auto noted = store::note_member(paths_, replica_->facts().restore_epoch);
  if (!noted.ok()) return noted.error();
  joined_ = true;
  return std::nullopt;
}

// As the owner wants it: what etcd has of this restore epoch goes.
Standby::Refusal Standby::begin_anew(const View& view) {
  if (!view.leader.empty()) {
    return sentence(view.leader +
                    " leads this shop's cluster. Stop all its members before one begins it anew "
                    "with --cluster-forget.");
  }
  const auto forgotten = view.term == 0 ? Result<bool>(true) : log_.forget(view);
  if (!forgotten.ok()) state_.trouble = forgotten.error().message;
  begun_anew_ = forgotten.ok() && *forgotten;
  return std::nullopt;
}

Standby::Refusal Standby::take_entries(const View& view) {
  for (const Entry& entry : view.entries) {
    const auto record = open_entry(key_, entry.sealed);
    if (!record || record->position != entry.position) {
      return sentence("Change " + number(entry.position) +
                      " in the cluster's log is not by this shop's key.");
    }
    if (const auto applied = replica_->apply(*record); !applied.ok()) {
      return sentence(applied.error().message + "." + kSeed);
    }
    state_.position = replica_->position();
  }
  if (view.entries.empty()) return std::nullopt;
  if (const auto synced = replica_->sync(); !synced.ok()) return synced.error();
  return std::nullopt;
}

void Standby::report() {
  if (!joined_ || reported_ == state_.position) return;
  const auto told = log_.report(options_.name, state_.position);
  if (told.ok()) reported_ = state_.position;
  if (!told.ok()) state_.trouble = told.error().message;
}

Standby::Refusal Standby::lead(const View& view) {
  heard_at_ms_ = Leader::boot_ms();
  const auto lease = log_.grant();
  if (!lease.ok()) {
    state_.trouble = lease.error().message;
    return std::nullopt;
  }
  const auto term = log_.take(view, self(), *lease);
  if (!term.ok()) {
    state_.trouble = term.error().message;
    lease_ = *lease;
    return std::nullopt;
  }
  return *term ? catch_up(**term) : std::nullopt;
}

// The one who led before may have written until the term began, and cannot since.
Standby::Refusal Standby::catch_up(Term term) {
  const std::int64_t late = Leader::boot_ms() + kCatchUpMs;
  std::int64_t renewed = heard_at_ms_;
  while (Leader::boot_ms() < late) {
    const std::int64_t now = Leader::boot_ms();
    if (now - renewed >= kRenewEveryMs) {
      if (const auto kept = log_.renew(term); kept.ok() && *kept) renewed = now;
    }
    const auto view = look();
    if (!view) {
      std::this_thread::sleep_for(kRetry);
      continue;
    }
    if (view->epoch_changed != term.revision) return std::nullopt;
    if (auto error = refuse_end(*view)) return error;
    if (auto error = take_entries(*view)) return error;
    if (state_.position < state_.last || !joined_) continue;
    heard_at_ms_ = renewed;
    term_ = term;
    return std::nullopt;
  }
  return std::nullopt;
}

std::unique_ptr<Leader> Standby::take_lead() {
  if (!term_) return nullptr;
  auto writes = connect(options_.etcd);
  auto beats = connect(options_.etcd);
  const Shop shop = shop_of(*replica_);
  const Candidate candidate = self();
  auto leader = std::make_unique<Leader>(SharedLog(std::move(writes.value()), shop),
                                         SharedLog(std::move(beats.value()), shop),
                                         Leader::Options{.self = candidate,
                                                         .term = *term_,
                                                         .key = key_,
                                                         .keep_bytes = options_.keep_bytes,
                                                         .heard_at_ms = heard_at_ms_,
                                                         .notice = options_.trouble});
  replica_.reset();  // may take long; the lease is renewed meanwhile
  return leader;
}

}  // namespace coupon::cluster
