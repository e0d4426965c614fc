#include "coupond/store/upkeep_notes.h"

#include <unistd.h>

#include "coupond/core/flat_json.h"
#include "src/store/files.h"

namespace coupon::store {
namespace {

std::string backup_path(const DataPaths& paths) { return paths.directory + "/LAST-BACKUP"; }
std::string verify_path(const DataPaths& paths) { return paths.directory + "/LAST-VERIFY"; }

std::string key_path(const DataPaths& paths) { return paths.directory + "/KEY-KEPT"; }

// The whole of it or the one before: two at once write files of their own.
void write_note(const std::string& path, const std::string& text) {
  const std::string draft = path + "." + std::to_string(::getpid());
  ::unlink(draft.c_str());
  if (write_private_file(draft, text)) return;
  if (rename_file(draft, path)) ::unlink(draft.c_str());
}

std::optional<core::FlatJson> read_note(const std::string& path) {
  if (!exists(path)) return std::nullopt;
  const auto text = read_file(path);
  return text.ok() ? core::FlatJson::parse(*text) : std::nullopt;
}

}  // namespace

void note_backup(const DataPaths& paths, const BackupNote& note) {
  core::FlatJsonWriter json;
  json.add("at", note.at.value).add("seq", note.seq.value).add("bytes", note.bytes);
  json.add("with_key", std::int64_t{note.with_key});
  write_note(backup_path(paths), json.finish());
  if (note.with_key) note_key_kept(paths, {.at = note.at, .in_backup = true});
}

void note_key_kept(const DataPaths& paths, const KeyNote& note) {
  core::FlatJsonWriter json;
  json.add("at", note.at.value).add("in_backup", std::int64_t{note.in_backup});
  write_note(key_path(paths), json.finish());
}

void note_verify(const DataPaths& paths, const VerifyNote& note) {
  core::FlatJsonWriter json;
  json.add("at", note.at.value).add("entries", note.entries).add("divergence", note.divergence);
  write_note(verify_path(paths), json.finish());
}

std::optional<BackupNote> last_backup(const DataPaths& paths) {
  const auto json = read_note(backup_path(paths));
  if (!json || !json->number("at")) return std::nullopt;
  return BackupNote{.at = {*json->number("at")},
                    .seq = {json->number("seq").value_or(0)},
                    .bytes = json->number("bytes").value_or(0),
                    .with_key = json->number("with_key").value_or(0) != 0};
}

std::optional<VerifyNote> last_verify(const DataPaths& paths) {
  const auto json = read_note(verify_path(paths));
  if (!json || !json->number("at")) return std::nullopt;
  return VerifyNote{.at = {*json->number("at")},
                    .entries = json->number("entries").value_or(0),
                    .divergence = json->text("divergence").value_or("")};
}

std::optional<KeyNote> key_kept(const DataPaths& paths) {
  const auto json = read_note(key_path(paths));
  if (!json || !json->number("at")) return std::nullopt;
  return KeyNote{.at = {*json->number("at")},
                 .in_backup = json->number("in_backup").value_or(0) != 0};
}

}  // namespace coupon::store
