#include "coupond/store/restore.h"

#include <SQLiteCpp/Exception.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "coupond/core/signing.h"
#include "coupond/core/time_text.h"
#include "coupond/store/cluster_note.h"
#include "coupond/store/counter_table.h"
#include "coupond/store/database.h"
#include "coupond/store/inspect.h"
#include "coupond/store/writer.h"
#include "src/store/files.h"
#include "src/store/migrate.h"
#include "src/store/restore_switch.h"
#include "src/store/roll_forward.h"
#include "src/store/settle.h"

namespace coupon::store {
namespace {

using core::refuse;

constexpr char kPackedKey[] = "SELECT value FROM meta WHERE name = 'secret_key'";
constexpr char kForgetKey[] = "DELETE FROM meta WHERE name = 'secret_key'";
constexpr char kSetEpoch[] = "UPDATE meta SET value = ? WHERE name = 'restore_epoch'";
// Later than any epoch a session was made under: those only ever count up by one from the last
// time.
constexpr char kEndSessions[] = "UPDATE users SET token_epoch = max(token_epoch + 1, ?)";
constexpr char kEndRefreshTokens[] = "DELETE FROM refresh_tokens";
constexpr char kEndSetupLinks[] = "DELETE FROM setup_tokens";
constexpr char kEndHolds[] = "DELETE FROM holds";

// What becomes the database: a copy of the backup inside the directory, gone again when it fails.
struct Candidate {
  explicit Candidate(const DataPaths& where)
      : paths(where), database(candidate_database(where)), key(candidate_key(where)) {
    remove_candidate(paths);
  }
  ~Candidate() {
    if (!chosen) remove_candidate(paths);
  }
  Candidate(const Candidate&) = delete;
  Candidate& operator=(const Candidate&) = delete;

