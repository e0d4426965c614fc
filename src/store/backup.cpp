#include "coupond/store/backup.h"

#include <SQLiteCpp/Exception.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

#include "coupond/core/clock.h"
#include "coupond/core/codes.h"
#include "coupond/core/descriptor.h"
#include "coupond/store/database.h"
#include "coupond/store/inspect.h"
#include "coupond/store/upkeep_notes.h"
#include "src/store/files.h"
#include "src/store/snapshot.h"

namespace coupon::store {
namespace {

using core::refuse;

// Pages between two looks at the progress: about 4 MB.
constexpr int kStepPages = 1000;

constexpr char kPackKey[] = "INSERT INTO meta (name, value) VALUES ('secret_key', ?)";

core::Error sqlite_error(const std::string& path, const SQLite::Exception& error) {
  return refuse("The database " + path + " cannot be copied or read: " + error.what() + ".");
}

constexpr std::string_view kDraftEnding = ".partial";

void remove_draft(const std::string& path) {
  for (const char* ending : kDraftEndings) ::unlink((path + ending).c_str());
}

// Gone at the end of the scope, unless it was given its final name. Locked as long as it is being
// made, which tells it from one that was left.
class Draft {
 public:
  explicit Draft(std::string path) : path_(std::move(path)) { remove_draft(path_); }
  ~Draft() { remove_draft(path_); }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  const std::string& path() const { return path_; }

  std::optional<core::Error> make() {
    if (auto error = make_private_file(path_)) return error;
    locked_ = core::Descriptor(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    if (locked_.is_open()) ::flock(locked_.fd(), LOCK_EX | LOCK_NB);
    return std::nullopt;
  }

 private:
  const std::string path_;
  core::Descriptor locked_;
};

// Whether a file is the draft of a backup of ours that nobody works at: one that was cut off while
// its pages were copied has a journal beside it, one that was cut off later says what it is.
bool is_left_draft(const std::string& path) {
  const core::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file.is_open()) return false;
  std::array<char, 72> head{};
  const ssize_t size = ::pread(file.fd(), head.data(), head.size(), 0);
  if (::flock(file.fd(), LOCK_EX | LOCK_NB) != 0) return false;
  if (exists(path + "-journal")) return true;
  std::string id;
  for (int shift = 24; shift >= 0; shift -= 8) id += static_cast<char>(kApplicationId >> shift);
  constexpr std::size_t kIdAt = 68;
  const std::string_view text(head.data(), size < 0 ? 0 : static_cast<std::size_t>(size));
  return text.starts_with("SQLite format 3") && text.size() == head.size() &&
         text.substr(kIdAt) == id;
}

// What interrupted backups left beside the new one, under other names: copies of the shop, perhaps
// with its key.
void remove_left_drafts(const std::string& file, const BackupOptions& options) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory_of(file), error)) {
    const std::string path = entry.path().string();
    if (!path.ends_with(kDraftEnding) || !is_left_draft(path)) continue;
    remove_draft(path);
    options.notice("removed " + path + ", which an interrupted backup had left");
  }
}

// Page by page, out of one snapshot: the server beside us goes on writing into its log.
void copy_pages(Connection& from, Connection& to, const ProgressFunction& progress) {
  const Snapshot snapshot(from);
  last_entry(from);  // takes the snapshot: BEGIN alone does not
  sqlite3_backup* copy = sqlite3_backup_init(to.handle(), "main", from.handle(), "main");
  if (copy == nullptr) throw SQLite::Exception(to.handle());
  int step = SQLITE_OK;
  const auto finish = [&] { return sqlite3_backup_finish(std::exchange(copy, nullptr)); };
  try {
    while (step == SQLITE_OK) {
      step = sqlite3_backup_step(copy, kStepPages);
      const std::int64_t total = sqlite3_backup_pagecount(copy);
      if (progress) progress(total - sqlite3_backup_remaining(copy), total);
    }
  } catch (...) {
    finish();
    throw;
  }
  const int end = finish();
  if (end != SQLITE_OK) throw SQLite::Exception(to.handle(), end);
}

