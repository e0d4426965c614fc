#include "coupond/store/copy_dir.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string_view>
#include <tuple>

#include "coupond/store/data_dir.h"
#include "src/store/files.h"

namespace coupon::store {
namespace {

constexpr std::string_view kBase = "base-";
constexpr std::string_view kBaseEnd = ".backup";
constexpr std::string_view kLog = "changes-";
constexpr std::string_view kLogEnd = ".log";

bool take_number(std::string_view& text, std::int64_t& number) {
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || number < 0) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

// "base-1-17.backup"
std::optional<CopyPart> part_named(std::string_view name, std::string_view begin,
                                   std::string_view end) {
  if (!name.starts_with(begin) || !name.ends_with(end)) return std::nullopt;
  name.remove_prefix(begin.size());
  CopyPart part;
  if (!take_number(name, part.epoch) || !name.starts_with('-')) return std::nullopt;
  name.remove_prefix(1);
  if (!take_number(name, part.position) || name != end) return std::nullopt;
  return part;
}

std::string path_of(const std::string& directory, std::string_view begin, std::int64_t epoch,
                    std::int64_t position, std::string_view end) {
  std::string path = directory + "/";
  path.append(begin).append(std::to_string(epoch)).append("-");
  return path.append(std::to_string(position)).append(end);
}

void sort(std::vector<CopyPart>& parts) {
  std::sort(parts.begin(), parts.end(), [](const CopyPart& a, const CopyPart& b) {
    return std::tie(a.epoch, a.position) < std::tie(b.epoch, b.position);
  });
}

}  // namespace

std::string copy_note(const std::string& directory) { return directory + "/COPY"; }

std::string base_path(const std::string& directory, std::int64_t epoch, std::int64_t position) {
  return path_of(directory, kBase, epoch, position, kBaseEnd);
}

std::string log_path(const std::string& directory, std::int64_t epoch, std::int64_t position) {
  return path_of(directory, kLog, epoch, position, kLogEnd);
}

core::Result<CopyParts> look_at_copy(const std::string& directory) {
  namespace fs = std::filesystem;
  CopyParts parts;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    std::error_code none;
    const auto add = [&](std::optional<CopyPart> part, std::vector<CopyPart>& to) {
      if (!part) return;
      part->path = entry->path().string();
      part->bytes = static_cast<std::int64_t>(entry->file_size(none));
      if (!none) to.push_back(*std::move(part));
    };
    add(part_named(name, kBase, kBaseEnd), parts.bases);
    add(part_named(name, kLog, kLogEnd), parts.logs);
  }
  if (error) {
    return core::Error{.reason = core::Reason::kInternal,
                       .message = directory + " cannot be read: " + error.message()};
  }
  sort(parts.bases);
  sort(parts.logs);
  if (!exists(copy_note(directory))) return parts;
  const auto note = read_file(copy_note(directory));
  if (!note.ok()) return note.error();
  parts.instance = note->substr(0, note->find('\n'));
  return parts;
}

CopyReader::CopyReader(std::string directory, const ChangeKey& key, std::int64_t epoch,
                       std::int64_t position)
    : directory_(std::move(directory)), key_(key), epoch_(epoch), position_(position) {}

core::Result<std::optional<CopyPart>> CopyReader::find_log() {
  const auto parts = look_at_copy(directory_);
  if (!parts.ok()) return parts.error();
  std::optional<CopyPart> found;
  later_ones_ = false;
  for (const CopyPart& log : parts->logs) {
    if (log.epoch != epoch_) continue;
    if (log.position <= position_ + 1) found = log;
    later_ones_ = later_ones_ || (log.position > position_ + 1 && log.bytes > 0);
  }
  return found;
}

core::Result<CopyReader::Found> CopyReader::next(ChangeRecord& record) {
  using InLog = ChangeLogReader::Found;
  while (true) {
    InLog found = InLog::kEnd;
    if (log_) {
      last_at_ = log_->offset();
      auto read = log_->next(record);
      if (!read.ok()) return read.error();
      found = *read;
    }
    if (found == InLog::kRecord) {
      if (record.position <= position_) continue;  // the base holds it
      if (record.position != position_ + 1) return Found::kMissing;
      position_ = record.position;
      return Found::kRecord;
    }
    const auto part = find_log();
    if (!part.ok()) return part.error();
    // A log that was begun anew goes on where the one before was cut off.
    if (*part && (!log_ || (*part)->position > starts_at_)) {
      starts_at_ = (*part)->position;
      log_ = std::make_unique<ChangeLogReader>((*part)->path, key_);
      continue;
    }
    if (found == InLog::kDamaged) return Found::kDamaged;
    if (later_ones_) return found == InLog::kTorn ? Found::kDamaged : Found::kMissing;
    return found == InLog::kTorn ? Found::kTorn : Found::kEnd;
  }
}

}  // namespace coupon::store
