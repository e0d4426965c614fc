#include "coupond/store/follow.h"

#include <unistd.h>

#include <utility>

#include "coupond/store/database.h"
#include "coupond/store/replica.h"
#include "src/store/files.h"
#include "src/store/roll_forward.h"

namespace coupon::store {
namespace {

using core::refuse;

}  // namespace

std::string follow_note(const DataPaths& paths) { return paths.directory + "/FOLLOWS"; }

std::optional<core::Error> refuse_follower(const DataPaths& paths) {
  if (!exists(follow_note(paths))) return std::nullopt;
  return refuse("The data directory " + paths.directory +
                " follows a copy (`coupond follow`). `coupond serve --data " + paths.directory +
                "` makes it the shop.");
}

core::Result<core::Done> promote(const DataPaths& paths, const core::Clock& clock,
                                 const std::function<void(const std::string&)>& notice) {
  if (!exists(follow_note(paths))) return core::Done{};
  const auto lock = DataLock::take(paths);
  if (!lock.ok()) return lock.error();
  if (auto error = finish_restore(paths)) return *error;
  const auto secrets = core::Secrets::load(paths.key);
  if (!secrets.ok()) return secrets.error();
  const auto prepared = prepare_database(paths, {.secrets = *secrets, .notice = notice});
  if (!prepared.ok()) return prepared.error();
  const std::int64_t epoch = prepared->facts.restore_epoch + 1;
  if (const auto begun = begin_epoch(paths, *secrets, epoch, clock); !begun.ok()) {
    return begun.error();
  }
  ::unlink(follow_note(paths).c_str());
  if (auto error = sync_path(paths.directory)) return *error;
  notice("this directory followed a copy and is the shop now, in restore epoch " +
         std::to_string(epoch) + ": all sessions and holds are over");
  return core::Done{};
}

// What is open while it follows.
struct Follower::Open {
  Open(std::unique_ptr<Replica> opened, const std::string& directory)
      : replica(std::move(opened)),
        reader(directory, change_key(replica->secrets()), replica->facts().restore_epoch,
               replica->position()) {}

  std::unique_ptr<Replica> replica;
  CopyReader reader;
};

Follower::Follower(DataPaths paths, std::string directory, Options options)
    : paths_(std::move(paths)), directory_(std::move(directory)), options_(std::move(options)) {}
Follower::~Follower() = default;

core::Result<std::unique_ptr<Follower>> Follower::open(const DataPaths& paths,
                                                       const std::string& directory,
                                                       Options options) {
  auto follower = std::unique_ptr<Follower>(new Follower(paths, directory, std::move(options)));
  const bool follows = exists(follow_note(paths));
  if (!follows && has_database(paths)) {
    return refuse("The data directory " + paths.directory +
                  " has a shop of its own, which follows nobody. Name an empty directory with "
                  "--data.");
  }
  if (const auto made = make_data_dir(paths); !made.ok()) return made.error();
  if (!has_database(paths)) {
    if (const auto begun = follower->begin(); !begun.ok()) return begun.error();
  }
  if (const auto opened = follower->reopen(); !opened.ok()) return opened.error();
  return follower;
}

// The note comes first: no database without it may lie here.
core::Result<core::Done> Follower::begin() {
  ::unlink(follow_note(paths_).c_str());
  if (auto error = write_private_file(follow_note(paths_), directory_ + "\n")) return *error;
  RestoreOptions options;
  options.key_file = options_.key_file;
  options.keep_epoch = true;
  const auto begun = restore(paths_, directory_, options);
  if (!begun.ok()) {
    if (!has_database(paths_)) ::unlink(follow_note(paths_).c_str());
    return begun.error();
  }
  options_.notice("begun with what " + directory_ + " holds, up to ledger entry " +
                  std::to_string(begun->seq.value));
  return core::Done{};
}

core::Result<core::Done> Follower::reopen() {
  auto replica = Replica::open(paths_);
  if (!replica.ok()) return replica.error();
  open_ = std::make_unique<Open>(std::move(replica.value()), directory_);
  state_.position = open_->replica->position();
  state_.head = open_->replica->head();
  return core::Done{};
}

// From a newer base, when the changes do not lead on: after the copy's directory was gone for a
// while, and after a restore of the shop. What was there before is set aside.
core::Result<bool> Follower::begin_again(bool changes_end) {
  const auto bases = bases_in(directory_);
  if (!bases.ok()) return bases.error();
  const CopyPart& newest = bases->front();
  const std::int64_t epoch = open_->replica->facts().restore_epoch;
  const bool leads_on = newest.epoch > epoch ||
                        (changes_end && newest.epoch == epoch && newest.position > state_.position);
  // One that is still on its way cannot be verified; it is looked at again when there is more.
  const std::string looked_at = newest.path + " " + std::to_string(newest.bytes);
  if (!leads_on || looked_at == looked_at_) return false;
  looked_at_ = looked_at;
  open_.reset();
  const auto begun = begin();
  if (const auto opened = reopen(); !opened.ok()) return opened.error();
  if (!begun.ok()) return begun.error();
  return true;
}

core::Result<Follower::State> Follower::step() {
  using Found = CopyReader::Found;
  state_.applied = 0;
  state_.waits_for.clear();
  ChangeRecord record;
  while (true) {
    const auto found = open_->reader.next(record);
    if (!found.ok()) {
      state_.waits_for = found.error().message;
      return state_;
    }
    if (*found == Found::kRecord) {
      const auto applied = open_->replica->apply(record);
      if (!applied.ok()) return refuse(applied.error().message);
      ++state_.applied;
      state_.position = record.position;
      state_.head = record.after;
      state_.at = record.at;
      continue;
    }
    const bool changes_end = *found == Found::kMissing || *found == Found::kDamaged;
    const auto again = begin_again(changes_end);
    if (again.ok() && *again) continue;
    if (!again.ok() && !open_) return again.error();
    if (!again.ok()) {
      state_.waits_for = again.error().message;
    } else if (changes_end) {
      state_.waits_for = "change " + std::to_string(state_.position + 1) +
                         (*found == Found::kMissing ? " is missing" : " is damaged") + " in " +
                         directory_ + ": waits for it, or for a newer base";
    }
    return state_;
  }
}

}  // namespace coupon::store