// One file without a log beside it, so that it can be carried around.
void finish_copy(Connection& copy) {
  copy.exec("PRAGMA journal_mode = DELETE");
  copy.exec("PRAGMA synchronous = FULL");
}

// The last thing before the copy gets its name, so that what an interrupted backup leaves has none.
std::optional<core::Error> pack_key(const std::string& draft, const std::string& key) {
  try {
    Connection copy(draft, Connection::Access::kReadWrite);
    copy.exec("PRAGMA synchronous = FULL");
    Query(copy, kPackKey, key).run();
    return std::nullopt;
  } catch (const SQLite::Exception& error) {
    return sqlite_error(draft, error);
  }
}

core::Result<core::Seq> copy_database(const DataPaths& paths, Draft& draft,
                                      const BackupOptions& options) {
  const auto source = open_for_reading(paths);
  if (!source.ok()) return source.error();
  if (auto error = draft.make()) return *error;
  try {
    Connection copy(draft.path(), Connection::Access::kReadWrite);
    copy_pages(**source, copy, options.copying);
    finish_copy(copy);
    return last_entry(copy).seq;
  } catch (const SQLite::Exception& error) {
    return sqlite_error(paths.database, error);
  }
}

core::Result<std::optional<std::string>> key_to_pack(const DataPaths& paths, bool wanted) {
  if (!wanted) return std::optional<std::string>();
  auto text = read_file(paths.key);
  if (!text.ok()) return text.error();
  while (text->ends_with('\n')) text->pop_back();
  return std::optional(*text);
}

std::int64_t size_of(const std::string& path) {
  struct stat info = {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_size : 0;
}

}  // namespace

std::string draft_of(const std::string& file) { return file + std::string(kDraftEnding); }

core::Result<AuditReport> verify_file(const std::string& database, const core::Secrets& secrets,
                                      const ProgressFunction& progress) {
  const core::CodeVault vault(secrets);
  AuditOptions options = audit_options(secrets);
  options.vault = &vault;
  options.progress = progress;
  try {
    Connection connection(database, Connection::Access::kReadOnly);
    return verify(connection, options);
  } catch (const SQLite::Exception& error) {
    return sqlite_error(database, error);
  }
}

core::Result<BackupReport> back_up(const DataPaths& paths, const std::string& file,
                                   const BackupOptions& options) {
  if (exists(file)) return refuse("There is a file " + file + " already. Name another one.");
  if (!exists(paths.database)) {
    return refuse("There is no database in " + paths.directory +
                  ". Name the directory with --data.");
  }
  const auto secrets = core::Secrets::load(paths.key);
  if (!secrets.ok()) return secrets.error();
  const auto key = key_to_pack(paths, options.with_key);
  if (!key.ok()) return key.error();
  remove_left_drafts(file, options);
  Draft draft(draft_of(file));
  const auto seq = copy_database(paths, draft, options);
  if (!seq.ok()) return seq.error();
  auto audit = verify_file(draft.path(), *secrets, options.checking);
  if (!audit.ok()) return audit.error();
  if (!audit->ok()) {
    return refuse("The database " + paths.database +
                  " cannot be served, so no backup was made: " + *audit->first_divergence);
  }
  if (*key) {
    if (auto error = pack_key(draft.path(), **key)) return *error;
  }
  if (auto error = sync_path(draft.path())) return *error;
  if (auto error = rename_file(draft.path(), file)) return *error;
  if (auto error = sync_path(directory_of(file))) return *error;
  const BackupReport report{.seq = *seq, .bytes = size_of(file), .audit = std::move(*audit)};
  if (options.noted) {
    note_backup(paths, {.at = core::system_clock_now(),
                        .seq = report.seq,
                        .bytes = report.bytes,
                        .with_key = options.with_key});
  }
  return report;
}

}  // namespace coupon::store