  const DataPaths& paths;
  const std::string database;
  const std::string key;
  DatabaseFacts facts;
  LedgerHead head;
  bool packed_key = false;  // its key came with it, and lies beside it
  bool chosen = false;      // it is for the switch now to say what becomes of it
};

// Our identity checks want a directory; a backup can have any name.
core::Result<core::Done> look_at(Candidate& candidate, const std::string& file) {
  DataPaths paths(directory_of(candidate.database));
  paths.database = candidate.database;
  const auto connection = open_for_reading(paths, Versions::kOlderToo);
  if (!connection.ok()) {
    return refuse("The file " + file +
                  " is not a backup of coupond, or is from a newer version. Name another file.");
  }
  try {
    candidate.facts = read_facts(**connection);
    candidate.head = last_entry(**connection);
    Query query(**connection, kPackedKey);
    if (!query.next()) return core::Done{};
    candidate.packed_key = true;
    if (auto error = write_private_file(candidate.key, query.text(0) + "\n")) return *error;
    return core::Done{};
  } catch (const SQLite::Exception& error) {
    return refuse("The backup " + file + " is damaged: " + error.what() + ". Use another one.");
  }
}

core::Result<core::Secrets> find_key(Candidate& candidate, const DataPaths& paths,
                                     const std::string& file, const std::string& key_file) {
  const std::string wanted = candidate.facts.key_id;
  if (!key_file.empty()) {
    ::unlink(candidate.key.c_str());
    if (auto error = copy_private_file(key_file, candidate.key)) return *error;
    candidate.packed_key = true;
  }
  if (!candidate.packed_key && !exists(paths.key)) {
    return refuse("The backup " + file + " needs its key (" + wanted +
                  "): put the secret.key that "
                  "was kept with it at " +
                  paths.key + ", or name it with --key, and repeat.");
  }
  auto secrets = core::Secrets::load(candidate.packed_key ? candidate.key : paths.key);
  if (!secrets.ok()) return secrets.error();
  if (secrets->key_id() == wanted) return secrets;
  return refuse("The key file " + (key_file.empty() ? paths.key : key_file) + " (key " +
                secrets->key_id() + ") is not the one of the backup " + file + " (key " + wanted +
                "). Restore into another directory, with the key that was kept with the backup.");
}

// What the directory's own database has that the backup lacks; nothing when it cannot be told: it
// is another database, or cannot be read.
struct Present {
  std::int64_t epoch = 0;
  std::optional<std::int64_t> lacks;
};
Present look_at_present(const DataPaths& paths, const Candidate& candidate) {
  Present present;
  try {
    const auto connection = open_for_reading(paths, Versions::kOlderToo);
    if (!connection.ok()) return present;
    const DatabaseFacts facts = read_facts(**connection);
    if (facts.instance != candidate.facts.instance) return present;
    present.epoch = facts.restore_epoch;
    // Common up to the backup's head, if that entry is the same in both.
    const auto same = ledger_row(**connection, candidate.head.seq);
    if (same && same->hash == candidate.head.hash) {
      present.lacks = last_entry(**connection).seq.value - candidate.head.seq.value;
    }
  } catch (const SQLite::Exception&) {
    // Damaged: a reason to restore.
  }
  return present;
}

// The restore itself is the first thing that happens to the restored database.
core::Result<core::Done> begin_epoch(Tx& tx, std::int64_t epoch) {
  tx.append({.operation = operation::kRestore, .actor = "cli", .units = epoch});
  Query(tx.db(), kSetEpoch, std::to_string(epoch)).run();
  Query(tx.db(), kForgetKey).run();
  Query(tx.db(), kEndSessions, tx.now()).run();
  Query(tx.db(), kEndRefreshTokens).run();
  Query(tx.db(), kEndSetupLinks).run();
  Query(tx.db(), kEndHolds).run();
  return core::Done{};
}

core::Result<core::Done> begin_epoch_in(const std::string& database, const core::Secrets& secrets,
                                        std::int64_t epoch, const core::Clock& clock) {
  try {
    { Connection(database, Connection::Access::kReadWrite).exec("PRAGMA journal_mode=WAL"); }
    CounterTable table;
    const auto signer = [&](std::string_view message) {
      return core::sign(secrets.checkpoint_key(), message);
    };
    Writer writer(database, signer, clock, table, {}, {});
    auto done = writer.run<core::Done>("restore", [&](Tx& tx) { return begin_epoch(tx, epoch); });
    writer.stop();
    return done;
  } catch (const SQLite::Exception& error) {
    return refuse("The database cannot be made ready in " + database + ": " + error.what() + ".");
  }
}

// What the backup is of, row for row: the key's place is beside it.
core::Result<core::Done> keep_as_it_is(const Candidate& candidate, const RestoreOptions& options) {
  try {
    Connection connection(candidate.database, Connection::Access::kReadWrite);
    Query(connection, kForgetKey).run();
  } catch (const SQLite::Exception& error) {
    return refuse("The database cannot be made ready in " + candidate.database + ": " +
                  error.what() + ".");
  }
  if (!options.as_member) return core::Done{};
  return note_member(candidate.paths, candidate.facts.restore_epoch);
}

// Everything the old database has comes into its one file, as far as that can still be done.
void settle(const DataPaths& paths) {
  try {
    Connection connection(paths.database, Connection::Access::kReadWrite);
    settle_log(connection);
  } catch (const SQLite::Exception&) {
    // Damaged: it is set aside as it is, its log beside it.
  }
}

// The key of the directory need not make place for itself.
bool has_key_already(const Candidate& candidate, const DataPaths& paths) {
  if (!exists(paths.key)) return false;
  const auto present = core::Secrets::load(paths.key);
  return present.ok() && present->key_id() == candidate.facts.key_id;
}

std::optional<core::Error> put_in_place(Candidate& candidate, const DataPaths& paths,
                                        const std::string& ending, const RestoreOptions& options,
                                        RestoreReport& report) {
  if (has_key_already(candidate, paths)) ::unlink(candidate.key.c_str());
  for (const char* part : {"-wal", "-shm"}) ::unlink((candidate.database + part).c_str());
  if (auto error = sync_path(candidate.database)) return error;
  if (exists(paths.database)) {
    settle(paths);
    report.set_aside = paths.database + ending;
  }
  if (exists(candidate.key) && exists(paths.key)) report.key_set_aside = paths.key + ending;
  candidate.chosen = true;
  return switch_to_candidate(paths, ending, options.step);
}

// ".before-2026-11-20T14:00:00Z", with a number where a restore in the same second has taken that.
std::string aside_ending(const DataPaths& paths, const core::Clock& clock) {
  const std::string when =
      ".before-" + core::to_rfc3339({clock().value / core::kMsPerSecond * core::kMsPerSecond});
  std::string ending = when;
  for (int i = 2; exists(paths.database + ending) || exists(paths.key + ending); ++i) {
    ending = when + "-" + std::to_string(i);
  }
  return ending;
}

// A backup that an older coupond made; it stays as it is itself.
core::Result<core::Done> bring_up_to_date(const Candidate& candidate, const core::Secrets& secrets,
                                          const std::string& file) {
  try {
    if (!is_older(
            *std::make_unique<Connection>(candidate.database, Connection::Access::kReadOnly))) {
      return core::Done{};
    }
    if (auto error = migrate(candidate.database, {.secrets = secrets, .keep_old = false})) {
      return *error;
    }
    return core::Done{};
  } catch (const SQLite::Exception& error) {
    return refuse("The backup " + file + " is damaged: " + error.what() + ". Use another one.");
  }
}

core::Result<core::Done> verify_candidate(const Candidate& candidate, const core::Secrets& secrets,
                                          const std::string& file,
                                          const ProgressFunction& progress) {
  const auto audit = verify_file(candidate.database, secrets, progress);
  if (!audit.ok()) return audit.error();
  if (audit->ok()) return core::Done{};
  return refuse("The backup " + file +
                " cannot be served, so nothing was restored: " + *audit->first_divergence);
}

bool is_directory(const std::string& path) {
  struct stat info = {};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

core::Result<core::Done> take_file(Candidate& candidate, const std::string& file) {
  remove_candidate(candidate.paths);
  if (auto error = copy_private_file(file, candidate.database)) return *error;
  return look_at(candidate, file);
}

// The newest base that is not from after the moment.
core::Result<core::Done> take_base(Candidate& candidate, const std::string& directory,
                                   const Until& until) {
  const auto bases = bases_in(directory);
  if (!bases.ok()) return bases.error();
  for (const CopyPart& base : *bases) {
    const auto taken = take_file(candidate, base.path);
    if (!taken.ok()) return taken.error();
    if (until.includes(candidate.head.seq, candidate.head.at)) return core::Done{};
  }
  return refuse("The copy in " + directory + " goes back to ledger entry " +
                std::to_string(candidate.head.seq.value) + " of " +
                core::to_rfc3339(candidate.head.at) + ": what was before that is no longer in it.");
}

core::Result<core::Done> take(Candidate& candidate, const std::string& file, const Until& until) {
  if (is_directory(file)) return take_base(candidate, file, until);
  if (until.seq || until.at) {
    return refuse("--until needs a copy's directory, and " + file +
                  " is one backup: it holds one moment only.");
  }
  return take_file(candidate, file);
}

core::Result<core::Done> play_back(Candidate& candidate, const core::Secrets& secrets,
                                   const std::string& file, const Until& until,
                                   RestoreReport& report) {
  if (!is_directory(file)) return core::Done{};
  auto rolled = roll_forward(candidate.database, file, secrets, until);
  if (!rolled.ok()) return rolled.error();
  candidate.head = rolled->head;
  report.until = rolled->at ? *rolled->at : candidate.head.at;
  report.notes = std::move(rolled->notes);
  return core::Done{};
}

// One that was cut off comes first: this one sets aside what that made.
core::Result<DataLock> own(const DataPaths& paths) {
  if (const auto made = make_data_dir(paths); !made.ok()) return made.error();
  auto lock = DataLock::take(paths);
  if (!lock.ok()) return lock.error();
  if (auto error = finish_restore(paths)) return *error;
  return lock;
}

}  // namespace

core::Result<RestoreReport> restore(const DataPaths& paths, const std::string& file,
                                    const RestoreOptions& options) {
  if (!exists(file)) {
    return refuse("There is no file " + file + ". Name a backup, or a copy's directory.");
  }
  const auto lock = own(paths);
  if (!lock.ok()) return lock.error();
  Candidate candidate(paths);
  RestoreReport report;
  if (const auto taken = take(candidate, file, options.until); !taken.ok()) return taken.error();
  const auto secrets = find_key(candidate, paths, file, options.key_file);
  if (!secrets.ok()) return secrets.error();
  const auto played = play_back(candidate, *secrets, file, options.until, report);
  if (!played.ok()) return played.error();
  const auto updated = bring_up_to_date(candidate, *secrets, file);
  if (!updated.ok()) return updated.error();
  const auto good = verify_candidate(candidate, *secrets, file, options.checking);
  if (!good.ok()) return good.error();
  const Present present = look_at_present(paths, candidate);
  report.seq = candidate.head.seq;
  report.lacks = present.lacks;
  report.key_from_backup = candidate.packed_key;
  const bool keep = options.keep_epoch || options.as_member;
  report.epoch = keep ? candidate.facts.restore_epoch
                      : std::max(present.epoch, candidate.facts.restore_epoch) + 1;
  const auto ready =
      keep ? keep_as_it_is(candidate, options)
           : begin_epoch_in(candidate.database, *secrets, report.epoch, options.clock);
  if (!ready.ok()) return ready.error();
  const std::string ending = aside_ending(paths, options.clock);
  if (auto error = put_in_place(candidate, paths, ending, options, report)) return *error;
  return report;
}

core::Result<core::Done> begin_epoch(const DataPaths& paths, const core::Secrets& secrets,
                                     std::int64_t epoch, const core::Clock& clock) {
  return begin_epoch_in(paths.database, secrets, epoch, clock);
}

}  // namespace coupon::store
