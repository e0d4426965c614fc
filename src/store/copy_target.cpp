#include "coupond/store/copy_target.h"

#include <SQLiteCpp/Exception.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <tuple>
#include <utility>

#include "coupond/core/time_text.h"
#include "coupond/store/backup.h"
#include "coupond/store/database.h"
#include "src/store/files.h"

namespace coupon::store {
namespace {

using core::refuse;

constexpr std::size_t kBasesKept = 2;

constexpr char kVersionOf[] = "PRAGMA user_version";

std::optional<dev_t> device_of(const std::string& path) {
  struct stat info = {};
  if (::stat(path.c_str(), &info) != 0) return std::nullopt;
  return info.st_dev;
}

bool on_one_disk(const std::string& a, const std::string& b) {
  const auto first = device_of(a);
  return first && first == device_of(b);
}

std::string named(std::int64_t position) { return "change " + std::to_string(position); }

// What a base holds. Throws SQLite::Exception.
struct BaseFacts {
  LedgerHead head;
  std::int64_t schema = 0;
};
BaseFacts look_at_base(const std::string& path) {
  Connection connection(path, Connection::Access::kReadOnly);
  Query version(connection, kVersionOf);
  version.next();
  return {.head = last_entry(connection), .schema = version.integer(0)};
}

bool same(const LedgerHead& a, const LedgerHead& b) { return a.seq == b.seq && a.hash == b.hash; }

}  // namespace

CopyTarget::CopyTarget(std::string directory, const DataPaths& data, Owner owner)
    : directory_(std::move(directory)),
      data_(data),
      owner_(std::move(owner)),
      shared_disk_at_first_(on_one_disk(exists(directory_) ? directory_ : directory_of(directory_),
                                        data_.directory)) {}

bool CopyTarget::shares_disk() const { return on_one_disk(directory_, data_.directory); }

core::Result<core::Done> CopyTarget::make_ours() {
  // What answers wait for is that one, and no new one in its place.
  if (owner_.complete && opened_ && !exists(copy_note(directory_))) {
    return refuse("The copy in " + directory_ + " is gone");
  }
  if (::mkdir(directory_.c_str(), 0700) != 0 && errno != EEXIST) {
    return refuse("The copy's directory " + directory_ +
                  " cannot be made: " + std::strerror(errno));
  }
  if (file_id(directory_) == file_id(data_.directory)) {
    return refuse("--copy names the data directory itself, " + directory_ +
                  ": name one on another disk.");
  }
  if (!shared_disk_at_first_ && shares_disk()) {
    return refuse("The copy's directory " + directory_ +
                  " lies on the data's own disk now: its own is not mounted");
  }
  return core::Done{};
}

core::Result<CopyTarget::Fit> CopyTarget::open(const Place& place, bool accept_loss) {
  log_.reset();
  if (const auto made = make_ours(); !made.ok()) return made.error();
  const auto parts = look_at_copy(directory_);
  if (!parts.ok()) return parts.error();
  if (parts->instance.empty()) {
    ::unlink(copy_note(directory_).c_str());
    const std::string text = owner_.instance +
                             "\nA copy of a shop of coupond, made by `serve --copy`. See `coupond "
                             "restore --help`.\n";
    if (auto error = write_private_file(copy_note(directory_), text)) return *error;
  } else if (parts->instance != owner_.instance) {
    return refuse("The directory " + directory_ + " is the copy of another shop (instance " +
                  parts->instance + "): name another one with --copy.");
  }
  opened_ = true;
  return compare(*parts, place, accept_loss);
}

core::Result<CopyTarget::Fit> CopyTarget::compare(const CopyParts& parts, const Place& place,
                                                  bool accept_loss) {
  whole_ = false;
  base_from_ = place.position;
  std::int64_t newest = 0;
  for (const auto* list : {&parts.bases, &parts.logs}) {
    if (!list->empty()) newest = std::max(newest, list->back().epoch);
  }
  if (newest > owner_.epoch) {
    return refuse("The copy in " + directory_ + " is from after a restore (epoch " +
                  std::to_string(newest) + "), and the data directory " + data_.directory +
                  " from before it (epoch " + std::to_string(owner_.epoch) +
                  "): serve the restored one, or name another directory with --copy.");
  }
  if (parts.bases.empty() || parts.bases.back().epoch != owner_.epoch) return Fit::kNeedsBase;
  const CopyPart& base = parts.bases.back();
  try {
    const auto end = find_end(base, place);
    if (!end.ok()) return end.error();
    if (end->beyond) return ahead(parts, accept_loss, "goes on behind " + named(place.position));
    if (end->place.position > place.position) {
      return ahead(parts, accept_loss, "ends at " + named(end->place.position));
    }
    if (end->place.position < place.position) return Fit::kNeedsBase;
    if (!same(end->place.head, place.head)) {
      return ahead(parts, accept_loss, "has another ledger at " + named(place.position));
    }
    base_bytes_ = base.bytes;
    bytes_since_base_ = end->bytes;
    whole_ = end->schema_fits;
    return whole_ ? Fit::kGoesOn : Fit::kNeedsBase;
  } catch (const SQLite::Exception&) {
    return Fit::kNeedsBase;  // a base that cannot be read is none
  }
}

// Takes away one record behind `place`: of the batch that was under way when the process ended
// between the copy and the commit, and of which nobody was told.
core::Result<CopyTarget::End> CopyTarget::find_end(const CopyPart& base, const Place& place) const {
  CopyReader reader(directory_, owner_.key, owner_.epoch, base.position);
  ChangeRecord record;
  End end{.place = {.position = base.position, .head = {}}};
  while (true) {
    const auto found = reader.next(record);
    if (!found.ok()) return found.error();
    if (*found != CopyReader::Found::kRecord) break;
    if (record.position == place.position + 1) {
      const std::string path = reader.path();
      const std::int64_t at = reader.last_at();
      const auto more = reader.next(record);
      if (!more.ok()) return more.error();
      end.beyond = *more == CopyReader::Found::kRecord;
      if (end.beyond) return end;
      if (::truncate(path.c_str(), at) != 0) {
        return refuse(path + " cannot be cut: " + std::strerror(errno));
      }
      if (auto error = sync_path(path)) return *error;
      break;
    }
    end.place = {.position = record.position, .head = record.after};
    end.schema_fits = record.schema == kSchemaVersion;
    end.bytes += static_cast<std::int64_t>(encode(record).size());
  }
  if (end.place.position == base.position) {
    const BaseFacts facts = look_at_base(base.path);
    end.place.head = facts.head;
    end.schema_fits = facts.schema == kSchemaVersion;
  }
  return end;
}

core::Result<CopyTarget::Fit> CopyTarget::ahead(const CopyParts& parts, bool accept_loss,
                                                const std::string& what) {
  if (!accept_loss) {
    return refuse("The copy in " + directory_ + " " + what + ", and the database " +
                  data_.database +
                  " does not: it is an older one, or went another way. Restore "
                  "the copy with `coupond restore " +
                  directory_ +
                  "`, name another directory with --copy, or set the copy aside with "
                  "--accept-loss.");
  }
  if (const auto aside = set_aside(parts); !aside.ok()) return aside.error();
  return Fit::kNeedsBase;
}

// Nothing of it is deleted, and nothing of it is in the way.
core::Result<core::Done> CopyTarget::set_aside(const CopyParts& parts) const {
  std::string to =
      directory_ + "/aside-" + core::to_rfc3339({core::system_clock_now().value / 1000 * 1000});
  if (::mkdir(to.c_str(), 0700) != 0 && errno != EEXIST) {
    return refuse("The directory " + to + " cannot be made: " + std::strerror(errno));
  }
  for (const auto* list : {&parts.bases, &parts.logs}) {
    for (const CopyPart& part : *list) {
      if (auto error = rename_file(part.path, to + part.path.substr(part.path.rfind('/')))) {
        return *error;
      }
    }
  }
  if (auto error = sync_path(directory_)) return *error;
  return core::Done{};
}

core::Result<core::Done> CopyTarget::ready_log(const ChangeRecord& first) {
  if (log_ && first.position == next_) return core::Done{};
  if (!log_) {
    const auto fit = open({.position = first.position - 1, .head = first.before});
    if (!fit.ok()) return fit.error();
    if (owner_.complete && *fit == Fit::kNeedsBase) {
      return refuse("The copy in " + directory_ + " lacks what was acknowledged");
    }
  } else {
    // Something was changed that no record tells of.
    whole_ = false;
    base_from_ = first.position - 1;
  }
  auto begun = ChangeLogFile::begin(log_path(directory_, owner_.epoch, first.position));
  if (!begun.ok()) return begun.error();
  log_.emplace(std::move(begun.value()));
  next_ = first.position;
  return core::Done{};
}

ChangeSink::Stored CopyTarget::append(std::span<const ChangeRecord> records) {
  using Stored = ChangeSink::Stored;
  for (std::size_t first = 0; first < records.size();) {
    if (const auto ready = ready_log(records[first]); !ready.ok()) {
      why_ = ready.error().message;
      return Stored::kNotOurs;
    }
    std::string bytes;
    std::size_t end = first;
    while (end < records.size() && records[end].position == next_) {
      bytes += sealed(records[end++], owner_.key);
      ++next_;
    }
    if (const auto written = log_->append(bytes); !written.ok()) {
      why_ = written.error().message;
      const bool certain = log_->cut().ok();
      log_.reset();
      return certain ? Stored::kNotOurs : Stored::kUnknown;
    }
    bytes_since_base_ += static_cast<std::int64_t>(bytes.size());
    first = end;
  }
  return Stored::kYes;
}

bool CopyTarget::take_back() {
  if (!log_) return true;
  const bool gone = log_->take_back().ok();
  log_.reset();  // the next record finds out where it stands
  return gone;
}

bool CopyTarget::wants_base() const {
  return !whole_ || bytes_since_base_ > std::max(owner_.changes_most, 2 * base_bytes_);
}

core::Result<CopyPart> CopyTarget::make_base() const {
  const std::string draft = directory_ + "/base.new";
  ::unlink(draft.c_str());
  // Not the owner's: whether the copy is whole is told by itself.
  const auto made = back_up(data_, draft, {.noted = false});
  if (!made.ok()) return made.error();
  CopyPart base{.path = {}, .epoch = owner_.epoch, .position = 0, .bytes = made->bytes};
  try {
    base.position =
        change_position(*std::make_unique<Connection>(draft, Connection::Access::kReadOnly));
  } catch (const SQLite::Exception& error) {
    return refuse(draft + " cannot be read: " + error.what());
  }
  base.path = base_path(directory_, base.epoch, base.position);
  if (auto error = rename_file(draft, base.path)) return *error;
  if (auto error = sync_path(directory_)) return *error;
  prune();
  return base;
}

void CopyTarget::base_made(const CopyPart& base) {
  whole_ = whole_ || base.position >= base_from_;
  base_bytes_ = base.bytes;
  bytes_since_base_ = 0;
}

// What cannot be deleted is in nobody's way.
void CopyTarget::prune() const {
  const auto parts = look_at_copy(directory_);
  if (!parts.ok() || parts->bases.size() <= kBasesKept) return;
  const CopyPart& oldest = parts->bases[parts->bases.size() - kBasesKept];
  const auto before = [](const CopyPart& a, const CopyPart& b) {
    return std::tie(a.epoch, a.position) < std::tie(b.epoch, b.position);
  };
  for (const CopyPart& base : parts->bases) {
    if (before(base, oldest)) ::unlink(base.path.c_str());
  }
  for (std::size_t i = 0; i + 1 < parts->logs.size(); ++i) {
    // All of it is in the base when the next log begins no later than behind that.
    const CopyPart& next = parts->logs[i + 1];
    const bool old =
        std::tie(next.epoch, next.position) <= std::make_tuple(oldest.epoch, oldest.position + 1);
    if (old) ::unlink(parts->logs[i].path.c_str());
  }
}

}  // namespace coupon::store
